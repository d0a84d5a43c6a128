/** Where the search begins, how far it goes, and how it ends. */
export const SEARCH = {
  firstHz: 50_000,
  /** Nothing here is faster. */
  mostHz: 3_200_000,
  /** Below it a machine is of no use as a generator. */
  leastHz: 1_000,
  /** Between the highest rate that was held and the lowest that was not. */
  precision: 1.2,
} as const

/**
 * The highest rate that is held, within the precision; 0 when not even the lowest is. Doubles (or halves) until it has one
 * rate that is held and one that is not, then divides between them; at most 11 steps.
 */
export async function highestRate(isHeld: (rateHz: number) => Promise<boolean>): Promise<number> {
  let heldHz = 0
  let failedHz = Number.POSITIVE_INFINITY
  let rateHz: number = SEARCH.firstHz
  while (rateHz <= SEARCH.mostHz && rateHz >= SEARCH.leastHz && failedHz > heldHz * SEARCH.precision) {
    if (await isHeld(rateHz)) heldHz = rateHz
    else failedHz = rateHz
    if (heldHz === 0) rateHz = Math.round(failedHz / 2)
    else if (failedHz === Number.POSITIVE_INFINITY) rateHz = heldHz * 2
    else rateHz = Math.round(Math.sqrt(heldHz * failedHz))
  }
  return heldHz
}
