import { encodeResponse, type PartialSuccess, responseToJson } from '../../../src/otlp/response.ts'
import type { Signal } from '../../../src/otlp/signal.ts'
import { encodeStatus, RPC_CODES, type RpcStatus, statusToJson } from '../../../src/otlp/status.ts'
import type { Outcome } from '../../contracts.ts'
import { CODINGS } from '../unpack.ts'
import { CONTENT_TYPES, type Encoding } from './content.ts'

/** An answer that is not 200. */
export interface Refusal {
  readonly status: number
  readonly body: RpcStatus
  readonly headers?: Readonly<Record<string, string>>
}

/** A success, in part or (null) in full; `isLast` asks the sender to leave, for a listener that is closing. */
export function success(
  signal: Signal,
  encoding: Encoding,
  isLast: boolean,
  partial: PartialSuccess | null,
): Response {
  const headers: Record<string, string> = { 'content-type': CONTENT_TYPES[encoding] }
  if (isLast) headers.connection = 'close'
  if (encoding === 'json') return new Response(responseToJson(signal, partial), { headers })
  const body = partial === null ? null : (encodeResponse(partial) as Uint8Array<ArrayBuffer>)
  return new Response(body, { headers })
}

/** A refusal in the encoding of the request. */
export function refusalResponse(refusal: Refusal, encoding: Encoding, isLast: boolean): Response {
  const headers: Record<string, string> = { ...refusal.headers, 'content-type': CONTENT_TYPES[encoding] }
  if (isLast) headers.connection = 'close'
  const body = encoding === 'json' ? statusToJson(refusal.body) : encodeStatus(refusal.body)
  return new Response(body, { status: refusal.status, headers })
}

/**
 * What the sender is told of an outcome other than `accepted`, after the OTLP specification ("OTLP/HTTP Response"):
 * what may be tried again is 429 or 503 with Retry-After, what may not is 400 or 500.
 */
export function refusalOf(outcome: Exclude<Outcome, { kind: 'accepted' }>): Refusal {
  switch (outcome.kind) {
    case 'invalid':
      return badRequest(outcome.detail, '')
    case 'refused':
      return outcome.reason === '429'
        ? throttled(429, RPC_CODES.resourceExhausted, 'the gateway is overloaded', outcome.retryAfterMs)
        : throttled(503, RPC_CODES.unavailable, REFUSED[outcome.reason], outcome.retryAfterMs)
    case 'upstream-failed':
      return outcome.retryable
        ? throttled(503, RPC_CODES.unavailable, outcome.detail, outcome.retryAfterMs)
        : { status: 500, body: { code: RPC_CODES.internal, message: outcome.detail } }
  }
}

const REFUSED = {
  '503': 'the gateway is shutting down',
  '507': 'the gateway has no memory left for requests',
} as const

/** Data that will never be accepted; `field` is a path in it, or empty. */
export function badRequest(detail: string, field: string): Refusal {
  const violations = [{ field, description: detail }]
  const message = field === '' ? detail : `${detail} at ${field}`
  return { status: 400, body: { code: RPC_CODES.invalidArgument, message, violations } }
}

/** Come again later. */
export function throttled(status: 429 | 503, code: number, message: string, retryAfterMs: number): Refusal {
  return {
    status,
    body: { code, message, retryDelayMs: retryAfterMs },
    // Whole seconds; 0 would invite everybody back at once.
    headers: { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) },
  }
}

export function tooLarge(maxBodyBytes: number): Refusal {
  const message = `expected a body of at most ${maxBodyBytes} bytes, as sent and unpacked`
  return { status: 413, body: { code: RPC_CODES.invalidArgument, message } }
}

export function unknownPath(paths: readonly string[]): Refusal {
  return {
    status: 404,
    body: { code: RPC_CODES.notFound, message: `expected a path of ${paths.join(', ')}` },
  }
}

export function wrongMethod(): Refusal {
  return {
    status: 405,
    body: { code: RPC_CODES.unimplemented, message: 'expected POST' },
    headers: { allow: 'POST' },
  }
}

export function unsupportedType(): Refusal {
  const message = `expected content-type ${Object.values(CONTENT_TYPES).join(' or ')}`
  return { status: 415, body: { code: RPC_CODES.invalidArgument, message } }
}

export function unsupportedCoding(): Refusal {
  return {
    status: 415,
    body: {
      code: RPC_CODES.invalidArgument,
      message: `expected one content-encoding of ${CODINGS.join(', ')}, or none`,
    },
    headers: { 'accept-encoding': CODINGS.join(', ') },
  }
}

/** What a sender is told to wait when the listener itself is full. */
const RETRY_AFTER_MS = 1000

export const FULL = throttled(
  503,
  RPC_CODES.unavailable,
  'the gateway has too many requests under way',
  RETRY_AFTER_MS,
)
