/** What a run tells while it goes, for the terminal, CI logs and `--json`. */
export type RunEvent =
  | { readonly kind: 'experiment'; readonly id: string; readonly directory: string }
  /** Address of the live view. */
  | { readonly kind: 'live'; readonly url: string }
  /** Trials to come, as labels of sides; told only when sides have several. With several rates also that of each. */
  | {
      readonly kind: 'order'
      readonly seed: number
      readonly order: readonly string[]
      readonly ratesHz?: readonly number[]
    }
  /** A trial begins: `number` of `of` of its side, at `place` (from 0) of `places` of the whole run. */
  | {
      readonly kind: 'trial'
      readonly side: string
      readonly number: number
      readonly of: number
      readonly place: number
      readonly places: number
      /** Offered in this trial. */
      readonly rateHz: number
    }
  | { readonly kind: 'step'; readonly side: string; readonly step: Step; readonly detail: string }
  | ({ readonly kind: 'second'; readonly side: string } & Second)
  | { readonly kind: 'log'; readonly side: string; readonly line: string }
  | {
      readonly kind: 'side-failed'
      readonly side: string
      readonly message: string
      readonly hint: string | null
    }
  | {
      readonly kind: 'side-done'
      readonly side: string
      readonly measurement: string
      readonly integrity: string
    }

export type Step = 'trial' | 'broker' | 'prepare' | 'warm-up' | 'measure' | 'drain' | 'collect'

/** The last second of a trial, all workers together. */
export interface Second {
  readonly phase: 'warmup' | 'measure' | 'drain'
  /** Seconds from the epoch to its begin and end, and how long the schedule is. */
  readonly startS: number
  readonly elapsedS: number
  readonly totalS: number
  readonly scheduledHz: number
  readonly acknowledgedHz: number
  readonly receivedHz: number
  /** What happened in this second alone. */
  readonly counts: SecondCounts
  /** Messages due and not yet acknowledged. */
  readonly behind: number
  /** Messages due and not yet delivered, as messages of one subscription. */
  readonly backlog: number
  /** Messages of the trial so far that were rejected, or whose fate is not known. */
  readonly failed: number
  /** Failures of the trial so far by kind; empty without any. */
  readonly errors: Readonly<Record<string, number>>
  /** Of what came in this second; null when nothing did. What is still under way is not in it. */
  readonly publish: SecondLatency | null
  readonly endToEnd: SecondLatency | null
}

export interface SecondCounts {
  readonly scheduled: number
  readonly acknowledged: number
  readonly rejected: number
  readonly unknown: number
  /** Deliveries, all subscriptions together. */
  readonly received: number
}

/** Microseconds. */
export interface SecondLatency {
  readonly count: number
  readonly p50Us: number
  readonly p99Us: number
  readonly maxUs: number
}

export type Tell = (event: RunEvent) => void
