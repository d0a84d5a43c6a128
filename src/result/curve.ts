import type { Bucket } from './histogram.ts'

/** Points of a curve for each tenth of the values that are left (0 – 90 %, 90 – 99 %, …). */
const POINTS_PER_DECADE = 40

/** A point of the percentile curve. */
export interface CurvePoint {
  /** Share of values at or below, 0 … 1; 1 is the largest value. */
  readonly share: number
  /** −log10(1 − share): 1 at 90 %, 2 at 99 %. Of the last point: that of the last but one value. */
  readonly nines: number
  readonly us: number
}

/**
 * The curve of values against 1/(1 − share) on a logarithmic axis: every step in the tail is as visible as the body. Ends
 * at the largest value, which stands at log10(count). Bounded: 40 points a decade. `count` may exceed the values in
 * `buckets` (values unknown or infinite): the curve then ends where they begin.
 */
export function percentileCurve(buckets: readonly Bucket[], count: number): readonly CurvePoint[] {
  const points: CurvePoint[] = []
  if (count === 0) return points
  const last = Math.log10(count)
  let index = 0
  let seen = buckets[0]?.count ?? 0
  const pointAt = (nines: number, share: number): boolean => {
    const rank = Math.max(1, Math.ceil(share * count - 1e-6))
    while (seen < rank && index + 1 < buckets.length) seen += buckets[++index]!.count
    if (seen < rank || buckets.length === 0) return false
    points.push({ share, nines, us: buckets[index]!.us })
    return true
  }
  for (let step = 0; step < last * POINTS_PER_DECADE; step++) {
    const nines = step / POINTS_PER_DECADE
    if (!pointAt(nines, 1 - 10 ** -nines)) return points
  }
  pointAt(last, 1)
  return points
}
