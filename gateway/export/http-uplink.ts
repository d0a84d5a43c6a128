import type { Clock } from '../../src/clock/clock.ts'
import {
  ConnectionLost,
  type HttpConnection,
  type HttpTimeouts,
  openConnection,
} from '../../src/otlp/http/connection.ts'
import { createPool } from '../../src/otlp/http/pool.ts'
import type { HttpResponse } from '../../src/otlp/http/response.ts'
import { RETRYABLE_STATUS, retryAfterMs } from '../../src/otlp/http/retry-after.ts'
import type { PartialSuccess } from '../../src/otlp/response.ts'
import { HTTP_PATHS, type Signal } from '../../src/otlp/signal.ts'
import type { ExportOutcome, Uplink } from '../contracts.ts'

export interface HttpUplinkOptions {
  /** Where requests of this signal go; without a path, OTLP's own is taken. */
  readonly url: URL
  readonly signal: Signal
  readonly connections: number
  readonly timeouts: HttpTimeouts
  /** Sent with every request, e.g. credentials of the upstream; never logged. */
  readonly headers: Readonly<Record<string, string>>
  readonly compression: 'none' | 'gzip'
  readonly clock: Clock
  /** Reads the body of a successful answer that is not empty (partial success). */
  readonly onAnswer?: (body: Uint8Array) => PartialSuccess | null
}

const EXPORTED: ExportOutcome = { kind: 'exported' }

/** OTLP/HTTP with protobuf bodies over a pool of keep-alive connections. */
export function createHttpUplink(options: HttpUplinkOptions): Uplink {
  const head = requestHead(options)
  const endpoint = {
    hostname: options.url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(options.url.port || (options.url.protocol === 'https:' ? 443 : 80)),
    tls: options.url.protocol === 'https:',
  }
  const pool = createPool<HttpConnection>({
    maxConnections: options.connections,
    open: () => openConnection(endpoint, options.timeouts, options.clock),
    isUsable: (connection) => connection.isOpen(),
    destroy: (connection) => connection.close(),
  })

  return {
    async send(_signal, bodies) {
      try {
        const lent = pool.acquire()
        const connection = lent instanceof Promise ? await lent : lent
        try {
          const sent = options.compression === 'gzip' ? [Bun.gzipSync(joined(bodies))] : bodies
          const response = await connection.request(`${head}${sizeOf(sent)}\r\n\r\n`, sent)
          return outcomeOf(response, options.onAnswer)
        } finally {
          pool.release(connection)
        }
      } catch (error) {
        if (error instanceof ConnectionLost)
          return { kind: 'retryable', detail: error.message, retryAfterMs: null }
        return { kind: 'permanent', detail: (error as Error).message }
      }
    },
    close() {
      pool.close()
      return Promise.resolve()
    },
  }
}

function requestHead(options: HttpUplinkOptions): string {
  const path = options.url.pathname === '/' ? HTTP_PATHS[options.signal] : options.url.pathname
  const lines = [
    `POST ${path}${options.url.search} HTTP/1.1`,
    `Host: ${options.url.host}`,
    'Content-Type: application/x-protobuf',
    'User-Agent: bench-gateway',
    ...(options.compression === 'gzip' ? ['Content-Encoding: gzip'] : []),
    ...Object.entries(options.headers).map(([name, value]) => `${name}: ${value}`),
  ]
  return `${lines.join('\r\n')}\r\nContent-Length: `
}

function sizeOf(bodies: readonly Uint8Array[]): number {
  let size = 0
  for (const body of bodies) size += body.length
  return size
}

function joined(bodies: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Buffer.concat(bodies) as Uint8Array<ArrayBuffer>
}

function outcomeOf(response: HttpResponse, onAnswer: HttpUplinkOptions['onAnswer']): ExportOutcome {
  if (response.status >= 200 && response.status < 300) {
    const partial = response.status === 200 && response.body.length > 0 ? onAnswer?.(response.body) : null
    return partial ? { kind: 'exported', partial } : EXPORTED
  }
  const detail = `the upstream answered HTTP ${response.status}`
  if (!RETRYABLE_STATUS.has(response.status)) return { kind: 'permanent', detail }
  return { kind: 'retryable', detail, retryAfterMs: retryAfterMs(response.headers.get('retry-after')) }
}
