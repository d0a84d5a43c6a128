/**
 * Holm's step-down adjustment: p values that may each be held against alpha so that the probability of any false claim
 * among them all is at most alpha, however they depend on one another. Same order as given.
 */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, index) => index).sort((a, b) => pValues[a]! - pValues[b]!)
  const adjusted = new Array<number>(pValues.length).fill(1)
  let least = 0
  order.forEach((index, place) => {
    least = Math.max(least, Math.min(1, (pValues.length - place) * pValues[index]!))
    adjusted[index] = least
  })
  return adjusted
}
