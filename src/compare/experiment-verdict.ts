import type { ExperimentResult } from '../result/result.ts'
import { verdictFloors } from './floor-notes.ts'
import { guaranteeRows } from './guarantees.ts'
import { loadsOf } from './loads.ts'
import { type HeadToHead, judgeHeadToHead } from './verdict/index.ts'

/** Exact tests over many trials take a second; every view of a report asks for the same verdict. */
const judged = new WeakMap<ExperimentResult, HeadToHead>()

/**
 * The verdict over the trials of a result, at each rate that was offered; null with fewer than two sides, or where no
 * side has two trials at one rate. Pure.
 */
export function experimentVerdict(result: ExperimentResult): HeadToHead | null {
  if (result.sides.length < 2) return null
  const known = judged.get(result)
  if (known !== undefined) return known
  const loads = loadsOf(result, result.costs)
  if (loads.every(({ sides }) => sides.every(({ trials }) => trials.length < 2))) return null
  const verdict = judgeHeadToHead({
    loads,
    guarantees: guaranteeRows(result),
    strict: result.strict ?? false,
    floorsUs: verdictFloors([result.floor]),
    ...(result.costs.billing === 'not billed' ? {} : { currency: result.costs.currency }),
  })
  judged.set(result, verdict)
  return verdict
}
