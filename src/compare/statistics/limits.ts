import { AppError } from '../../errors/app-error.ts'

/** Probability of any false claim in a whole report. */
export const ALPHA = 0.05

/** Trials a side that the exact tests take: about a second each at the limit, and memory in tens of megabytes. */
export const MAX_TRIALS_PER_SIDE = 100

/** @throws AppError `USAGE` when a sample is empty, not finite, or longer than the exact tests take. */
export function checkSample(values: readonly number[]): void {
  if (values.length < 1 || values.length > MAX_TRIALS_PER_SIDE) {
    throw new AppError(
      'USAGE',
      `expected 1 to ${MAX_TRIALS_PER_SIDE} trials of a side, got ${values.length}`,
      {
        hint: `compare at most ${MAX_TRIALS_PER_SIDE} trials of a side`,
      },
    )
  }
  const strange = values.find((value) => !Number.isFinite(value))
  if (strange !== undefined)
    throw new AppError('USAGE', `expected a finite figure of each trial, got ${strange}`)
}

/**
 * Logarithms of a sample: differences of them are ratios.
 * @throws AppError `USAGE` as `checkSample`, and for a value that is not above 0.
 */
export function logarithms(values: readonly number[]): number[] {
  checkSample(values)
  const least = Math.min(...values)
  if (least <= 0) throw new AppError('USAGE', `expected figures above 0 to compare as ratios, got ${least}`)
  return values.map(Math.log)
}
