/**
 * Null distribution of the Mann–Whitney U of n and m values without ties, which is also how the inversions of a random
 * arrangement of n ones and m zeros are spread: element u is P(U = u), u = 0 … n·m. Only sums of positive terms, so
 * the far tail is as exact as the middle.
 */
export function uDistribution(n: number, m: number): Float64Array {
  // rows[j] is the distribution for i and j values; i grows. The greatest value of all is one of the i with
  // probability i / (i + j), and then stands above all j others.
  let rows: Float64Array[] = Array.from({ length: m + 1 }, () => Float64Array.of(1))
  for (let i = 1; i <= n; i++) {
    const next: Float64Array[] = [Float64Array.of(1)]
    for (let j = 1; j <= m; j++) {
      const row = new Float64Array(i * j + 1)
      const above = rows[j]!
      const left = next[j - 1]!
      for (let u = 0; u < above.length; u++) row[u + j]! += (i / (i + j)) * above[u]!
      for (let u = 0; u < left.length; u++) row[u]! += (j / (i + j)) * left[u]!
      next.push(row)
    }
    rows = next
  }
  return rows[m]!
}

/**
 * In how many of the ways to choose n of the ranks their sum is s: element s of what is given back. Ranks are whole
 * numbers (doubled midranks where there are ties); this is the distribution conditional on the ties seen.
 */
export function subsetSumCounts(ranks: readonly number[], n: number): Float64Array {
  const largest = [...ranks].sort((a, b) => b - a).slice(0, n)
  const size = largest.reduce((sum, rank) => sum + rank, 0) + 1
  const counts = Array.from({ length: n + 1 }, () => new Float64Array(size))
  counts[0]![0] = 1
  let sumSoFar = 0
  ranks.forEach((rank, index) => {
    sumSoFar = Math.min(sumSoFar + rank, size - 1)
    for (let chosen = Math.min(index + 1, n); chosen >= 1; chosen--) {
      const from = counts[chosen - 1]!
      const to = counts[chosen]!
      for (let sum = rank; sum <= sumSoFar; sum++) to[sum]! += from[sum - rank]!
    }
  })
  return counts[n]!
}

/** Distribution of the sum of two independent whole numbers ≥ 0. */
export function convolve(one: Float64Array, other: Float64Array): Float64Array {
  const sum = new Float64Array(one.length + other.length - 1)
  for (let i = 0; i < one.length; i++) {
    for (let j = 0; j < other.length; j++) sum[i + j]! += one[i]! * other[j]!
  }
  return sum
}

/**
 * Two-sided p value of an observed whole number: twice the smaller tail, at most 1. `weights` need not sum to 1. Each
 * tail is summed from its thin end, so that small ones keep their digits.
 */
export function twoSidedP(weights: Float64Array, observed: number): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  let lower = 0
  for (let i = 0; i <= observed; i++) lower += weights[i]!
  let upper = 0
  for (let i = weights.length - 1; i >= observed; i--) upper += weights[i]!
  return Math.min(1, (2 * Math.min(lower, upper)) / total)
}
