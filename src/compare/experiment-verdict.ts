import type { ExperimentResult } from '../result/result.ts'
import { guaranteeRows } from './guarantees.ts'
import { type HeadToHead, judgeHeadToHead, sideTrialsOf } from './verdict/index.ts'

/** Exact tests over many trials take a second; every view of a report asks for the same verdict. */
const judged = new WeakMap<ExperimentResult, HeadToHead>()

/** The verdict over the trials of a result; null with fewer than two sides, or where no side has two trials. Pure. */
export function experimentVerdict(result: ExperimentResult): HeadToHead | null {
  if (result.sides.length < 2 || result.sides.every(({ trials }) => trials.length < 2)) return null
  const known = judged.get(result)
  if (known !== undefined) return known
  const load = { rateHz: result.workload.producerRateHz, sides: sideTrialsOf(result.sides, result.costs) }
  const verdict = judgeHeadToHead({
    loads: [load],
    guarantees: guaranteeRows(result),
    strict: result.strict ?? false,
  })
  judged.set(result, verdict)
  return verdict
}
