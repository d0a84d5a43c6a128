import { END_TO_END_TIMING } from '../telemetry/prometheus.ts'
import type { Scrape } from './scrape.ts'

/** From a request's arrival at the gateway to its answer, over all signals, between two scrapes. */
export interface ServerLatency {
  readonly count: number
  /** Interpolated in its bucket, at most the upper bound of the last one; 0 without requests. */
  readonly p50Ms: number
  readonly p99Ms: number
}

const BUCKET = `${END_TO_END_TIMING}_seconds_bucket`

/** What the gateway's own histogram gained from `before` to `after`. */
export function serverLatency(before: Scrape, after: Scrape): ServerLatency {
  const gained = buckets(after)
  for (const [bound, count] of buckets(before)) gained.set(bound, (gained.get(bound) ?? 0) - count)
  const cumulative = [...gained].sort((a, b) => a[0] - b[0])
  return {
    count: cumulative.at(-1)?.[1] ?? 0,
    p50Ms: quantileSeconds(cumulative, 0.5) * 1000,
    p99Ms: quantileSeconds(cumulative, 0.99) * 1000,
  }
}

/** Upper bound in seconds → requests at or below it. */
function buckets({ samples }: Scrape): Map<number, number> {
  const sums = new Map<number, number>()
  for (const { name, labels, value } of samples) {
    const bound = labels.get('le')
    if (name !== BUCKET || bound === undefined) continue
    const seconds = bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound)
    sums.set(seconds, (sums.get(seconds) ?? 0) + value)
  }
  return sums
}

function quantileSeconds(cumulative: readonly (readonly [number, number])[], quantile: number): number {
  const rank = (cumulative.at(-1)?.[1] ?? 0) * quantile
  if (rank === 0) return 0
  let lowerBound = 0
  let below = 0
  for (const [bound, count] of cumulative) {
    if (count >= rank) {
      if (bound === Number.POSITIVE_INFINITY) return lowerBound
      return lowerBound + ((bound - lowerBound) * (rank - below)) / (count - below)
    }
    lowerBound = bound
    below = count
  }
  return lowerBound
}
