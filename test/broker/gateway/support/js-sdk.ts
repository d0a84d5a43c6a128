import { OTLPLogExporter as LogsGrpc } from '@opentelemetry/exporter-logs-otlp-grpc'
import { OTLPLogExporter as LogsJson } from '@opentelemetry/exporter-logs-otlp-http'
import { OTLPLogExporter as LogsProto } from '@opentelemetry/exporter-logs-otlp-proto'
import { OTLPMetricExporter as MetricsGrpc } from '@opentelemetry/exporter-metrics-otlp-grpc'
import { OTLPMetricExporter as MetricsJson } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPMetricExporter as MetricsProto } from '@opentelemetry/exporter-metrics-otlp-proto'
import { OTLPTraceExporter as TracesGrpc } from '@opentelemetry/exporter-trace-otlp-grpc'
import { OTLPTraceExporter as TracesJson } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as TracesProto } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { SECRET, SECRET_KEY } from './tally.ts'

export type Protocol = 'protobuf' | 'json' | 'grpc'

const EXPORTERS = {
  protobuf: [TracesProto, MetricsProto, LogsProto],
  json: [TracesJson, MetricsJson, LogsJson],
  grpc: [TracesGrpc, MetricsGrpc, LogsGrpc],
} as const

/** Sends `count` spans, points and records by OpenTelemetry's own SDK, and waits until it has delivered all. */
export async function sendByJsSdk(
  to: { readonly httpPort: number; readonly grpcPort: number },
  protocol: Protocol,
  compression: 'none' | 'gzip',
  count: number,
): Promise<void> {
  const [Traces, Metrics, Logs] = EXPORTERS[protocol]
  const optionsOf = (path: string) => {
    const url =
      protocol === 'grpc' ? `http://127.0.0.1:${to.grpcPort}` : `http://127.0.0.1:${to.httpPort}${path}`
    return { url, compression } as ConstructorParameters<typeof TracesJson>[0] & object
  }
  const resource = resourceFromAttributes({ 'service.name': 'js', [SECRET_KEY]: SECRET })
  const attributes = { [SECRET_KEY]: SECRET }
  const batches = { maxExportBatchSize: Math.ceil(count / 5), maxQueueSize: count }

  const tracers = new BasicTracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor(new Traces(optionsOf('/v1/traces')), batches)],
  })
  const tracer = tracers.getTracer('interop')
  for (let i = 0; i < count; i++) tracer.startSpan(`record-${i}`, { attributes }).end()
  await tracers.forceFlush()
  await tracers.shutdown()

  const exporter = new Metrics(optionsOf('/v1/metrics'))
  const meters = new MeterProvider({
    resource,
    readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })],
  })
  const meter = meters.getMeter('interop')
  const numbered = (i: number) => ({ ...attributes, number: `record-${i}` })
  // A third each of sums, histograms and gauges.
  const counter = meter.createCounter('counter')
  const histogram = meter.createHistogram('histogram')
  const gauge = meter.createGauge('gauge')
  for (let i = 0; i < count; i++) {
    if (i % 3 === 0) counter.add(1, numbered(i))
    else if (i % 3 === 1) histogram.record(i, numbered(i))
    else gauge.record(i + 0.5, numbered(i))
  }
  // Its shutdown exports once more, whatever was flushed before.
  await meters.shutdown()

  const loggers = new LoggerProvider({
    resource,
    processors: [new BatchLogRecordProcessor(new Logs(optionsOf('/v1/logs')), batches)],
  })
  const logger = loggers.getLogger('interop')
  for (let i = 0; i < count; i++) logger.emit({ body: `record-${i}`, attributes })
  await loggers.forceFlush()
  await loggers.shutdown()
}
