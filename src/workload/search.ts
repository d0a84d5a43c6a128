/** How the highest sustainable rate is searched for: pure data, as it goes into the result. */
export interface SearchOptions {
  /** Predicates that every step must meet, in the grammar of `slo.ts`; empty: holding the rate is enough. */
  readonly slos: readonly string[]
  /** Messages a second of the first step. */
  readonly startHz: number
  /** No step offers more. */
  readonly maxHz: number
  /** The search is narrow enough when the lowest rate refused is above the highest one held by at most this share. */
  readonly precision: number
  /** Further steps at the rate found, all of which must hold. */
  readonly confirmations: number
  /** Longest time in which what is under way at the end of a step must arrive. */
  readonly drainS: number
  /** Bounds of the whole search on one side. */
  readonly maxSteps: number
  readonly maxS: number
}

/** What a search does where nobody says otherwise; `stepS` is measured after `settleS` of the same load. */
export const SEARCH_DEFAULTS = {
  startHz: 1_000,
  precision: 0.02,
  confirmations: 2,
  stepS: 10,
  settleS: 5,
  drainS: 10,
  maxSteps: 40,
  maxS: 3_600,
} as const

/** Bounds of what may be asked for. */
export const SEARCH_LIMITS = {
  minPrecision: 0.001,
  maxPrecision: 0.5,
  maxConfirmations: 10,
  minStepS: 2,
  maxStepS: 3_600,
  maxDrainS: 300,
  maxSteps: 200,
  maxMinutes: 24 * 60,
} as const
