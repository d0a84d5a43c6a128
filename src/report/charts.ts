import { columnsOf, sideColumnsOf } from '../compare/table.ts'
import type { EncodedHistogram, LatencyName } from '../engine/types.ts'
import { type CurvePoint, percentileCurve } from '../result/curve.ts'
import { type Bucket, bucketsOf, sumHistograms } from '../result/histogram.ts'
import type { ExperimentResult, IntervalResult, LatencyResult, TrialResult } from '../result/result.ts'
import { mergeBuckets } from '../result/summary.ts'

/** Points of a chart over time; longer trials are drawn in steps of several seconds, histograms merged. */
const MAX_TIME_POINTS = 600
/** The same of all charts over time together, so that many trials still make a small page. */
const MAX_PAGE_POINTS = 6_000

type Line = readonly (number | null)[]

/** A percentile chart, the trials of a side pooled: all sides over one axis of −log10(1 − share). Latencies in ms. */
export interface PercentileChart {
  readonly title: string
  readonly x: readonly number[]
  readonly sides: readonly {
    readonly label: string
    readonly ms: Line
    /** The part of the curve that is only known to be at least this. */
    readonly atLeastMs: Line
  }[]
}

/** What one trial did over time; x in seconds from the start of its warm-up. */
export interface TimeChart {
  readonly label: string
  readonly stepS: number
  readonly warmupEndS: number
  readonly measureEndS: number
  readonly x: readonly number[]
  readonly latencies: Readonly<Record<'publish' | 'endToEnd', { p50: Line; p99: Line; max: Line }>>
  readonly rates: { readonly scheduled: Line; readonly acknowledged: Line; readonly received: Line }
}

export interface Charts {
  readonly percentiles: readonly PercentileChart[]
  readonly times: readonly TimeChart[]
}

const LATENCY_CHARTS = [
  ['publish', 'Publish latency'],
  ['endToEnd', 'End-to-end latency'],
] as const

/** Everything the page draws, as plain numbers. */
export function chartsOf(result: ExperimentResult): Charts {
  const columns = columnsOf(result).filter(({ trial }) => trial !== null)
  const sides = sideColumnsOf(result).filter(({ trials }) => trials.length > 0)
  const maxPoints = Math.min(MAX_TIME_POINTS, Math.ceil(MAX_PAGE_POINTS / Math.max(1, columns.length)))
  return {
    percentiles: LATENCY_CHARTS.map(([name, title]) =>
      percentileChart(
        title,
        sides.map(({ label, trials }) => ({
          label,
          latencies: trials.map(({ phases }) => phases.measure.latencies[name]),
        })),
      ),
    ),
    times: columns.map(({ label, trial }) => timeChart(label, trial!, maxPoints)),
  }
}

function percentileChart(
  title: string,
  sides: readonly { readonly label: string; readonly latencies: readonly LatencyResult[] }[],
): PercentileChart {
  const curves = sides.map(({ label, latencies }) => ({ label, ...curveOf(latencies) }))
  const x = [...new Set(curves.flatMap(({ points }) => points.map(({ nines }) => nines)))].sort(
    (a, b) => a - b,
  )
  return {
    title,
    x: x.map((nines) => round(nines)),
    sides: curves.map(({ label, points, knownUpTo }) => {
      const at = new Map(points.map((point, index) => [point.nines, { point, index }]))
      const line = (wanted: (index: number) => boolean): Line =>
        x.map((nines) => {
          const found = at.get(nines)
          return found !== undefined && wanted(found.index) ? round(found.point.us / 1000) : null
        })
      // The parts share one point, so that the line has no gap.
      return {
        label,
        ms: line((i) => i < knownUpTo),
        atLeastMs: line((i) => i >= knownUpTo - 1 && knownUpTo < points.length),
      }
    }),
  }
}

/** The curve over all values of all trials together, and how many of its points stay the same when what never came counts as infinite. */
function curveOf(latencies: readonly LatencyResult[]): {
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
  return histograms.map(bucketsOf).reduce(mergeBuckets, [])
}

function timeChart(label: string, trial: TrialResult, maxPoints: number): TimeChart {
  const stepS = Math.ceil(trial.intervals.length / maxPoints) || 1
  const steps = chunks(trial.intervals, stepS)
  const seconds = (step: readonly IntervalResult[]) => Math.max(1e-3, step.at(-1)!.endS - step[0]!.startS)
  const rate = (count: (interval: IntervalResult) => number): Line =>
    steps.map((step) => Math.round(step.reduce((sum, interval) => sum + count(interval), 0) / seconds(step)))
  const warmupEndS = trial.phases.warmup.durationS
  return {
    label,
    stepS,
    warmupEndS,
    measureEndS: warmupEndS + trial.phases.measure.durationS,
    x: steps.map((step) => round((step[0]!.startS + step.at(-1)!.endS) / 2)),
    latencies: { publish: latencyLines(steps, 'publish'), endToEnd: latencyLines(steps, 'endToEnd') },
    rates: {
      scheduled: rate(({ counts }) => counts.scheduled),
      acknowledged: rate(({ counts }) => counts.acknowledged),
      received: rate(({ received }) => received),
    },
  }
}

function latencyLines(steps: readonly (readonly IntervalResult[])[], name: LatencyName) {
  const values = steps.map((step) => {
    const found = step.flatMap((interval) => interval.latencies[name] ?? []).filter(({ count }) => count > 0)
    if (found.length === 0) return null
    if (found.length === 1) return { p50: found[0]!.p50Us, p99: found[0]!.p99Us, max: found[0]!.maxUs }
    const merged = sumHistograms(found.map(({ hdr }) => hdr))
    return {
      p50: merged.getValueAtPercentile(50),
      p99: merged.getValueAtPercentile(99),
      max: merged.maxValue,
    }
  })
  const line = (key: 'p50' | 'p99' | 'max'): Line =>
    values.map((value) => (value === null ? null : round(Math.max(1, value[key]) / 1000)))
  return { p50: line('p50'), p99: line('p99'), max: line('max') }
}

function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  )
}

/** Four digits after the point: finer than a pixel, and the page stays small. */
function round(value: number): number {
  return Math.round(value * 1e4) / 1e4
}
