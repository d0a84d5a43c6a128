/** Median; the mean of the middle two of an even number of values. Not a number without any. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Centre of one side's trials and how well it is known. */
export interface Spread {
  readonly median: number
  readonly n: number
  /**
   * The larger distance of the median's own 95 % interval (order statistics) from it, as a share of it. Null below
   * six trials: no interval of a median reaches 95 % then (2 / 2^5 > 0.05).
   */
  readonly share: number | null
}

const SPREAD_ALPHA = 0.05

/** Values above 0. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const n = sorted.length
  const centre = median(sorted)
  const cut = medianCut(n)
  if (cut === null) return { median: centre, n, share: null }
  const share = Math.max(centre - sorted[cut]!, sorted[n - 1 - cut]! - centre) / centre
  return { median: centre, n, share }
}

/** How many values may be left out at each end so that the rest covers the median at 95 %: the sign test, inverted. */
function medianCut(n: number): number | null {
  let probability = 0.5 ** n
  let tail = probability
  if (2 * tail > SPREAD_ALPHA) return null
  let cut = 0
  while (cut + 1 < n / 2) {
    probability *= (n - cut) / (cut + 1)
    if (2 * (tail + probability) > SPREAD_ALPHA) break
    tail += probability
    cut++
  }
  return cut
}

/**
 * Noise from trial to trial: standard deviation of the logarithms within each sample, pooled; 0.05 is about 5 %. Null
 * when no sample has two values.
 */
export function trialNoise(...samples: readonly (readonly number[])[]): number | null {
  let squares = 0
  let degrees = 0
  for (const sample of samples) {
    const logs = sample.map(Math.log)
    const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length
    for (const log of logs) squares += (log - mean) ** 2
    degrees += Math.max(0, logs.length - 1)
  }
  return degrees === 0 ? null : Math.sqrt(squares / degrees)
}
