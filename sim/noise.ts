import { newRandom } from '../src/engine/random.ts'

/** Seeded normal numbers, mean 0 and deviation 1 (Marsaglia's polar method). */
export function normalNumbers(seed: number): () => number {
  const random = newRandom(seed)
  const uniform = () => random.below(2 ** 31) / 2 ** 30 - 1
  let spare: number | null = null
  return () => {
    if (spare !== null) {
      const kept = spare
      spare = null
      return kept
    }
    for (;;) {
      const [u, v] = [uniform(), uniform()]
      const s = u * u + v * v
      if (s === 0 || s >= 1) continue
      const factor = Math.sqrt((-2 * Math.log(s)) / s)
      spare = v * factor
      return u * factor
    }
  }
}
