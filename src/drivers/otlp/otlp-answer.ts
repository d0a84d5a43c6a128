import { decodeResponse } from '../../otlp/response.ts'

/** What became of one request. `reason` is a short stable kind. */
export type Answer =
  | { readonly kind: 'accepted' }
  /** The system took none of it; `isRetryable` as the OTLP specification has it. */
  | {
      readonly kind: 'refused'
      readonly reason: string
      readonly isRetryable: boolean
      /** What the system asked for (`Retry-After`, RetryInfo); null without. */
      readonly retryAfterMs: number | null
    }
  /** Nobody knows: no answer, or an answer that does not say which records were refused. */
  | { readonly kind: 'unknown'; readonly reason: string }

/** Speaks OTLP to one server. */
export interface OtlpClient {
  /** Sends one Export request of `records` records; never rejects. */
  exchange(request: Uint8Array, records: number): Promise<Answer>
  close(): void
}

/** What a successful answer says: of a partial success nobody knows which records were refused, unless all were. */
export function acceptedOr(body: Uint8Array, records: number): Answer {
  if (body.length === 0) return { kind: 'accepted' }
  const response = decodeResponse(body)
  if (response === null) return { kind: 'unknown', reason: 'answer is not OTLP' }
  const rejected = response.partial?.rejected ?? 0
  if (rejected <= 0) return { kind: 'accepted' }
  if (rejected < records) return { kind: 'unknown', reason: 'partly refused' }
  return { kind: 'refused', reason: 'all records refused', isRetryable: false, retryAfterMs: null }
}

/** The server cannot be reached: the request was never sent. A sender may try again. */
export function unreachable(): Answer {
  return { kind: 'refused', reason: 'no connection', isRetryable: true, retryAfterMs: null }
}

/** The connection broke, or no answer came in time, after the request was sent. */
export function lost(isTimeout: boolean): Answer {
  return { kind: 'unknown', reason: isTimeout ? 'timeout' : 'connection lost' }
}
