/** What a run tells while it goes, for the terminal, CI logs and `--json`. */
export type RunEvent =
  | { readonly kind: 'experiment'; readonly id: string; readonly directory: string }
  /** Trials to come, as labels of sides; told only when sides have several. With several rates also that of each. */
  | {
      readonly kind: 'order'
      readonly seed: number
      readonly order: readonly string[]
      readonly ratesHz?: readonly number[]
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
  /** Seconds since the epoch, and how long the schedule is. */
  readonly elapsedS: number
  readonly totalS: number
  readonly scheduledHz: number
  readonly acknowledgedHz: number
  readonly receivedHz: number
  /** Messages due and not yet acknowledged. */
  readonly behind: number
  readonly failed: number
  readonly publishP99Us: number | null
  readonly endToEndP99Us: number | null
}

export type Tell = (event: RunEvent) => void
