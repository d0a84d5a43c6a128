import { uDistribution } from './distribution.ts'
import { ALPHA, logarithms } from './limits.ts'
import { median } from './spread.ts'

/** How many times the second side's figure is that of the first, with an interval. */
export interface RatioInterval {
  /** Hodges–Lehmann: the median of the ratios of all pairs of trials. */
  readonly ratio: number
  readonly low: number
  readonly high: number
  /** What the interval achieves, 0 … 1: at least what was asked, unless the trials are too few for it. */
  readonly level: number
}

/** Hodges–Lehmann shift: the median of `second − first` over all pairs. */
export function hodgesLehmann(first: readonly number[], second: readonly number[]): number {
  return median(differences(first, second))
}

/**
 * Ratio second / first with the interval got by inverting the exact Mann–Whitney test on logarithms: the ratios that
 * the test at `alpha` would not reject. The test is discrete, so the level is a step above 1 − alpha; with too few
 * trials the interval spans all pairs and its level says how little that is. With ties it is conservative.
 * @throws AppError `USAGE` for values that are not above 0, none, or too many.
 */
export function ratioInterval(
  first: readonly number[],
  second: readonly number[],
  alpha = ALPHA,
): RatioInterval {
  const sorted = differences(logarithms(first), logarithms(second))
  const distribution = uDistribution(first.length, second.length)
  let cut = 0
  let tail = distribution[0]!
  while (cut + 1 < sorted.length / 2 && 2 * (tail + distribution[cut + 1]!) <= alpha) {
    cut++
    tail += distribution[cut]!
  }
  return {
    ratio: Math.exp(median(sorted)),
    low: Math.exp(sorted[cut]!),
    high: Math.exp(sorted[sorted.length - 1 - cut]!),
    level: Math.max(0, 1 - 2 * tail),
  }
}

/** `second − first` of all pairs, rising. */
function differences(first: readonly number[], second: readonly number[]): number[] {
  return second.flatMap((b) => first.map((a) => b - a)).sort((a, b) => a - b)
}
