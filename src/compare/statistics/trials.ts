import { ALPHA, MAX_TRIALS_PER_SIDE } from './limits.ts'

/** From six trials on, the median of a side has a 95 % interval of its own, so its `±` can be printed. */
const LEAST_FOR_SPREAD = 6

/** The least p value that n against m trials can ever give: every value of one side below all of the other. */
export function leastP(n: number, m: number): number {
  let arrangements = 1
  for (let i = 1; i <= n; i++) arrangements *= (m + i) / i
  return Math.min(1, 2 / arrangements)
}

/** Whether n against m trials could show a difference at 5 % in a report of so many tests. */
export function canShowDifference(n: number, m: number, tests: number): boolean {
  return leastP(n, m) <= ALPHA / Math.max(1, tests)
}

/**
 * Trials a side that a report of so many tests needs: the least n with 2 / C(2n, n) ≤ 0.05 / tests, and at least six so
 * that each side's own spread is known. Six up to 23 tests, seven up to 85.
 */
export function trialsNeeded(tests: number): number {
  let n = LEAST_FOR_SPREAD
  while (n < MAX_TRIALS_PER_SIDE && !canShowDifference(n, n, tests)) n++
  return n
}

/** Tests of a report: every figure of every pair of sides. */
export function testCount(sides: number, figures: number): number {
  return (figures * sides * (sides - 1)) / 2
}

/** `3 trials cannot show a difference at 5 %`; `3+5 trials …` where the sides differ. */
export function tooFewSentence(n: number, m: number): string {
  const trials = n === m ? (n === 1 ? '1 trial' : `${n} trials`) : `${n}+${m} trials`
  return `${trials} cannot show a difference at 5 %`
}
