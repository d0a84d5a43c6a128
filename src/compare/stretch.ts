import type { LatencyName } from '../engine/types.ts'
import { type Bucket, summedBuckets } from '../result/histogram.ts'
import type { IntervalResult, TrialResult } from '../result/result.ts'
import { rankOf, valueAtRank } from '../result/summary.ts'

/** Part of a trial, in seconds from its epoch. */
export interface Stretch {
  readonly fromS: number
  readonly toS: number
}

/**
 * The intervals whose middle lies in the stretch: workers tell by the second, a little after it. Of a stretch that is too
 * short for one, the interval that it lies in.
 */
export function intervalsIn(
  { intervals }: Pick<TrialResult, 'intervals'>,
  { fromS, toS }: Stretch,
): readonly IntervalResult[] {
  const own = intervals.filter(({ startS, endS }) => {
    const middleS = (startS + endS) / 2
    return middleS >= fromS && middleS < toS
  })
  if (own.length > 0) return own
  const middleS = (fromS + toS) / 2
  return intervals.filter(({ startS, endS }) => startS <= middleS && middleS < endS)
}

/** Messages a second over the intervals; null without any. */
export function rateOver(
  intervals: readonly IntervalResult[],
  count: (interval: IntervalResult) => number,
): number | null {
  const seconds = intervals.reduce((sum, { startS, endS }) => sum + endS - startS, 0)
  return seconds === 0 ? null : intervals.reduce((sum, interval) => sum + count(interval), 0) / seconds
}

/** Quantiles of what was recorded in the stretch, µs; null when nothing was. `parts` of 10,000. */
export function quantileOver(
  intervals: readonly IntervalResult[],
  name: LatencyName,
  parts: number,
): number | null {
  const buckets: readonly Bucket[] = summedBuckets(
    intervals.flatMap(({ latencies }) => latencies[name]?.hdr ?? []),
  )
  const count = buckets.reduce((sum, bucket) => sum + bucket.count, 0)
  return count === 0 ? null : (valueAtRank(buckets, rankOf(parts, count)) ?? null)
}
