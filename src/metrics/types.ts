/**
 * What a module of custom figures exports. Import the types from here; the module itself may import whatever it likes.
 *
 *     import type { Figure } from '../../src/metrics/types.ts'
 *     export const figures: readonly Figure[] = [{ name: 'my figure', value: ({ trial }) => trial.backlogAtEnd }]
 */
import type { ExperimentResult, SideResult, TrialResult } from '../result/result.ts'

export type { ExperimentResult, SideResult, TrialResult } from '../result/result.ts'

/** One figure, computed once for each trial. */
export interface Figure {
  /** Its row in tables: one line, unique in the module, at most 100 characters. */
  readonly name: string
  /** At most 20 characters. */
  readonly unit?: string
  /** Which way is better, said beside the figure. */
  readonly better?: 'lower' | 'higher'
  /** What it means, in a sentence: at most 500 characters. */
  readonly note?: string
  /** Of one trial: a finite number, or null when it cannot be known. What it throws is shown beside the figure. */
  readonly value: (of: FigureInput) => number | null
}

/** All of it is frozen: copy before sorting. */
export interface FigureInput {
  readonly trial: TrialResult
  readonly side: SideResult
  /** For figures that look at other trials or sides, or at the workload. */
  readonly result: ExperimentResult
}
