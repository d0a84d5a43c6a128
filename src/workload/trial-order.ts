import { newRandom } from '../engine/random.ts'

/**
 * The order of all trials, as indices of sides. In rounds that hold every side once, each round shuffled: whatever
 * changes slowly on the machine meets all sides alike, and no side is always first. The same seed gives the same order.
 * One trial a side keeps the order in which the sides were named.
 */
export function trialOrder(sides: number, perSide: number, seed: number): number[] {
  const named = Array.from({ length: sides }, (_, index) => index)
  if (perSide === 1) return named
  const random = newRandom(seed)
  return Array.from({ length: perSide }, () => {
    const round = [...named]
    for (let last = sides - 1; last > 0; last--) {
      const other = random.below(last + 1)
      ;[round[last], round[other]] = [round[other]!, round[last]!]
    }
    return round
  }).flat()
}
