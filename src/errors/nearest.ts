/** Longer names are cut: a suggestion needs no more, and the distance costs length × length. */
const MAX_LENGTH = 100

/** The candidate nearest to what was written, for `did you mean`; null when none is near. */
export function nearest(word: string, candidates: readonly string[]): string | null {
  const limit = Math.max(word.length < 3 ? 1 : 2, Math.floor(word.length / 3))
  let best: string | null = null
  let bestDistance = Math.min(limit, word.length - 1) + 1
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** Insertions, deletions, replacements and swaps of neighbours that make one word of the other (optimal string alignment). */
export function editDistance(from: string, to: string): number {
  const a = from.slice(0, MAX_LENGTH)
  const b = to.slice(0, MAX_LENGTH)
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      let distance = Math.min(replaced, last[j]! + 1, row[j - 1]! + 1)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) distance = Math.min(distance, beforeLast[j - 2]! + 1)
      row.push(distance)
    }
    beforeLast = last
    last = row
  }
  return last[b.length]!
}
