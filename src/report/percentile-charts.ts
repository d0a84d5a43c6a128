import type { EncodedHistogram } from '../engine/types.ts'
import { type CurvePoint, percentileCurve } from '../result/curve.ts'
import { type Bucket, summedBuckets } from '../result/histogram.ts'
import type { LatencyResult } from '../result/result.ts'
import { mergeBuckets } from '../result/summary.ts'
import { type Line, milliseconds } from './lines.ts'

/** A percentile chart: all sides over one axis of −log10(1 − share). Latencies in ms. */
export interface PercentileChart {
  readonly title: string
  readonly x: readonly number[]
  readonly sides: readonly PercentileLines[]
}

export interface PercentileLines {
  /** Index among the sides of the result. */
  readonly side: number
  /** The messages of all trials pooled. */
  readonly ms: Line
  /** The part of the curve that is only known to be at least this. */
  readonly atLeastMs: Line
  /** Lowest and highest of the trials' own curves, as far as all of them reach; empty with one trial. */
  readonly lowMs: Line
  readonly highMs: Line
}

/** One latency of one side, a trial each. */
export interface SideLatencies {
  readonly side: number
  readonly latencies: readonly LatencyResult[]
}

/** `keepEvery` thins the curves: every n-th point and the last one are kept. */
export function percentileChart(
  title: string,
  sides: readonly SideLatencies[],
  keepEvery = 1,
): PercentileChart {
  const curves = sides.map(({ side, latencies }) => ({
    side,
    ...pooledCurve(latencies),
    trials: latencies.length > 1 ? latencies.map((latency) => pooledCurve([latency]).points) : [],
  }))
  const x = [...new Set(curves.flatMap(({ points }) => thinned(points, keepEvery)))].sort((a, b) => a - b)
  return {
    title,
    x: x.map((nines) => Math.round(nines * 1e4) / 1e4),
    sides: curves.map(({ side, points, knownUpTo, trials }) => {
      const at = indexed(points)
      const line = (wanted: (index: number) => boolean): Line =>
        x.map((nines) => {
          const found = at.get(nines)
          return found !== undefined && wanted(found) ? milliseconds(points[found]!.us) : null
        })
      // The parts share one point, so that the line has no gap.
      return {
        side,
        ms: line((i) => i < knownUpTo),
        atLeastMs: line((i) => i >= knownUpTo - 1 && knownUpTo < points.length),
        ...rangeOf(trials, x),
      }
    }),
  }
}

function rangeOf(trials: readonly (readonly CurvePoint[])[], x: readonly number[]) {
  const line = (pick: (...values: number[]) => number): Line =>
    trials.length === 0
      ? []
      : x.map((nines) => {
          const values = trials.map((points, i) => points[positions[i]!.get(nines) ?? -1]?.us)
          return values.includes(undefined) ? null : milliseconds(pick(...(values as number[])))
        })
  const positions = trials.map(indexed)
  return { lowMs: line(Math.min), highMs: line(Math.max) }
}

function indexed(points: readonly CurvePoint[]): ReadonlyMap<number, number> {
  return new Map(points.map(({ nines }, index) => [nines, index]))
}

function thinned(points: readonly CurvePoint[], keepEvery: number): readonly number[] {
  return points.filter((_, i) => i % keepEvery === 0 || i === points.length - 1).map(({ nines }) => nines)
}

/** The curve over all values together, and how many of its points stay the same when what never came counts as infinite. */
function pooledCurve(latencies: readonly LatencyResult[]): {
  points: readonly CurvePoint[]
  knownUpTo: number
} {
  const seen = pooled(latencies.map(({ completed }) => completed))
  const missing = pooled(latencies.map(({ censored }) => censored))
  const count = latencies.reduce((sum, { completed, censored }) => sum + completed.count + censored.count, 0)
  const points = percentileCurve(mergeBuckets(seen, missing), count)
  if (missing.length === 0) return { points, knownUpTo: points.length }
  const pessimistic = percentileCurve(seen, count)
  const changed = points.findIndex(({ us }, i) => pessimistic[i]?.us !== us)
  return { points, knownUpTo: changed === -1 ? points.length : changed }
}

function pooled(histograms: readonly EncodedHistogram[]): readonly Bucket[] {
  return summedBuckets(histograms.map(({ hdr, count }) => (count === 0 ? '' : hdr)))
}
