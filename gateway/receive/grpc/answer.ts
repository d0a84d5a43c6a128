import { encodedMessage } from '../../../src/otlp/grpc/frame.ts'
import { GRPC, type GrpcCode } from '../../../src/otlp/grpc/status.ts'
import { encodeStatus } from '../../../src/otlp/status.ts'
import type { Outcome } from '../../contracts.ts'

/** Trailers of a call. */
export type Trailers = Readonly<Record<string, string>>

const OK: Trailers = { 'grpc-status': String(GRPC.ok) }

/** A refusal; with `retryAfterMs` it carries a google.rpc.Status with RetryInfo. */
export function refusal(code: GrpcCode, message: string, retryAfterMs?: number): Trailers {
  const trailers: Record<string, string> = {
    'grpc-status': String(code),
    'grpc-message': encodedMessage(message),
  }
  if (retryAfterMs !== undefined) {
    const details = encodeStatus({ code, message, retryDelayMs: retryAfterMs })
    trailers['grpc-status-details-bin'] = Buffer.from(details).toString('base64').replace(/=+$/, '')
  }
  return trailers
}

/** What the sender is told, after the OTLP specification ("OTLP/gRPC Throttling"). */
export function trailersOf(outcome: Outcome): Trailers {
  switch (outcome.kind) {
    case 'accepted':
      return OK
    case 'invalid':
      return refusal(GRPC.invalidArgument, outcome.detail)
    case 'refused':
      return outcome.reason === '503'
        ? refusal(GRPC.unavailable, 'the gateway is shutting down', outcome.retryAfterMs)
        : refusal(GRPC.resourceExhausted, 'the gateway has no room', outcome.retryAfterMs)
    case 'upstream-failed':
      return outcome.retryable
        ? refusal(GRPC.unavailable, outcome.detail, outcome.retryAfterMs)
        : refusal(GRPC.internal, outcome.detail)
  }
}
