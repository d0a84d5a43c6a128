import { plannedRateHz, plannedRatesHz } from '../result/rates.ts'
import type { Costs, ExperimentResult, TrialResult } from '../result/result.ts'
import { type Load, sideTrialsOf } from './verdict/index.ts'

type Compared = Pick<ExperimentResult, 'sides' | 'workload'>

/** The trials of every side at one rate. */
export interface RateTrials {
  /** Messages a second. */
  readonly rateHz: number
  /** One a side, in the order of the result; trials are empty where the side was not run at this rate. */
  readonly sides: readonly { readonly label: string; readonly trials: readonly TrialResult[] }[]
}

/** All trials of a result by the rate that they were to offer, ascending; at least one rate. Pure. */
export function trialsByRate({ sides, workload }: Compared): readonly RateTrials[] {
  return plannedRatesHz({ sides, workload }).map((rateHz) => ({
    rateHz,
    sides: sides.map(({ label, trials }) => ({
      label,
      trials: trials.filter((trial) => plannedRateHz(trial, workload) === rateHz),
    })),
  }))
}

/** What a verdict needs to know of each rate; places count over the whole run. Without `costs` none is known. Pure. */
export function loadsOf(result: Compared, costs?: Costs): readonly Load[] {
  const figures = new Map(
    sideTrialsOf(result.sides, costs).flatMap(({ trials }, side) =>
      trials.map((trial, i) => [result.sides[side]!.trials[i]!, trial] as const),
    ),
  )
  return trialsByRate(result).map(({ rateHz, sides }) => ({
    rateHz,
    sides: sides.map(({ label, trials }) => ({ label, trials: trials.map((trial) => figures.get(trial)!) })),
  }))
}
