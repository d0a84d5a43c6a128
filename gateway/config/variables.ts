import { z } from 'zod'

/** Environment variables say everything as text; these turn it into values. */
const text = z.string().trim()
const flag = text.transform((value, context) => {
  const lower = value.toLowerCase()
  if (['true', '1', 'on', 'yes'].includes(lower)) return true
  if (['false', '0', 'off', 'no'].includes(lower)) return false
  context.addIssue({ code: 'custom', message: 'expected true or false' })
  return z.NEVER
})
const whole = (min: number, max: number) =>
  text.transform((value, context) => {
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN
    if (number >= min && number <= max) return number
    context.addIssue({ code: 'custom', message: `expected a whole number from ${min} to ${max}` })
    return z.NEVER
  })
const port = whole(0, 65_535)
const milliseconds = whole(0, 3_600_000)
const url = text.transform((value, context) => {
  const parsed = URL.parse(value)
  if (parsed !== null && ['http:', 'https:', 'grpc:', 'grpcs:'].includes(parsed.protocol)) return parsed
  context.addIssue({ code: 'custom', message: 'expected a URL with http, https, grpc or grpcs' })
  return z.NEVER
})
const oneOf = <const Names extends readonly [string, ...string[]]>(names: Names) =>
  text.toLowerCase().pipe(z.enum(names))
const headers = text.transform((value, context) => {
  const pairs: Record<string, string> = {}
  for (const part of value.split(',').filter((each) => each.trim() !== '')) {
    const at = part.indexOf('=')
    const name = part.slice(0, Math.max(at, 0)).trim()
    const held = part.slice(at + 1).trim()
    if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name) || /[\r\n]/.test(held)) {
      context.addIssue({ code: 'custom', message: 'expected name=value pairs separated by commas' })
      return z.NEVER
    }
    pairs[name.toLowerCase()] = held
  }
  return pairs
})

export interface Variable<Value> {
  readonly schema: z.ZodType<Value>
  /** As it would stand in the environment; null: unset means null. */
  readonly default: string | null
  readonly about: string
  /** Printed as `(set)`. */
  readonly secret?: true
}

const variable = <Value>(
  schema: z.ZodType<Value>,
  fallback: string,
  about: string,
): Variable<Value> & { readonly default: string } => ({ schema, default: fallback, about })
const optional = <Value>(
  schema: z.ZodType<Value>,
  about: string,
): Variable<Value> & { readonly default: null } => ({
  schema,
  default: null,
  about,
})

