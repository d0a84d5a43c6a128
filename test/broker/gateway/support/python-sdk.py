"""Sends COUNT spans, data points and log records by OpenTelemetry's SDK; status 1 when one export fails.

Arguments: http|grpc none|gzip ENDPOINT COUNT SECRET_KEY SECRET
"""

import logging
import sys

from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

protocol, compression, endpoint, count, secret_key, secret = sys.argv[1:]
count = int(count)
attributes = {secret_key: secret}
resource = Resource.create({"service.name": "python", **attributes})
batches = {"max_export_batch_size": max(1, count // 5), "max_queue_size": count * 2}

if protocol == "grpc":
    from grpc import Compression
    from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

    options = {
        "insecure": True,
        "compression": Compression.Gzip if compression == "gzip" else Compression.NoCompression,
    }
    urls = dict.fromkeys(("traces", "metrics", "logs"), endpoint)
else:
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    options = {"compression": Compression.Gzip if compression == "gzip" else Compression.NoCompression}
    urls = {signal: f"{endpoint}/v1/{signal}" for signal in ("traces", "metrics", "logs")}

# Exporters log what they lose and raise nothing.
failures = []
handler = logging.Handler()
handler.emit = lambda record: failures.append(record.getMessage())
handler.setLevel(logging.WARNING)
logging.getLogger("opentelemetry").addHandler(handler)

tracers = TracerProvider(resource=resource)
tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=urls["traces"], **options), **batches))
tracer = tracers.get_tracer("interop")
for i in range(count):
    tracer.start_span(f"record-{i}", attributes=attributes).end()
tracers.force_flush()
tracers.shutdown()

reader = PeriodicExportingMetricReader(
    OTLPMetricExporter(endpoint=urls["metrics"], **options), export_interval_millis=3_600_000
)
meters = MeterProvider(resource=resource, metric_readers=[reader])
meter = meters.get_meter("interop")
counter, histogram = meter.create_counter("counter"), meter.create_histogram("histogram")
for i in range(count):
    numbered = {**attributes, "number": f"record-{i}"}
    if i % 2 == 0:
        counter.add(1, numbered)
    else:
        histogram.record(i, numbered)
# Its shutdown exports once more, whatever was flushed before.
meters.shutdown()

loggers = LoggerProvider(resource=resource)
loggers.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(endpoint=urls["logs"], **options), **batches))
logger = loggers.get_logger("interop")
for i in range(count):
    logger.emit(body=f"record-{i}", attributes=attributes)
loggers.force_flush()
loggers.shutdown()

if failures:
    sys.exit("\n".join(failures))
