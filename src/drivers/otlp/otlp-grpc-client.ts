import type { ClientHttp2Session } from 'node:http2'
import { type GrpcAnswer, isRetryable, openSession, unaryCall } from '../../otlp/grpc/client.ts'
import { framed } from '../../otlp/grpc/frame.ts'
import { GRPC } from '../../otlp/grpc/status.ts'
import { ConnectionLost } from '../../otlp/http/connection.ts'
import { createPool } from '../../otlp/http/pool.ts'
import { GRPC_METHODS } from '../../otlp/signal.ts'
import { type Answer, acceptedOr, lost, type OtlpClient, unreachable } from './otlp-answer.ts'
import type { OtlpConfig } from './otlp-config.ts'
import { authorityOf, type Target } from './otlp-endpoints.ts'
import { compressed, signalOf } from './otlp-items.ts'

/** OTLP/gRPC; a connection carries one call at a time, so that no call waits behind another's flow-control window. */
export function createGrpcClient(target: Target, config: OtlpConfig): OtlpClient {
  const authority = `${target.tls ? 'https' : 'http'}://${authorityOf(target)}`
  const headers = Object.fromEntries(
    Object.entries(config.headers).map(([name, value]) => [name.toLowerCase(), value]),
  )
  const isGzip = config.compression === 'gzip'
  const pool = createPool<ClientHttp2Session>({
    maxConnections: config.connections,
    open: () => openSession(authority, config.connectTimeoutMs),
    isUsable: (session) => !session.closed && !session.destroyed,
    destroy: (session) => session.destroy(),
  })
  return {
    async exchange(request, records) {
      const frame = framed([compressed(request, config)], isGzip)
      let session: ClientHttp2Session
      try {
        session = await pool.acquire()
      } catch {
        return unreachable()
      }
      try {
        const path = GRPC_METHODS[signalOf(config)]
        const timeoutMs = config.requestTimeoutMs
        return answerOf(await unaryCall(session, { path, headers, frame, isGzip, timeoutMs }), records)
      } catch (error) {
        session.destroy()
        return lost(error instanceof ConnectionLost && error.isTimeout)
      } finally {
        pool.release(session)
      }
    },
    close: () => pool.close(),
  }
}

function answerOf(answer: GrpcAnswer, records: number): Answer {
  if (answer.code === GRPC.ok) return acceptedOr(answer.body, records)
  return {
    kind: 'refused',
    reason: answer.code === null ? `HTTP ${answer.httpStatus}` : `gRPC status ${answer.code}`,
    isRetryable: isRetryable(answer),
    retryAfterMs: answer.retryDelayMs,
  }
}
