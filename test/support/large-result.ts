import type { ExperimentResult, IntervalResult, TrialResult } from '../../src/result/result.ts'
import { sampleResult, sampleSide, sampleTrial } from '../result/sample-result.ts'

/** How much was run. */
export interface LargeShape {
  readonly sides: number
  readonly trials: number
  readonly seconds: number
}

const MEDIANS_US = [1_500, 2_600, 4_100, 900]
const WARMUP_S = 10
/** Intervals that differ; they are repeated, since recording millions of messages would take longer than reading them. */
const DISTINCT_S = 20

/** A synthetic result of several sides with several trials, each as long as asked; about 2 kB a second of each trial. */
export function largeResult({ sides, trials, seconds }: LargeShape): ExperimentResult {
  return sampleResult({
    sides: Array.from({ length: sides }, (_, side) =>
      sampleSide(`side-${side}`, {
        trials: Array.from({ length: trials }, (_, trial) =>
          longTrial(side, MEDIANS_US[side % MEDIANS_US.length]! * (1 + 0.03 * (trial % 3)), seconds, {
            place: trial * sides + side,
          }),
        ),
      }),
    ),
    trialPlan: { perSide: trials, seed: 1, order: [] },
  })
}

function longTrial(
  side: number,
  medianUs: number,
  seconds: number,
  extra: Partial<TrialResult>,
): TrialResult {
  const trial = sampleTrial({ seed: side + 1, medianUs, warmupS: 5, measureS: DISTINCT_S })
  const measured = trial.intervals.filter(({ phase }) => phase === 'measure')
  const end = WARMUP_S + seconds
  const intervals = Array.from({ length: end }, (_, second): IntervalResult => {
    const sample = measured[(second * 7 + side) % measured.length]!
    return { ...sample, startS: second, endS: second + 1, phase: second < WARMUP_S ? 'warmup' : 'measure' }
  })
  const { warmup, measure } = trial.phases
  const phases = {
    warmup: { ...warmup, durationS: WARMUP_S },
    measure: { ...measure, durationS: seconds },
  }
  return { ...trial, ...extra, intervals, phases }
}
