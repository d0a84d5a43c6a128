/** Numbers of messages as runs of consecutive ones. */
export interface TokenRuns {
  readonly firsts: number[]
  readonly counts: number[]
}

/** None yet. */
export function noRuns(): TokenRuns {
  return { firsts: [], counts: [] }
}

/** Adds `count` numbers from `first` on, to the last run where they continue it. */
export function addRun(runs: TokenRuns, first: number, count: number): void {
  const last = runs.firsts.length - 1
  if (last >= 0 && runs.firsts[last]! + runs.counts[last]! === first) runs.counts[last]! += count
  else {
    runs.firsts.push(first)
    runs.counts.push(count)
  }
}
