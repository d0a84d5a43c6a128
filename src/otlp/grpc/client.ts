import http2, { type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2'
import { ConnectionLost } from '../http/connection.ts'
import { RESPONSE_LIMITS } from '../http/response.ts'
import { RETRYABLE_STATUS } from '../http/retry-after.ts'
import { decodeStatus } from '../status.ts'
import { decodedMessage, PREFIX_BYTES } from './frame.ts'
import { GRPC, RETRYABLE_CODES } from './status.ts'

/** What a server said to one unary call. */
export interface GrpcAnswer {
  /** Null when the answer was none of gRPC. */
  readonly code: number | null
  readonly httpStatus: number
  /** `grpc-message`, cut to a readable length. */
  readonly message: string
  /** RetryInfo: when the sender may come again. */
  readonly retryDelayMs: number | null
  /** The response message without its prefix; empty when there was none. */
  readonly body: Uint8Array
}

export interface GrpcCall {
  /** `/package.Service/Method`. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** The request message with its prefix (`framed`). */
  readonly frame: Uint8Array
  readonly isGzip: boolean
  /** Sent as the call's deadline, and kept here. */
  readonly timeoutMs: number
}

const MAX_MESSAGE_CHARACTERS = 200

/** Connects to `http://host:port` (or `https`). @throws ConnectionLost */
export function openSession(authority: string, timeoutMs: number): Promise<ClientHttp2Session> {
  return new Promise((resolve, reject) => {
    const session = http2.connect(authority)
    const timer = setTimeout(() => {
      session.destroy()
      reject(new ConnectionLost(`no connection to ${authority} within ${timeoutMs} ms`, true))
    }, timeoutMs)
    session.once('connect', () => {
      clearTimeout(timer)
      resolve(session)
    })
    session.on('error', (error) => {
      clearTimeout(timer)
      reject(new ConnectionLost(`no connection to ${authority}: ${error.message}`))
    })
    session.on('goaway', () => session.close())
  })
}

/** One unary call. @throws ConnectionLost when it breaks or no answer comes in time; the session is of no more use then. */
export function unaryCall(session: ClientHttp2Session, call: GrpcCall): Promise<GrpcAnswer> {
  return new Promise((resolve, reject) => {
    let headers: IncomingHttpHeaders = {}
    const chunks: Buffer[] = []
    let size = 0
    const lose = (why: string, isTimeout = false) => {
      clearTimeout(timer)
      session.destroy()
      reject(new ConnectionLost(why, isTimeout))
    }
    const stream = session.request({
      ':method': 'POST',
      ':path': call.path,
      'content-type': 'application/grpc',
      te: 'trailers',
      'grpc-timeout': `${call.timeoutMs}m`,
      ...(call.isGzip ? { 'grpc-encoding': 'gzip' } : {}),
      ...call.headers,
    })
    const timer = setTimeout(() => lose(`no answer within ${call.timeoutMs} ms`, true), call.timeoutMs)
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
      if (isCutShort(headers)) lose('the connection was closed')
      else resolve(answerOf(headers, Buffer.concat(chunks)))
    })
    stream.end(call.frame)
  })
}

/**
 * Whether an answer ended before its status. Told by what is missing, because a broken connection and an orderly end
 * look alike under Bun 1.4: both emit `end` and `close` with code 0.
 */
function isCutShort(headers: IncomingHttpHeaders): boolean {
  if (headers['grpc-status'] !== undefined) return false
  const status = headers[':status']
  const isGrpc = headers['content-type']?.startsWith('application/grpc') === true
  return status === undefined || (Number(status) === 200 && isGrpc)
}

function answerOf(headers: IncomingHttpHeaders, data: Buffer): GrpcAnswer {
  const code = headers['grpc-status']
  return {
    code: code === undefined ? null : Number(code),
    httpStatus: Number(headers[':status']),
    message: decodedMessage(String(headers['grpc-message'] ?? '')).slice(0, MAX_MESSAGE_CHARACTERS),
    retryDelayMs: retryDelayMs(headers['grpc-status-details-bin']),
    body: data.subarray(PREFIX_BYTES),
  }
}

function retryDelayMs(details: string | string[] | undefined): number | null {
  if (typeof details !== 'string') return null
  return decodeStatus(Buffer.from(details, 'base64'))?.retryDelayMs ?? null
}

/** Whether the sender may try again: gRPC's codes after the OTLP specification, or HTTP's where a proxy answered. */
export function isRetryable(answer: GrpcAnswer): boolean {
  const { code, retryDelayMs } = answer
  if (code === null) return RETRYABLE_STATUS.has(answer.httpStatus)
  return RETRYABLE_CODES.has(code) || (code === GRPC.resourceExhausted && retryDelayMs !== null)
}

/** `answered gRPC status 8: no room`. */
export function describeAnswer({ code, httpStatus, message }: GrpcAnswer): string {
  if (code === null) return `answered HTTP ${httpStatus} instead of gRPC`
  return `answered gRPC status ${code}${message === '' ? '' : `: ${message}`}`
}
