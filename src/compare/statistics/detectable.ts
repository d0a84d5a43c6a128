import { newRandom } from '../../engine/random.ts'
import { uDistribution } from './distribution.ts'
import { ALPHA } from './limits.ts'
import { normal } from './normal.ts'

/** A difference counts as detectable when it would be shown this often. */
export const DETECTION_POWER = 0.8

/** Draws of both samples; fewer for large ones, whose draws differ less, so that the work stays bounded. */
const DRAWS = { most: 1_000, least: 100, pairs: 1_000_000 } as const
const SEED = 20_250_101

/** Known answers by `n,m,cut`; a report asks the same few many times. Emptied when full. */
const known = new Map<string, number>()
const KNOWN_LIMIT = 64

/**
 * The smallest difference that n against m trials would show in four of five repetitions, as a share (0.12 is "12 %
 * more"), given the noise from trial to trial (`trialNoise`) and how many tests the report holds. Null where no
 * difference whatever could be shown.
 *
 * Seeded simulation of the exact test on normal logarithms: shifted by d, the test rejects when at most `cut` pairs
 * still stand the wrong way round, so a draw's least detectable d is an order statistic of its pairwise differences.
 */
export function smallestDetectable(n: number, m: number, noise: number, tests: number): number | null {
  const distribution = uDistribution(n, m)
  let cut = -1
  let tail = 0
  while (2 * (tail + distribution[cut + 1]!) <= ALPHA / Math.max(1, tests)) {
    cut++
    tail += distribution[cut]!
  }
  if (cut < 0) return null
  return Math.expm1(noise * detectableShift(n, m, cut))
}

/** In standard deviations of the noise. */
function detectableShift(n: number, m: number, cut: number): number {
  const key = `${n},${m},${cut}`
  const before = known.get(key)
  if (before !== undefined) return before
  const random = newRandom(SEED)
  const draws = Math.min(DRAWS.most, Math.max(DRAWS.least, Math.floor(DRAWS.pairs / (n * m))))
  const least = Array.from({ length: draws }, () => {
    const first = Array.from({ length: n }, () => normal(random))
    const second = Array.from({ length: m }, () => normal(random))
    const rising = Float64Array.from(first.flatMap((a) => second.map((b) => a - b))).sort()
    return Math.max(0, rising[rising.length - 1 - cut]!)
  }).sort((a, b) => a - b)
  const shift = least[Math.ceil(DETECTION_POWER * draws) - 1]!
  if (known.size >= KNOWN_LIMIT) known.clear()
  known.set(key, shift)
  return shift
}
