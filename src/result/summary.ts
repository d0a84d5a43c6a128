import { hdrHighestUs, hdrLowestUs } from '../engine/hdr-layout.ts'
import { Recorder } from '../engine/histogram.ts'
import type { EncodedHistogram } from '../engine/types.ts'
import type { LatencySummary, Quantile } from './result.ts'

/**
 * Quantiles over what was seen and what never came. A censored value counts at its lower bound; a quantile is marked
 * `atLeast` when counting the censored as infinite would give another one. Values are the upper ends of HDR buckets
 * (3 significant digits); the q-quantile is the value of rank ⌈q·n⌉.
 */
export function summarise(completed: EncodedHistogram, censored: EncodedHistogram): LatencySummary {
  const seen = new Recorder()
  seen.addEncoded(completed)
  const all = new Recorder()
  all.add(seen)
  all.addEncoded(censored)
  const cumulatedSeen = cumulate(seen)
  const cumulatedAll = cumulate(all)
  const at = (q: number): Quantile => {
    if (all.count === 0) return { us: 0, atLeast: false }
    const rank = Math.max(1, ceilNear(q * all.count))
    const index = indexOfRank(cumulatedAll, rank)
    return { us: hdrHighestUs(index), atLeast: index !== indexOfRank(cumulatedSeen, rank) }
  }
  const max = at(1)
  return {
    count: all.count,
    censored: censored.count,
    negative: completed.negative + censored.negative,
    saturated: completed.saturated + censored.saturated,
    meanUs: meanUs(seen),
    p50: at(0.5),
    p75: at(0.75),
    p95: at(0.95),
    p99: at(0.99),
    p999: at(0.999),
    p9999: at(0.9999),
    max: { us: max.us, atLeast: censored.count > 0 },
  }
}

interface Cumulated {
  readonly indexes: readonly number[]
  readonly counts: readonly number[]
}

function cumulate(recorder: Recorder): Cumulated {
  const indexes: number[] = []
  const counts: number[] = []
  let total = 0
  recorder.forEachCount((index, count) => {
    total += count
    indexes.push(index)
    counts.push(total)
  })
  return { indexes, counts }
}

/** The counter that holds the value of this rank; −1 when there are fewer values (they are infinite). */
function indexOfRank({ indexes, counts }: Cumulated, rank: number): number {
  let low = 0
  let high = counts.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (counts[middle]! < rank) low = middle + 1
    else high = middle
  }
  return indexes[low] ?? -1
}

/** 0.99 × 100 is 99, not 99.00000000000001. */
function ceilNear(value: number): number {
  const whole = Math.round(value)
  return Math.abs(value - whole) < whole * 1e-12 ? whole : Math.ceil(value)
}

function meanUs(recorder: Recorder): number | null {
  if (recorder.count === 0) return null
  let sum = 0
  recorder.forEachCount((index, count) => {
    sum += ((hdrLowestUs(index) + hdrHighestUs(index)) / 2) * count
  })
  return sum / recorder.count
}
