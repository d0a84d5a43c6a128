import type { PartialSuccess } from '../src/otlp/response.ts'
import type { Signal } from '../src/otlp/signal.ts'

// What the parts of the gateway know of each other. The way of one request:
//
//   receive/ (HTTP, gRPC) ── offer ──▶ pipeline.ts: slab → mask/ → queue/ ──▶ export/ ──▶ upstream
//        ◀── Outcome ────────────────────┘                    (answered once queued, or by the upstream without a queue)

/**
 * Why something was refused or lost: label values of `gateway_dropped_total{reason_code}`. They are the gateway's own
 * vocabulary; what the sender sees on the wire is decided by `receive/` after the OTLP specification.
 *
 * - `rule`: a request of which rules left nothing (records dropped from a request that goes on are counted by rule,
 *   in `gateway_rule_dropped_records_total`)
 * - `400`: a body that is not a valid OTLP request; `413`: larger than the limit
 * - `429`: queue full, water mark passed, waited too long, or too many requests in flight
 * - `500`: the upstream refused it for good, or retries ran out
 * - `503`: the gateway is shutting down
 * - `507`: no room in the slab
 */
export type DropReason = 'rule' | '400' | '413' | '429' | '500' | '503' | '507'

/** What became of one request; `receive/` turns it into an HTTP or gRPC answer. */
export type Outcome =
  /**
   * Queued, or with the queue off taken by the upstream, `partial` being what that had to say of it. Records dropped by
   * rules are none of the sender's business.
   */
  | { readonly kind: 'accepted'; readonly partial?: PartialSuccess }
  /** Nothing of it was kept; the sender may come again after `retryAfterMs`. */
  | { readonly kind: 'refused'; readonly reason: '429' | '503' | '507'; readonly retryAfterMs: number }
  /** Will never be accepted: not parsable, or a rule with `onError: fail`. `detail` never holds payload. */
  | { readonly kind: 'invalid'; readonly detail: string }
  /** Queue off: the upstream's answer. */
  | {
      readonly kind: 'upstream-failed'
      readonly retryable: boolean
      readonly retryAfterMs: number
      readonly detail: string
    }

/** Takes requests from the receivers. */
export interface Pipeline {
  /**
   * Masks and queues (or exports) one request. `body` is the uncompressed protobuf Export*ServiceRequest and belongs to
   * the pipeline from here on: it may be changed in place, and is freed once done with (`freeBytes`). Never throws for
   * bad input.
   */
  offer(signal: Signal, body: Uint8Array): Outcome | Promise<Outcome>
  /** False once closing has begun or while above the critical water mark: what `/ready` says. */
  isReady(): boolean
  /** Takes nothing new, exports what is queued until `signal` aborts, counts the rest as dropped `503`. Idempotent. */
  close(signal: AbortSignal): Promise<void>
}

/** What masking made of one request. */
export type MaskOutcome =
  /** `body` is the argument itself (changed in place or untouched), or a new one when lengths changed. */
  | {
      readonly kind: 'masked'
      readonly body: Uint8Array
      /** Values replaced, hashed or deleted. */
      readonly operations: number
      /** Records (spans, metric data points, log records) removed by rules; an empty body is not exported. */
      readonly droppedRecords: number
      /** Nothing is left to export. */
      readonly isEmpty: boolean
    }
  /** Not a valid Export*ServiceRequest. `offset` is the byte where it went wrong. */
  | { readonly kind: 'malformed'; readonly detail: string; readonly offset: number }
  /** A rule with `onError: fail` failed. */
  | { readonly kind: 'failed'; readonly rule: string; readonly detail: string }

export interface Masker {
  mask(signal: Signal, body: Uint8Array): MaskOutcome
  /** Which scanner is at work, for `gateway_mask_writer_active`. */
  readonly writer: 'simd' | 'scalar'
}

/** What the upstream said to one export. */
export type ExportOutcome =
  /** `partial`: some records were refused for good, or there is a warning. */
  | { readonly kind: 'exported'; readonly partial?: PartialSuccess }
  /** The answer allows another try (HTTP 429/502/503/504, gRPC's retryable codes, or a broken connection). */
  | { readonly kind: 'retryable'; readonly detail: string; readonly retryAfterMs: number | null }
  | { readonly kind: 'permanent'; readonly detail: string }

/** One try at the upstream; `export/` wraps it with retries. */
export interface Uplink {
  /** `bodies` are requests of one signal; sent as one, concatenated (repeated fields merge: protobuf encoding spec). */
  send(signal: Signal, bodies: readonly Uint8Array[], abort: AbortSignal): Promise<ExportOutcome>
  /** Ends what is under way, too: it comes back as `retryable`. */
  close(): Promise<void>
}

/** A monotonic count. Handles are made once and kept: `add` is all the hot path calls. */
export interface Counter {
  add(count: number): void
}

/** A distribution of durations, kept as an HDR histogram of whole microseconds. */
export interface Timing {
  record(durationUs: number): void
}

/** Makes the gateway's metrics; one a process, merged over processes by the supervisor. */
export interface Meter {
  counter(name: string, help: string, labels?: Readonly<Record<string, string>>): Counter
  /** `read` is called at each scrape. Values of several processes are added, or their maximum taken. */
  gauge(
    name: string,
    help: string,
    merge: 'sum' | 'max',
    read: () => number,
    labels?: Readonly<Record<string, string>>,
  ): void
  /** Exported as a Prometheus histogram `<name>_seconds` with fixed buckets; quantiles come from the merged HDR. */
  timing(name: string, help: string, labels?: Readonly<Record<string, string>>): Timing
}

/** A listener for OTLP. */
export interface Receiver {
  readonly port: number
  /** Takes no new requests, answers those it has until `signal` aborts, then cuts. Idempotent. */
  close(signal: AbortSignal): Promise<void>
}

/** What receivers bound; sizes hold for a request as sent and as unpacked. */
export interface ReceiveLimits {
  readonly maxBodyBytes: number
  readonly maxConnections: number
  readonly idleTimeoutMs: number
}
