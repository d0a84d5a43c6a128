/** Receives one range: its first sequence number and how many follow one another from there. */
export type RangeCallback = (first: number, count: number) => void

/** The sequence numbers that were accepted and not settled yet, as disjoint ascending ranges. */
export interface Outstanding {
  /** Sequence numbers held. */
  readonly count: number
  /** Ranges held; never more than the ranges in flight plus one. */
  readonly ranges: number
  /** Adds numbers above all that were ever added. */
  add(first: number, count: number): void
  /**
   * Removes what is held of the range and hands it to `taken`, after the books are right, so that `taken` may add.
   * Returns how many were held.
   */
  take(first: number, count: number, taken: RangeCallback): number
  /** Removes everything. */
  drain(taken: RangeCallback): number
}

/** Constant time for settlement in order, logarithmic search plus a shift of the ranges held otherwise. */
export function createOutstanding(): Outstanding {
  const starts: number[] = []
  const ends: number[] = []
  let held = 0

  /** Index of the first range that ends after `sequence`. */
  function search(sequence: number): number {
    if (ends.length === 0 || sequence < ends[0]!) return 0
    let low = 0
    let high = ends.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (ends[middle]! > sequence) high = middle
      else low = middle + 1
    }
    return low
  }

  /** Cuts [from, to) out of the range at `index`, which covers it. */
  function cut(index: number, from: number, to: number): void {
    const startsThere = starts[index] === from
    const endsThere = ends[index] === to
    if (startsThere && endsThere) {
      starts.splice(index, 1)
      ends.splice(index, 1)
    } else if (startsThere) starts[index] = to
    else if (endsThere) ends[index] = from
    else {
      starts.splice(index + 1, 0, to)
      ends.splice(index, 0, from)
    }
    held -= to - from
  }

  return {
    get count() {
      return held
    },
    get ranges() {
      return starts.length
    },
    add(first, count) {
      if (count === 0) return
      if (ends.length > 0 && ends.at(-1) === first) ends[ends.length - 1] = first + count
      else {
        starts.push(first)
        ends.push(first + count)
      }
      held += count
    },
    take(first, count, taken) {
      const end = first + count
      let index = search(first)
      if (index < starts.length && starts[index]! <= first && ends[index]! >= end) {
        cut(index, first, end)
        taken(first, count)
        return count
      }
      const pieces: number[] = []
      while (index < starts.length && starts[index]! < end) {
        const from = Math.max(first, starts[index]!)
        const to = Math.min(end, ends[index]!)
        const lowerPartStays = starts[index]! < from
        pieces.push(from, to - from)
        cut(index, from, to)
        if (lowerPartStays) index++
      }
      return handOver(pieces, taken)
    },
    drain(taken) {
      const pieces = starts.flatMap((start, i) => [start, ends[i]! - start])
      starts.length = 0
      ends.length = 0
      held = 0
      return handOver(pieces, taken)
    },
  }

  function handOver(pieces: readonly number[], taken: RangeCallback): number {
    let total = 0
    for (let i = 0; i < pieces.length; i += 2) {
      taken(pieces[i]!, pieces[i + 1]!)
      total += pieces[i + 1]!
    }
    return total
  }
}
