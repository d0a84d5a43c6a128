import { subsetSumCounts, twoSidedP, uDistribution } from './distribution.ts'
import { checkSample } from './limits.ts'

export interface RankTest {
  /** Pairs in which the value of the second sample is the smaller one; ties count one half. */
  readonly u: number
  /** Two-sided, exact; conditional on the ties seen where there are any. */
  readonly p: number
}

/**
 * Exact Mann–Whitney test: do two samples come from the same distribution? The values are one a trial, never one a
 * message: messages of one trial depend on one another. With ties the p value is that of the exact permutation test on
 * midranks.
 * @throws AppError `USAGE` for an empty sample, one above `MAX_TRIALS_PER_SIDE`, or a value that is not finite.
 */
export function mannWhitney(first: readonly number[], second: readonly number[]): RankTest {
  checkSample(first)
  checkSample(second)
  const n = first.length
  const { doubledRanks, tied } = doubledMidranks([...first, ...second])
  const doubledSum = doubledRanks.slice(0, n).reduce((sum, rank) => sum + rank, 0)
  const u = doubledSum / 2 - (n * (n + 1)) / 2
  if (!tied) return { u, p: twoSidedP(uDistribution(n, second.length), u) }
  return { u, p: twoSidedP(subsetSumCounts(doubledRanks, n), doubledSum) }
}

/** Ranks from 1, times two, so that those of ties (the mean of their places) are whole numbers. */
function doubledMidranks(values: readonly number[]): { doubledRanks: number[]; tied: boolean } {
  const order = values.map((_, index) => index).sort((a, b) => values[a]! - values[b]!)
  const doubledRanks = new Array<number>(values.length).fill(0)
  let tied = false
  for (let start = 0; start < order.length; ) {
    let end = start + 1
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++
    if (end - start > 1) tied = true
    // Places start + 1 … end; twice their mean.
    for (let place = start; place < end; place++) doubledRanks[order[place]!] = start + 1 + end
    start = end
  }
  return { doubledRanks, tied }
}
