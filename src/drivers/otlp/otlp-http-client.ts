import type { Clock } from '../../clock/clock.ts'
import { ConnectionLost, type HttpConnection, openConnection } from '../../otlp/http/connection.ts'
import { createPool } from '../../otlp/http/pool.ts'
import type { HttpResponse } from '../../otlp/http/response.ts'
import { RETRYABLE_STATUS, retryAfterMs } from '../../otlp/http/retry-after.ts'
import { HTTP_PATHS } from '../../otlp/signal.ts'
import { type Answer, acceptedOr, lost, type OtlpClient, unreachable } from './otlp-answer.ts'
import type { OtlpConfig } from './otlp-config.ts'
import { authorityOf, type Target } from './otlp-endpoints.ts'
import { compressed, signalOf } from './otlp-items.ts'

/** OTLP/HTTP with protobuf bodies over a pool of keep-alive connections. */
export function createHttpClient(target: Target, config: OtlpConfig, clock: Clock): OtlpClient {
  const head = requestHead(target, config)
  const timeouts = { connectMs: config.connectTimeoutMs, requestMs: config.requestTimeoutMs }
  const pool = createPool<HttpConnection>({
    maxConnections: config.connections,
    open: () => openConnection(target, timeouts, clock),
    isUsable: (connection) => connection.isOpen(),
    destroy: (connection) => connection.close(),
  })
  return {
    async exchange(request, records) {
      const body = compressed(request, config)
      let connection: HttpConnection
      try {
        connection = await pool.acquire()
      } catch {
        return unreachable()
      }
      try {
        const response = await connection.request(`${head}${body.length}\r\n\r\n`, [body])
        return answerOf(response, records)
      } catch (error) {
        return lost(error instanceof ConnectionLost && error.isTimeout)
      } finally {
        pool.release(connection)
      }
    },
    close: () => pool.close(),
  }
}

function requestHead(target: Target, config: OtlpConfig): string {
  const lines = [
    `POST ${HTTP_PATHS[signalOf(config)]} HTTP/1.1`,
    `Host: ${authorityOf(target)}`,
    'Content-Type: application/x-protobuf',
    'User-Agent: bench',
    ...(config.compression === 'gzip' ? ['Content-Encoding: gzip'] : []),
    ...Object.entries(config.headers).map(([name, value]) => `${name}: ${value}`),
  ]
  return `${lines.join('\r\n')}\r\nContent-Length: `
}

function answerOf({ status, headers, body }: HttpResponse, records: number): Answer {
  if (status >= 200 && status < 300) return acceptedOr(body, records)
  return {
    kind: 'refused',
    reason: `HTTP ${status}`,
    isRetryable: RETRYABLE_STATUS.has(status),
    retryAfterMs: retryAfterMs(headers.get('retry-after')),
  }
}
