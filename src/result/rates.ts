import type { Workload } from '../workload/model.ts'
import type { ExperimentResult, TrialResult } from './result.ts'

/**
 * Messages a second that the schedule offered in measure. Of a trial that was cut short only the time counts for which it
 * really ran, else an interruption would look like a lower rate. 0 when nothing was scheduled.
 */
export function offeredRateHz(trial: Pick<TrialResult, 'phases' | 'intervals' | 'interrupted'>): number {
  const { warmup, measure } = trial.phases
  const { counts, durationS } = measure
  // Seconds are those of the workers, who may come late to the first one: the schedule began on time.
  const ends = trial.intervals
    .filter(({ phase, counts: { scheduled } }) => phase === 'measure' && scheduled > 0)
    .map(({ endS }) => endS)
  const ranS = Math.max(0, ...ends) - warmup.durationS
  const seconds = trial.interrupted !== null && ranS > 0 ? Math.min(ranS, durationS) : durationS
  return seconds > 0 ? counts.scheduled / seconds : 0
}

/** Messages a second that the trial was to offer. */
export function plannedRateHz(
  { rateHz }: Pick<TrialResult, 'rateHz'>,
  { producerRateHz }: Pick<Workload, 'producerRateHz'>,
): number {
  return rateHz ?? producerRateHz
}

/** Every rate that was to be offered, ascending. */
export function plannedRatesHz({ workload, sides }: Pick<ExperimentResult, 'workload' | 'sides'>): number[] {
  const asked = workload.ratesHz ?? []
  const offered = sides.flatMap(({ trials }) => trials.map((trial) => plannedRateHz(trial, workload)))
  const rates = [...new Set([...asked, ...offered])]
  return rates.length === 0 ? [workload.producerRateHz] : rates.sort((a, b) => a - b)
}
