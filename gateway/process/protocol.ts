import type { MeterSnapshot } from '../telemetry/meter.ts'

/** Where a gateway process listens. */
export interface Listening {
  readonly httpPort: number
  /** Null when gRPC is off. */
  readonly grpcPort: number | null
}

/** What the supervisor asks of its processes, over the channel that Bun opens to a child. */
export type ToProcess =
  | { readonly kind: 'snapshot'; readonly id: number }
  /** Export what is queued for at most this long, then end. */
  | { readonly kind: 'stop'; readonly timeoutMs: number }

export type FromProcess =
  | { readonly kind: 'listening'; readonly at: Listening }
  | { readonly kind: 'failed'; readonly message: string; readonly hint: string | null }
  | {
      readonly kind: 'snapshot'
      readonly id: number
      readonly snapshot: MeterSnapshot
      readonly isReady: boolean
    }
