import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { writeReport } from '../../src/report/write-report.ts'
import type { ExperimentResult, TrialResult } from '../../src/result/result.ts'
import { sampleResult, sampleSide, sampleTrial } from '../result/sample-result.ts'

/** Markup in place of every name. */
export const HOSTILE = '<script>alert(1)</script>'

/** Rates that differ from side to side, so that no line lies on another. */
function apart(trial: TrialResult, side: number): TrialResult {
  const part = (count: number, less: number) => Math.round(count * (1 - less))
  return {
    ...trial,
    intervals: trial.intervals.map((interval) => ({
      ...interval,
      counts: {
        ...interval.counts,
        acknowledged: part(interval.counts.acknowledged, 0.1 + 0.2 * side),
      },
      received: part(interval.received, 0.2 + 0.2 * side),
    })),
  }
}

/** One trial each of three sides under hostile names, one of them overloaded, and a side that could not be run. */
export function hostileResult(): ExperimentResult {
  const sample = sampleResult()
  return {
    ...sample,
    workload: { ...sample.workload, name: HOSTILE },
    workloadSource: `name: ${HOSTILE}\n# </script><img src=x onerror=alert(2)>\n`,
    sides: [
      ...sample.sides,
      sampleSide(`third${HOSTILE}`, { trials: [sampleTrial({ acknowledgedShare: 0.9, censored: 200 })] }),
      sampleSide('absent', { trials: [], error: { message: `no answer ${HOSTILE}`, hint: null } }),
    ].map((side, index) => ({ ...side, trials: side.trials.map((trial) => apart(trial, index)) })),
  }
}

const RATES_HZ = [500, 1_000, 2_000]
/** Of each side, in µs, at each rate. */
const MEDIANS_US = [
  [1_200, 1_500, 2_100],
  [2_300, 2_600, 9_800],
]

/** Two sides with three trials at each of three rates; the second one does not hold the highest. */
export function ratesResult(): ExperimentResult {
  const sample = sampleResult()
  const trials = (side: number): TrialResult[] =>
    RATES_HZ.flatMap((rateHz, rate) =>
      [0, 1, 2].map((number) => ({
        ...apart(
          sampleTrial({
            seed: side * 100 + rate * 10 + number,
            rateHz,
            warmupS: 3,
            measureS: 12,
            medianUs: MEDIANS_US[side]![rate]! * (1 + 0.06 * number),
            ...(side === 1 && rate === 2 ? { acknowledgedShare: 0.92, censored: 300 } : {}),
          }),
          side,
        ),
        rateHz,
        place: (rate * 3 + number) * 2 + side,
      })),
    )
  return {
    ...sample,
    workload: { ...sample.workload, producerRateHz: RATES_HZ[0]!, ratesHz: RATES_HZ, name: 'three rates' },
    sides: sample.sides.map((side, index) => ({ ...side, trials: trials(index) })),
    trialPlan: { perSide: 3, seed: 1, order: [] },
  }
}

/** Writes a report; returns the page's address on the disk. */
export async function reportAddress(result: ExperimentResult, folder: string, name: string): Promise<string> {
  const directory = join(folder, name)
  await mkdir(directory)
  return pathToFileURL((await writeReport(result, directory)).html).href
}
