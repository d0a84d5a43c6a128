import { isSlo, parseSlo, type Slo } from '../workload/slo.ts'
import type { ExperimentResult, SideResult, TrialResult } from './result.ts'
import { judgeSlo, type SloOutcome } from './slo-value.ts'

/** What objectives are judged by. */
export interface SloSource {
  readonly workload?: Pick<ExperimentResult['workload'], 'slo'>
  readonly sides: ExperimentResult['sides']
}

/** How one trial met one objective. */
export interface TrialSlo extends SloOutcome {
  /** Label of the side. */
  readonly side: string
  /** Index among the side's trials. */
  readonly trial: number
}

/** The objectives of a workload, in its order. */
export function slosOf({ workload }: Pick<SloSource, 'workload'>): readonly Slo[] {
  return (workload?.slo ?? []).map(parseSlo).filter(isSlo)
}

/**
 * Every trial of every side held to every objective of the workload: a side meets one when each of its trials does. A
 * trial whose measurement is invalid is held to none, since its figures are not to be trusted; nor is a step that a search
 * refused. Pure.
 */
export function sloOutcomes(source: SloSource): readonly TrialSlo[] {
  const slos = slosOf(source)
  if (slos.length === 0) return []
  return source.sides.flatMap(({ label, trials, search }) =>
    trials.flatMap((facts, trial) =>
      !isHeldTo(facts, search) ? [] : slos.map((slo) => ({ ...judgeSlo(slo, facts), side: label, trial })),
    ),
  )
}

/** A step that a search refused was there to be too much. */
export function isHeldTo(
  { verdict, place }: Pick<TrialResult, 'verdict' | 'place'>,
  search: SideResult['search'],
): boolean {
  const step = search?.steps.find((each) => each.place === place)
  return verdict.measurement !== 'invalid' && (step === undefined || step.outcome === 'held')
}
