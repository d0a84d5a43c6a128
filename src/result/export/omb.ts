import type { LatencyName } from '../../engine/types.ts'
import { percentileCurve } from '../curve.ts'
import { type Bucket, meanOf, summedBuckets } from '../histogram.ts'
import type { ExperimentResult, IntervalResult, SideResult, TrialResult } from '../result.ts'
import { rankOf, valueAtRank } from '../summary.ts'

/**
 * OMB's name of a latency, ours that means the same, and µs per unit of OMB's figure. OMB measures publish latency from
 * the actual send, so it is our *service time*; its end-to-end latency begins at the actual send, ours at the scheduled
 * instant, which is the larger.
 */
const LATENCY_FIELDS: readonly (readonly [string, LatencyName, number])[] = [
  ['publishLatency', 'service', 1_000],
  ['publishDelayLatency', 'scheduleDelay', 1],
  ['endToEndLatency', 'endToEnd', 1_000],
]

/** OMB's names of quantiles, and these in parts of ten thousand. */
const SUFFIXES = [
  ['50pct', 5_000],
  ['75pct', 7_500],
  ['95pct', 9_500],
  ['99pct', 9_900],
  ['999pct', 9_990],
  ['9999pct', 9_999],
] as const

/** OMB writes one element of its series per 10 s of the test. */
const WINDOW_S = 10

/** The fields of OMB's result file, as its chart scripts read them. */
export type OmbResult = Readonly<
  Record<string, string | number | readonly number[] | Readonly<Record<string, number>>>
>

/**
 * One trial in the form of OMB's TestResult. Publish and end-to-end latencies in ms, publish delay in µs, rates a
 * second. Only what completed is in it: OMB's format has no place for messages that never came.
 */
export function ombResult(result: ExperimentResult, side: SideResult, trial: TrialResult): OmbResult {
  const { workload } = result
  const windows = windowsOf(trial.intervals)
  return {
    workload: workload.name,
    driver: side.label,
    messageSize: workload.messageBytes,
    topics: workload.topics,
    partitions: workload.partitionsPerTopic,
    producersPerTopic: workload.producersPerTopic,
    consumersPerTopic: workload.consumersPerSubscription,
    publishRate: windows.map((window) => rate(window, ({ counts }) => counts.acknowledged)),
    publishErrorRate: windows.map((window) => rate(window, ({ counts }) => counts.rejected + counts.unknown)),
    consumeRate: windows.map((window) => rate(window, ({ received }) => received)),
    backlog: backlogs(trial.intervals, windows, workload.subscriptionsPerTopic),
    ...Object.assign({}, ...LATENCY_FIELDS.map((field) => seriesOf(windows, ...field))),
    ...Object.assign({}, ...LATENCY_FIELDS.map((field) => aggregatesOf(trial, ...field))),
  }
}

function windowsOf(intervals: readonly IntervalResult[]): readonly (readonly IntervalResult[])[] {
  const windows: IntervalResult[][] = []
  for (const interval of intervals) {
    if (interval.phase !== 'measure') continue
    const current = windows.at(-1)
    if (current === undefined || interval.endS - current[0]!.startS > WINDOW_S + 0.5) windows.push([interval])
    else current.push(interval)
  }
  // OMB's tools take the maximum of each series: one without any element would end them.
  return windows.length === 0 ? [[]] : windows
}

function rate(window: readonly IntervalResult[], count: (interval: IntervalResult) => number): number {
  const seconds = window.length === 0 ? 0 : window.at(-1)!.endS - window[0]!.startS
  return seconds <= 0 ? 0 : window.reduce((sum, interval) => sum + count(interval), 0) / seconds
}

/** Messages (of all subscriptions) acknowledged and not yet received, at the end of each window. */
function backlogs(
  intervals: readonly IntervalResult[],
  windows: readonly (readonly IntervalResult[])[],
  subscriptions: number,
): number[] {
  const ends = new Set(windows.map((window) => window.at(-1)))
  const found: number[] = []
  let backlog = 0
  for (const interval of intervals) {
    backlog += interval.counts.acknowledged * subscriptions - interval.received
    if (ends.has(interval)) found.push(Math.max(0, backlog))
  }
  return found.length === 0 ? [0] : found
}

function seriesOf(
  windows: readonly (readonly IntervalResult[])[],
  field: string,
  name: LatencyName,
  unitUs: number,
): Record<string, number[]> {
  const series = windows.map((window) =>
    summedBuckets(window.map((interval) => interval.latencies[name]?.hdr ?? '')),
  )
  return figuresOf(field, (figure) => series.map((buckets) => figure(buckets) / unitUs))
}

/** The eight figures of a latency, named as OMB names them. */
function figuresOf<T>(
  field: string,
  value: (figure: (buckets: readonly Bucket[]) => number) => T,
): Record<string, T> {
  const fields: Record<string, T> = { [`${field}Avg`]: value(meanOf) }
  for (const [suffix, parts] of SUFFIXES) {
    fields[`${field}${suffix}`] = value(
      (buckets) => valueAtRank(buckets, rankOf(parts, countOf(buckets))) ?? 0,
    )
  }
  fields[`${field}Max`] = value((buckets) => buckets.at(-1)?.us ?? 0)
  return fields
}

function countOf(buckets: readonly Bucket[]): number {
  return buckets.reduce((sum, { count }) => sum + count, 0)
}

function aggregatesOf(trial: TrialResult, field: string, name: LatencyName, unitUs: number) {
  const { completed } = trial.phases.measure.latencies[name]
  const buckets = summedBuckets([completed.count === 0 ? '' : completed.hdr])
  const capital = `aggregated${field[0]!.toUpperCase()}${field.slice(1)}`
  const quantiles: Record<string, number> = {}
  for (const { share, us } of percentileCurve(buckets, countOf(buckets))) {
    quantiles[String(Number((share * 100).toPrecision(10)))] = us / unitUs
  }
  return {
    ...figuresOf(capital, (figure) => figure(buckets) / unitUs),
    [`${capital}Quantiles`]: quantiles,
  }
}
