import type { LatencyName } from '../engine/types.ts'
import type { ExperimentResult, SideResult, TrialResult } from '../result/result.ts'
import { fileSlug } from './escape.ts'

/** Folder below the report's, for files of their own kind. */
export const RAW_DATA = 'raw_data'

/** Latencies that get histogram files of their own. */
export const EXPORTED_LATENCIES: readonly (readonly [LatencyName, string])[] = [
  ['publish', 'publish'],
  ['service', 'service'],
  ['scheduleDelay', 'schedule-delay'],
  ['endToEnd', 'end-to-end'],
]

/** A trial and how its files' names begin. */
export interface NamedTrial {
  readonly side: SideResult
  /** 1 … n within the side. */
  readonly trialNumber: number
  readonly trial: TrialResult
  readonly name: string
}

/** Every trial with a file name of its own. */
export function namedTrials({ sides }: Pick<ExperimentResult, 'sides'>): readonly NamedTrial[] {
  const names = new Set<string>()
  return sides.flatMap((side) =>
    side.trials.map((trial, index) => {
      const wanted = fileSlug(side.trials.length === 1 ? side.label : `${side.label}-${index + 1}`)
      return { side, trialNumber: index + 1, trial, name: uniqueName(wanted, names) }
    }),
  )
}

/** File name of a latency's percentile distribution, in ms. */
export function hgrmName(name: string, title: string): string {
  return `${name}.${title}.ms.hgrm`
}

/** Two labels may give one file name (`a:b` and `a/b`), also where upper and lower case are the same. */
function uniqueName(wanted: string, taken: Set<string>): string {
  let name = wanted
  for (let number = 2; taken.has(name.toLowerCase()); number++) name = `${wanted}-${number}`
  taken.add(name.toLowerCase())
  return name
}
