import type { SearchOptions } from '../workload/search.ts'

/** Why a step was made. */
export const SEARCH_PURPOSES = ['grow', 'shrink', 'bisect', 'recheck', 'confirm'] as const
export type SearchPurpose = (typeof SEARCH_PURPOSES)[number]

/** Why a search ended. */
export const SEARCH_ENDS = [
  'found',
  /** The highest rate that may be offered held. */
  'found at maximum',
  /** Not even the lowest rate held. */
  'nothing held',
  'steps used up',
  'time used up',
  /** Trials could not be run any more. */
  'not runnable',
  /** From outside, before its time. */
  'cut',
] as const
export type SearchEnd = (typeof SEARCH_ENDS)[number]

/** What kept a step from holding. `measurement`: the load or the clocks were at fault, not the system. */
export const REFUSAL_KINDS = ['rate', 'backlog', 'drain', 'slo', 'integrity', 'measurement'] as const
export type RefusalKind = (typeof REFUSAL_KINDS)[number]

export interface StepRefusal {
  readonly kind: RefusalKind
  /** What was seen against what is allowed. */
  readonly text: string
}

/** One trial of a search. */
export interface SearchStep {
  /** As `TrialResult.place`; the trial itself stands among the side's trials, unless it could not be run. */
  readonly place: number
  readonly rateHz: number
  readonly purpose: SearchPurpose
  /** `unknown`: it could not be run to its end. */
  readonly outcome: 'held' | 'refused' | 'unknown'
  /** Empty when it held. */
  readonly reasons: readonly StepRefusal[]
  /** Seconds from its beginning to its end, everything included. */
  readonly tookS: number
}

/** What a search on one side came to. */
export interface SearchResult {
  readonly options: SearchOptions
  readonly end: SearchEnd
  /** The highest rate that held in every step since it was last refused, confirmations included; null: none. */
  readonly rateHz: number | null
  /** The highest rate held and the lowest one refused above it, messages a second; null where there was none. */
  readonly bracket: { readonly heldHz: number | null; readonly refusedHz: number | null }
  /** What was found, or why nothing was; then what a reader must know of it. */
  readonly sentences: readonly string[]
  readonly steps: readonly SearchStep[]
}
