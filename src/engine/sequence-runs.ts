/**
 * Numbers noted one by one, kept as runs in bounded memory. When full, neighbours are joined: a run then says how many
 * of its numbers were noted, and `exact` is false.
 */
export interface SequenceRuns {
  add(sequence: number): void
  readonly exact: boolean
  /** Calls `visit` with the first and last number of each run and how many of them were noted. */
  forEach(visit: (first: number, last: number, count: number) => void): void
}

export function createSequenceRuns(maxRuns: number): SequenceRuns {
  let runs: { first: number; last: number; count: number }[] = []
  let exact = true

  function joinPairs(): void {
    exact = false
    runs.sort((a, b) => a.first - b.first)
    const joined: typeof runs = []
    for (let i = 0; i < runs.length; i += 2) {
      const run = runs[i]!
      const next = runs[i + 1]
      if (next !== undefined) {
        run.last = Math.max(run.last, next.last)
        run.count += next.count
      }
      joined.push(run)
    }
    runs = joined
  }

  return {
    add(sequence) {
      const last = runs.at(-1)
      if (last !== undefined && last.last + 1 === sequence) {
        last.last = sequence
        last.count++
        return
      }
      if (runs.length >= maxRuns) joinPairs()
      runs.push({ first: sequence, last: sequence, count: 1 })
    },
    get exact() {
      return exact
    },
    forEach(visit) {
      for (const { first, last, count } of runs) visit(first, last, count)
    },
  }
}
