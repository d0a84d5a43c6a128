import { newRandom } from '../engine/random.ts'
import type { PlannedTrial } from './model.ts'

/**
 * The order of all trials. In rounds that hold every side at every rate once, each round shuffled: whatever changes
 * slowly on the machine meets all alike, and no side is always first. The same seed gives the same order. One trial of
 * each keeps the order in which rates and sides were named, all sides at a rate before the next.
 */
export function trialOrder(
  sides: number,
  ratesHz: readonly number[],
  perSide: number,
  seed: number,
): PlannedTrial[] {
  const named = ratesHz.flatMap((rateHz) => Array.from({ length: sides }, (_, side) => ({ side, rateHz })))
  if (perSide === 1) return named
  const random = newRandom(seed)
  return Array.from({ length: perSide }, () => {
    const round = [...named]
    for (let last = round.length - 1; last > 0; last--) {
      const other = random.below(last + 1)
      ;[round[last], round[other]] = [round[other]!, round[last]!]
    }
    return round
  }).flat()
}
