import type { EncodedHistogram } from '../engine/types.ts'
import { type Bucket, bucketsOf, meanOf } from './histogram.ts'
import type { LatencySummary, Quantile } from './result.ts'

/** Quantiles are named in parts of ten thousand, so that ranks are computed in whole numbers. */
const PARTS = 10_000

/**
 * Rank (1 … count) of a quantile, by the nearest-rank rule: the smallest rank that has at least `parts` of 10,000 of
 * all values at or below it.
 */
export function rankOf(parts: number, count: number): number {
  return Math.max(1, Math.ceil((parts * count) / PARTS))
}

/** Value at a rank, or `undefined` where the rank lies beyond the recorded values. */
export function valueAtRank(buckets: readonly Bucket[], rank: number): number | undefined {
  let seen = 0
  for (const bucket of buckets) {
    seen += bucket.count
    if (seen >= rank) return bucket.us
  }
  return undefined
}

/** Both lists as one, in rising order. */
export function mergeBuckets(one: readonly Bucket[], other: readonly Bucket[]): readonly Bucket[] {
  if (other.length === 0) return one
  const counts = new Map<number, number>()
  for (const bucket of one) counts.set(bucket.us, bucket.count)
  for (const bucket of other) counts.set(bucket.us, (counts.get(bucket.us) ?? 0) + bucket.count)
  return [...counts].sort((a, b) => a[0] - b[0]).map(([us, count]) => ({ us, count }))
}

/**
 * The value at a rank of completed and censored values together. The censored ones are lower bounds; where counting
 * them as infinite would give another value, the true one is at least this: `atLeast`.
 */
export function quantileAt(completed: readonly Bucket[], all: readonly Bucket[], rank: number): Quantile {
  const us = valueAtRank(all, rank) ?? 0
  return { us, atLeast: valueAtRank(all, rank) !== undefined && valueAtRank(completed, rank) !== us }
}

/**
 * Sums up one latency. Pure: the same histograms always give the same summary. Without any value all quantiles are 0
 * and `count` is 0: print a dash, not the zero.
 */
export function summarise(completed: EncodedHistogram, censored: EncodedHistogram): LatencySummary {
  const completedBuckets = bucketsOf(completed)
  const all = mergeBuckets(completedBuckets, bucketsOf(censored))
  const count = all.reduce((sum, bucket) => sum + bucket.count, 0)
  const at = (parts: number) => quantileAt(completedBuckets, all, rankOf(parts, count))
  return {
    count,
    censored: censored.count,
    negative: completed.negative + censored.negative,
    saturated: completed.saturated + censored.saturated,
    meanUs: completed.count === 0 ? null : meanOf(completedBuckets),
    p50: at(5_000),
    p75: at(7_500),
    p95: at(9_500),
    p99: at(9_900),
    p999: at(9_990),
    p9999: at(9_999),
    max: at(PARTS),
  }
}