/** Every variable the gateway reads. Limits hold for each process; `--print-config` prints this table with the values. */
export const VARIABLES = {
  GATEWAY_BIND_ADDRESS: variable(
    text.min(1),
    '127.0.0.1',
    'address of all listeners; 0.0.0.0 opens them to the network',
  ),
  GATEWAY_HTTP_PORT: variable(port, '4318', 'OTLP/HTTP; 0 takes a free one'),
  GATEWAY_GRPC_PORT: variable(port, '4317', 'OTLP/gRPC; 0 takes a free one'),
  GATEWAY_GRPC_ENABLED: variable(flag, 'true', 'whether OTLP/gRPC is served'),
  GATEWAY_PROCESSES: variable(whole(1, 64), '1', 'processes that share the ports'),
  GATEWAY_MAX_BODY_BYTES: variable(whole(1, 1 << 30), '16777216', 'largest request, as sent and unpacked'),
  GATEWAY_MAX_CONNECTIONS: variable(
    whole(1, 1_000_000),
    '10000',
    'open connections; more are closed at once',
  ),
  GATEWAY_IDLE_TIMEOUT_MS: variable(milliseconds, '60000', 'silence after which a connection is closed'),
  GATEWAY_SHUTDOWN_TIMEOUT_MS: variable(milliseconds, '10000', 'time to export what is queued when stopping'),

  OTLP_UPSTREAM_TRACES_URL: variable(
    url,
    'http://127.0.0.1:14328/v1/traces',
    'upstream of traces; grpc:// for gRPC',
  ),
  OTLP_UPSTREAM_METRICS_URL: variable(url, 'http://127.0.0.1:14328/v1/metrics', 'upstream of metrics'),
  OTLP_UPSTREAM_LOGS_URL: variable(url, 'http://127.0.0.1:14328/v1/logs', 'upstream of logs'),
  OTLP_UPSTREAM_HEADERS: { ...variable(headers, '', 'headers of every export: name=value,…'), secret: true },
  OTLP_UPSTREAM_COMPRESSION: variable(oneOf(['none', 'gzip']), 'none', 'compression of exports'),
  OTLP_UPSTREAM_CONNECT_TIMEOUT_MS: variable(milliseconds, '5000', 'time to connect'),
  OTLP_UPSTREAM_TIMEOUT_MS: variable(milliseconds, '10000', 'time for an answer'),
  GATEWAY_EXPORTER_POOL_SIZE: variable(whole(1, 10_000), '64', 'connections per upstream'),
  GATEWAY_EXPORT_BATCH_REQUESTS: variable(
    whole(1, 10_000),
    '16',
    'most requests joined into one export; 1 joins none',
  ),
  GATEWAY_EXPORT_BATCH_BYTES: variable(whole(1, 1 << 30), '4194304', 'most bytes joined into one export'),
  GATEWAY_RETRY_INITIAL_MS: variable(milliseconds, '200', 'first delay before another try'),
  GATEWAY_RETRY_MAX_DELAY_MS: variable(milliseconds, '5000', 'longest delay between tries'),
  GATEWAY_RETRY_MAX_ELAPSED_MS: variable(milliseconds, '60000', 'time after which an export has failed'),

  GATEWAY_QUEUE_ENABLED: variable(flag, 'true', 'answer once queued; false: answer what the upstream says'),
  GATEWAY_QUEUE_CAPACITY: variable(whole(1, 10_000_000), '65536', 'requests in the queue'),
  GATEWAY_QUEUE_SHARDS: variable(whole(1, 1024), '16', 'parts of the queue'),
  GATEWAY_QUEUE_WORKERS: variable(whole(1, 1024), '16', 'exports under way at once'),
  GATEWAY_BACKPRESSURE_LOW: optional(
    whole(1, 10_000_000),
    'depth at which waiting requests go in again (half of the capacity)',
  ),
  GATEWAY_BACKPRESSURE_HIGH: optional(
    whole(1, 10_000_000),
    'depth from which requests wait (three quarters)',
  ),
  GATEWAY_BACKPRESSURE_CRITICAL: optional(
    whole(1, 10_000_000),
    'depth from which requests are refused (nine tenths)',
  ),
  GATEWAY_BACKPRESSURE_MAX_QUEUE_WAIT_MS: variable(milliseconds, '500', 'longest wait for room before 429'),
  GATEWAY_MAX_INFLIGHT: variable(whole(1, 1_000_000), '8192', 'requests not yet answered'),
  GATEWAY_RETRY_AFTER_MS: variable(milliseconds, '1000', 'what a refused sender is told to wait'),
  GATEWAY_SLAB_SIZE_BYTES: variable(
    whole(1024, 2 ** 40),
    '268435456',
    'budget for the bytes of requests inside',
  ),
  GATEWAY_SLAB_REGIONS: variable(whole(1, 1024), '8', 'equal shares of the slab; a power of two'),

  GATEWAY_MASKING_ENABLED: variable(flag, 'true', 'whether rules are applied'),
  GATEWAY_MASKING_RULES: variable(text, '', 'id|SIGNAL|ACTION|path|replacement|priority|onError|enabled;…'),
  GATEWAY_MASKING_RULES_FILE: optional(text.min(1), 'the same as YAML'),
  GATEWAY_MASKING_SIMD: variable(
    oneOf(['on', 'off', 'auto']),
    'on',
    'fast scanner: native search before the walk',
  ),
  GATEWAY_MASKING_MAX_OPS_PER_PACKET: variable(
    whole(1, 10_000_000),
    '128',
    'changes to one request; past it onError decides',
  ),
  GATEWAY_MASKING_HASH_KEY: {
    ...optional(text.min(1), 'key of HASH (HMAC-SHA-256); without it plain SHA-256'),
    secret: true,
  },
  GATEWAY_ENABLE_REFRAME: variable(flag, 'true', 'whether rules may change lengths'),

  GATEWAY_METRICS_ENABLED: variable(flag, 'true', 'whether metrics are served'),
  GATEWAY_METRICS_HTTP_ENABLED: variable(flag, 'true', 'the same, for the HTTP endpoint alone'),
  GATEWAY_METRICS_HTTP_PORT: variable(
    port,
    '9464',
    'port of metrics, /health and /ready; 0 takes a free one',
  ),
  GATEWAY_METRICS_HTTP_PATH: variable(
    text.regex(/^\/[!-~]*$/, 'expected a path that begins with /'),
    '/metrics',
    'path of the metrics',
  ),
} as const

export type VariableName = keyof typeof VARIABLES
