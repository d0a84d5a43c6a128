import http2, { type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2'
import { GRPC_METHODS, type Signal } from '../../src/otlp/signal.ts'
import { decodeStatus } from '../../src/otlp/status.ts'
import type { ExportOutcome, Uplink } from '../contracts.ts'
import { decodedMessage, framed, PREFIX_BYTES } from '../grpc/frame.ts'
import { GRPC, RETRYABLE_CODES } from '../grpc/status.ts'
import type { HttpTimeouts } from './http-connection.ts'
import { RESPONSE_LIMITS } from './http-response.ts'
import { createPool } from './pool.ts'

export interface GrpcUplinkOptions {
  /** `grpc://host:port`, or `grpcs://` for TLS. */
  readonly url: URL
  readonly signal: Signal
  readonly connections: number
  readonly timeouts: HttpTimeouts
  readonly headers: Readonly<Record<string, string>>
  readonly compression: 'none' | 'gzip'
  /** The body of a successful answer that is not empty (partial success). */
  readonly onAnswer?: (body: Uint8Array) => void
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

function openSession(authority: string, timeoutMs: number): Promise<ClientHttp2Session> {
  return new Promise((resolve, reject) => {
    const session = http2.connect(authority)
    const timer = setTimeout(() => {
      session.destroy()
      reject(new Error(`no connection to ${authority} within ${timeoutMs} ms`))
    }, timeoutMs)
    session.once('connect', () => {
      clearTimeout(timer)
      resolve(session)
    })
    session.on('error', (error) => {
      clearTimeout(timer)
      reject(new Error(`no connection to ${authority}: ${error.message}`))
    })
    session.on('goaway', () => session.close())
  })
}

/** @throws Error when the connection breaks or no answer comes in time. */
function call(
  session: ClientHttp2Session,
  options: GrpcUplinkOptions,
  bodies: readonly Uint8Array[],
): Promise<ExportOutcome> {
  const isGzip = options.compression === 'gzip'
  const sent = isGzip ? [Bun.gzipSync(Buffer.concat(bodies) as Uint8Array<ArrayBuffer>)] : bodies
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': GRPC_METHODS[options.signal],
      'content-type': 'application/grpc',
      te: 'trailers',
      'grpc-timeout': `${options.timeouts.requestMs}m`,
      ...(isGzip ? { 'grpc-encoding': 'gzip' } : {}),
      ...options.headers,
    })
    let headers: IncomingHttpHeaders = {}
    const chunks: Buffer[] = []
    let size = 0
    const lose = (why: string) => {
      clearTimeout(timer)
      session.destroy()
      reject(new Error(why))
    }
    const timer = setTimeout(
      () => lose(`no answer within ${options.timeouts.requestMs} ms`),
      options.timeouts.requestMs,
    )
    stream.on('response', (received) => {
      headers = { ...headers, ...received }
    })
    stream.on('trailers', (received) => {
      headers = { ...headers, ...received }
    })
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > RESPONSE_LIMITS.bodyBytes) lose('the answer is larger than it may be')
      else chunks.push(chunk)
    })
    stream.on('error', (error) => lose(`the call broke: ${error.message}`))
    stream.on('close', () => {
      clearTimeout(timer)
      if (headers['grpc-status'] === undefined && headers[':status'] === undefined)
        return lose('the upstream closed the connection')
      const outcome = outcomeOf(headers)
      const body = Buffer.concat(chunks)
      if (outcome.kind === 'exported' && body.length > PREFIX_BYTES)
        options.onAnswer?.(body.subarray(PREFIX_BYTES))
      resolve(outcome)
    })
    stream.end(framed(sent, isGzip))
  })
}

function outcomeOf(headers: IncomingHttpHeaders): ExportOutcome {
  const status = headers['grpc-status']
  if (status === undefined) {
    const detail = `expected a gRPC answer, got HTTP ${headers[':status']}`
    const retryable = [429, 502, 503, 504].includes(Number(headers[':status']))
    return retryable ? { kind: 'retryable', detail, retryAfterMs: null } : { kind: 'permanent', detail }
  }
  const code = Number(status)
  if (code === GRPC.ok) return { kind: 'exported' }
  const message = decodedMessage(String(headers['grpc-message'] ?? '')).slice(0, 200)
  const detail = `the upstream answered gRPC status ${code}${message === '' ? '' : `: ${message}`}`
  const retryAfterMs = retryDelayMs(headers['grpc-status-details-bin'])
  const isRetryable = RETRYABLE_CODES.has(code) || (code === GRPC.resourceExhausted && retryAfterMs !== null)
  return isRetryable ? { kind: 'retryable', detail, retryAfterMs } : { kind: 'permanent', detail }
}

function retryDelayMs(details: string | string[] | undefined): number | null {
  if (typeof details !== 'string') return null
  return decodeStatus(Buffer.from(details, 'base64'))?.retryDelayMs ?? null
}
