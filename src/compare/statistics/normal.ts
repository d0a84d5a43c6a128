import type { Random } from '../../engine/random.ts'

const STEPS = 2 ** 32

/** A number from the standard normal distribution (Box and Muller). */
export function normal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log((random.below(STEPS) + 1) / STEPS))
  return radius * Math.cos((2 * Math.PI * random.below(STEPS)) / STEPS)
}
