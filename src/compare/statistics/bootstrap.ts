import type { Random } from '../../engine/random.ts'
import { ALPHA, logarithms } from './limits.ts'
import type { RatioInterval } from './shift.ts'
import { median } from './spread.ts'

/** Below ten trials resampling repeats the same few values and its intervals are too narrow. */
export const BOOTSTRAP_LEAST_TRIALS = 10

const RESAMPLES = 2_000

/**
 * Ratio of medians (of logarithms), second / first, with its percentile bootstrap interval over trials. It is for figures that the
 * exact interval (`ratioInterval`) does not fit; its level is nominal. Null below ten trials on either side.
 * @throws AppError `USAGE` for values that are not above 0, none, or too many.
 */
export function bootstrapInterval(
  first: readonly number[],
  second: readonly number[],
  random: Random,
  alpha = ALPHA,
): RatioInterval | null {
  const [one, other] = [logarithms(first), logarithms(second)]
  if (Math.min(one.length, other.length) < BOOTSTRAP_LEAST_TRIALS) return null
  const shifts = Array.from(
    { length: RESAMPLES },
    () => median(resample(other, random)) - median(resample(one, random)),
  ).sort((a, b) => a - b)
  const out = Math.floor((alpha / 2) * RESAMPLES)
  return {
    ratio: Math.exp(median(other) - median(one)),
    low: Math.exp(shifts[out]!),
    high: Math.exp(shifts[RESAMPLES - 1 - out]!),
    level: 1 - alpha,
  }
}

function resample(values: readonly number[], random: Random): number[] {
  return values.map(() => values[random.below(values.length)]!)
}
