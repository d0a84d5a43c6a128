/** The three signals of OTLP. */
export type Signal = 'traces' | 'metrics' | 'logs'

export const SIGNALS: readonly Signal[] = ['traces', 'metrics', 'logs']

/** Where OTLP/HTTP servers take each signal (OTLP specification 1.x, "OTLP/HTTP request"). */
export const HTTP_PATHS: Readonly<Record<Signal, string>> = {
  traces: '/v1/traces',
  metrics: '/v1/metrics',
  logs: '/v1/logs',
}

/** The unary gRPC method of each signal's collector service (opentelemetry-proto, `collector/SIGNAL/v1`). */
export const GRPC_METHODS: Readonly<Record<Signal, string>> = {
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
}
