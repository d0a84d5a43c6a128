import type { ClientHttp2Session } from 'node:http2'
import {
  describeAnswer,
  type GrpcAnswer,
  isRetryable,
  openSession,
  unaryCall,
} from '../../src/otlp/grpc/client.ts'
import { framed } from '../../src/otlp/grpc/frame.ts'
import { GRPC } from '../../src/otlp/grpc/status.ts'
import type { HttpTimeouts } from '../../src/otlp/http/connection.ts'
import { createPool } from '../../src/otlp/http/pool.ts'
import type { PartialSuccess } from '../../src/otlp/response.ts'
import { GRPC_METHODS, type Signal } from '../../src/otlp/signal.ts'
import type { ExportOutcome, Uplink } from '../contracts.ts'

export interface GrpcUplinkOptions {
  /** `grpc://host:port`, or `grpcs://` for TLS. */
  readonly url: URL
  readonly signal: Signal
  readonly connections: number
  readonly timeouts: HttpTimeouts
  readonly headers: Readonly<Record<string, string>>
  readonly compression: 'none' | 'gzip'
  /** Reads the body of a successful answer that is not empty (partial success). */
  readonly onAnswer?: (body: Uint8Array) => PartialSuccess | null
}

/** OTLP/gRPC over node:http2; a connection carries one call at a time, so that no call waits behind another's window. */
export function createGrpcUplink(options: GrpcUplinkOptions): Uplink {
  const scheme = options.url.protocol === 'grpcs:' ? 'https' : 'http'
  const port = options.url.port || (scheme === 'https' ? '443' : '4317')
  const authority = `${scheme}://${options.url.hostname}:${port}`
  const pool = createPool<ClientHttp2Session>({
    maxConnections: options.connections,
    open: () => openSession(authority, options.timeouts.connectMs),
    isUsable: (session) => !session.closed && !session.destroyed,
    destroy: (session) => session.destroy(),
  })
  return {
    async send(_signal, bodies) {
      try {
        const session = await pool.acquire()
        try {
          return await call(session, options, bodies)
        } finally {
          pool.release(session)
        }
      } catch (error) {
        return { kind: 'retryable', detail: (error as Error).message, retryAfterMs: null }
      }
    },
    close() {
      pool.close()
      return Promise.resolve()
    },
  }
}

async function call(
  session: ClientHttp2Session,
  options: GrpcUplinkOptions,
  bodies: readonly Uint8Array[],
): Promise<ExportOutcome> {
  const isGzip = options.compression === 'gzip'
  const sent = isGzip ? [Bun.gzipSync(Buffer.concat(bodies) as Uint8Array<ArrayBuffer>)] : bodies
  const answer = await unaryCall(session, {
    path: GRPC_METHODS[options.signal],
    headers: options.headers,
    frame: framed(sent, isGzip),
    isGzip,
    timeoutMs: options.timeouts.requestMs,
  })
  return outcomeOf(answer, options.onAnswer)
}

function outcomeOf(answer: GrpcAnswer, onAnswer: GrpcUplinkOptions['onAnswer']): ExportOutcome {
  if (answer.code === GRPC.ok) {
    const partial = answer.body.length > 0 ? onAnswer?.(answer.body) : null
    return partial ? { kind: 'exported', partial } : { kind: 'exported' }
  }
  const detail = `the upstream ${describeAnswer(answer)}`
  return isRetryable(answer)
    ? { kind: 'retryable', detail, retryAfterMs: answer.retryDelayMs }
    : { kind: 'permanent', detail }
}
