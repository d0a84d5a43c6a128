import type { IntegrityVerdict, MeasurementVerdict } from '../../result/result.ts'
import type { DriftTest, RatioInterval } from '../statistics/index.ts'
import type { FigureName } from './figures.ts'

/** All that a verdict needs to know of an experiment. */
export interface HeadToHeadInput {
  /** One a rate that was offered; the sides of each in the same order. */
  readonly loads: readonly Load[]
  /** What the sides guarantee, as far as it may differ; none = nothing is known to differ. */
  readonly guarantees?: readonly GuaranteeRow[]
  /** Refuse to rank sides whose guarantees differ, rather than name the difference. */
  readonly strict?: boolean
  /** Largest difference that a side shows against itself, as a share; raises the relevance margin of 2 %. */
  readonly noiseFloor?: number
  /** What bench itself adds to a figure, in its unit; figures that have no such floor are left out. */
  readonly floorsUs?: FloorsUs
  /** Of all costs; absent where there are none. */
  readonly currency?: string
}

/** µs. */
export type FloorsUs = Readonly<Partial<Record<FigureName, number>>>

/** The same rate offered to every side. */
export interface Load {
  /** Messages a second. */
  readonly rateHz: number
  readonly sides: readonly SideTrials[]
  /** As in the input, for these sides alone; absent = those of the input. */
  readonly guarantees?: readonly GuaranteeRow[]
}

/** One side's trials at one rate. */
export interface SideTrials {
  readonly label: string
  /** Empty when the side could not be run. */
  readonly trials: readonly TrialFigures[]
}

export interface TrialFigures {
  /** 0 for the first trial of the run, over all sides; no two share one. */
  readonly place: number
  readonly measurement: MeasurementVerdict
  readonly integrity: IntegrityVerdict
  /** It ended early: its figures are of another length than those of the others, and nobody is ranked by them. */
  readonly cutShort?: boolean
  /** Units as in `FIGURE_KINDS`. A figure that is not known is left out. */
  readonly figures: Readonly<Partial<Record<FigureName, FigureValue>>>
}

export interface FigureValue {
  readonly value: number
  /** The true value may be larger (a quantile that censored messages would move). */
  readonly atLeast: boolean
}

/** A guarantee, e.g. acks, replication, fsync. */
export interface GuaranteeRow {
  readonly name: string
  /** One a side, in the order of the sides; null = not known, which differs from all that is known. */
  readonly values: readonly (string | null)[]
}

/** What every claim of a report is held against. */
export interface ClaimBasis {
  /** Tests that the claims are adjusted for. */
  readonly tests: number
  /** Below it a difference is not relevant, as a share. */
  readonly relevanceMargin: number
  /** As in the input. */
  readonly currency?: string
  /** As in the input. */
  readonly floorsUs?: FloorsUs
}

/** The verdict of a whole report: data for JSON, and sentences that say it. */
export interface HeadToHead extends ClaimBasis {
  /** Trials a side that so many tests need. */
  readonly trialsNeeded: number
  readonly strict: boolean
  readonly loads: readonly LoadVerdict[]
  /** What holds for the whole report: how claims are adjusted. Empty when nothing was tested. */
  readonly sentences: readonly string[]
}

export interface LoadVerdict {
  readonly rateHz: number
  /** Who held the rate. One a side. */
  readonly held: readonly HeldVerdict[]
  /** Only figures that are known of some side. */
  readonly figures: readonly FigureVerdict[]
  /** One a figure, where a side has two trials to look at. */
  readonly drifts: readonly DriftVerdict[]
}

export interface HeldVerdict {
  readonly label: string
  /** `unknown` when no whole trial tells that it was not held, but some were invalid or there are none. */
  readonly outcome: 'held' | 'did not hold' | 'unknown'
  /** Valid trials: the rate was held, and the measurement can be trusted. */
  readonly held: number
  readonly invalid: number
  /** Whole trials. */
  readonly trials: number
  readonly cutShort: number
  /** Of all trials, cut short or not. */
  readonly violated: number
  readonly unproven: number
  readonly sentence: string
}

export interface FigureVerdict {
  readonly figure: FigureName
  readonly title: string
  /** Sides that may be ranked on it. */
  readonly ranked: readonly string[]
  readonly notRanked: readonly { readonly label: string; readonly reason: string }[]
  /** Every pair of ranked sides. */
  readonly pairs: readonly PairVerdict[]
  /** The side that was shown to be better than every other ranked one; null when none was. */
  readonly winner: string | null
  /** The winner first, then every pair, then who is not ranked. */
  readonly sentences: readonly string[]
}

/**
 * - `shown`: a difference, significant after Holm's adjustment, and not below the relevance margin
 * - `irrelevant`: whatever difference there is lies below the relevance margin, as sure as any other claim
 * - `not shown`: neither; also where a difference is significant and too small to be surely relevant
 * - `too few`: nothing could have been said with so few trials
 * - `refused`: not tested, because guarantees differ and `strict` was asked
 */
export type PairOutcome = 'shown' | 'irrelevant' | 'not shown' | 'too few' | 'refused'

export interface PairVerdict {
  readonly first: string
  readonly second: string
  readonly outcome: PairOutcome
  /** The better side of a difference that was shown, else null. */
  readonly better: string | null
  /** Null when refused. */
  readonly test: PairTest | null
  /** In benchstat's form, first → second, with the adjusted p; null when refused. */
  readonly line: string | null
  /** Guarantees that differ: `acks: all against 1`. */
  readonly unequal: readonly string[]
  readonly sentence: string
}

export interface PairTest {
  readonly n: readonly [number, number]
  readonly medians: readonly [number, number]
  readonly u: number
  readonly p: number
  /** Held against 5 %. */
  readonly adjustedP: number
  /** Second / first; an interval of its own level, not adjusted for the other tests. */
  readonly ratio: RatioInterval
  /** As a share; null when no difference could be shown at all, or with one trial a side. */
  readonly smallestDetectable: number | null
  /** The noise floor, where the medians differ by less; absent elsewhere. */
  readonly withinFloorUs?: number
}

export interface DriftVerdict extends DriftTest {
  readonly figure: FigureName
  readonly title: string
  /** Adjusted over all drift tests of the report. */
  readonly adjustedP: number
  readonly shown: boolean
  readonly sentence: string
}
