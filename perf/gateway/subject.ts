import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { startChild } from './child.ts'
import { childrenOf } from './proc.ts'

/** A gateway under test: ours or the collector. */
export interface Subject {
  readonly httpUrl: string
  readonly grpcUrl: string
  /** Null: it has no metrics of its own here. */
  readonly metricsUrl: string | null
  /** The processes that serve requests. */
  readonly pids: readonly number[]
  stop(): Promise<void>
}

export interface SubjectOptions {
  /** What the values of `tenant_id` become. */
  readonly mask: string
  readonly sinkPort: number
  readonly processors: string | null
}

const GATEWAY = resolve(import.meta.dir, '../../gateway/main.ts')
/** As the collector's queue: a thousand requests, the sender waits for room. */
const QUEUE_REQUESTS = 1000
const READY_LIMIT_MS = 30_000

/** Our gateway with one rule, one export for each request, and everything else as it comes. */
export async function startGateway(
  options: SubjectOptions & {
    readonly processes?: number
    readonly env?: Readonly<Record<string, string>>
    readonly runtime?: readonly string[]
  },
): Promise<Subject> {
  const processes = options.processes ?? 1
  const upstream = `http://127.0.0.1:${options.sinkPort}/v1`
  const child = await startChild([process.execPath, ...(options.runtime ?? []), GATEWAY], {
    processors: options.processors,
    waits: true,
    env: {
      GATEWAY_HTTP_PORT: '0',
      GATEWAY_GRPC_PORT: '0',
      GATEWAY_METRICS_HTTP_PORT: '0',
      GATEWAY_PROCESSES: String(processes),
      GATEWAY_EXPORT_BATCH_REQUESTS: '1',
      GATEWAY_QUEUE_CAPACITY: String(QUEUE_REQUESTS),
      GATEWAY_BACKPRESSURE_MAX_QUEUE_WAIT_MS: '10000',
      GATEWAY_MASKING_RULES: `mask|TRACES|REDACT_MASK|scopeSpans[*].spans[*].attributes.tenant_id|${options.mask}|1|fail|true`,
      OTLP_UPSTREAM_TRACES_URL: `${upstream}/traces`,
      OTLP_UPSTREAM_METRICS_URL: `${upstream}/metrics`,
      OTLP_UPSTREAM_LOGS_URL: `${upstream}/logs`,
      ...options.env,
    },
  })
  const { httpPort, grpcPort, metricsPort } = JSON.parse(child.firstLine)
  return {
    httpUrl: `http://127.0.0.1:${httpPort}/v1/traces`,
    grpcUrl: `http://127.0.0.1:${grpcPort}`,
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
    pids: processes === 1 ? [child.pid] : childrenOf(child.pid),
    stop: child.stop,
  }
}

/** The collector doing the same: the attributes processor, one export for each request, a queue that makes senders wait. */
export async function startCollector(program: string, options: SubjectOptions): Promise<Subject> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-collector-'))
  const [httpPort, grpcPort] = freePorts(2)
  const file = join(folder, 'collector.yaml')
  writeFileSync(file, collectorConfig(options, httpPort!, grpcPort!))
  const child = await startChild([program, '--config', file], {
    processors: options.processors,
    waits: false,
    env: { GOMAXPROCS: '1' },
  })
  const stop = async () => {
    await child.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  const url = `http://127.0.0.1:${httpPort}/v1/traces`
  try {
    await answers(url)
  } catch (error) {
    await stop()
    throw error
  }
  return { httpUrl: url, grpcUrl: `http://127.0.0.1:${grpcPort}`, metricsUrl: null, pids: [child.pid], stop }
}

function collectorConfig(options: SubjectOptions, httpPort: number, grpcPort: number): string {
  return `receivers:
  otlp:
    protocols:
      http: { endpoint: 127.0.0.1:${httpPort} }
      grpc: { endpoint: 127.0.0.1:${grpcPort} }
processors:
  attributes:
    actions: [{ key: tenant_id, action: update, value: "${options.mask}" }]
exporters:
  otlphttp:
    endpoint: http://127.0.0.1:${options.sinkPort}
    compression: none
    tls: { insecure: true }
    max_idle_conns_per_host: 32
    sending_queue: { queue_size: ${QUEUE_REQUESTS}, num_consumers: 10, block_on_overflow: true }
service:
  telemetry: { metrics: { level: none }, logs: { level: warn } }
  pipelines:
    traces: { receivers: [otlp], processors: [attributes], exporters: [otlphttp] }
`
}

/** Ports nobody listens on now. */
function freePorts(count: number): number[] {
  const listeners = Array.from({ length: count }, () =>
    Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } }),
  )
  const ports = listeners.map((listener) => listener.port)
  for (const listener of listeners) listener.stop(true)
  return ports
}

async function answers(url: string): Promise<void> {
  const endMs = Date.now() + READY_LIMIT_MS
  for (;;) {
    try {
      await fetch(url)
      return
    } catch (error) {
      if (Date.now() > endMs) throw error
      await Bun.sleep(50)
    }
  }
}
