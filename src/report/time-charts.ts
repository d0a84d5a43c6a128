import type { LatencyName } from '../engine/types.ts'
import { type Bucket, summedBuckets } from '../result/histogram.ts'
import type { IntervalResult, TrialResult } from '../result/result.ts'
import { rankOf, valueAtRank } from '../result/summary.ts'
import { type Line, milliseconds } from './lines.ts'

/** Points of one trial over time; longer trials are drawn in steps of several seconds. */
const MAX_TRIAL_POINTS = 600
/** The same of all trials of the page together, so that many trials still make a small page. */
const MAX_PAGE_POINTS = 5_000
/** Fewer would show nothing; with so many trials the page says which it leaves out. */
const MIN_TRIAL_POINTS = 25

/** A stretch of a trial that is told apart in charts over time; seconds from the start of warm-up. */
export interface Band {
  readonly fromS: number
  readonly toS: number
  readonly label: string
  /** Something that went wrong on purpose; absent of phases. */
  readonly fault?: true
}

/** What one trial did over time; x in seconds from the start of its warm-up, the middle of each step. */
export interface TimeChart {
  /** Index among the sides of the result. */
  readonly side: number
  /** 1 … n. */
  readonly trial: number
  readonly bands: readonly Band[]
  readonly x: readonly number[]
  readonly publish: LatencyLines
  readonly endToEnd: LatencyLines
  /** Messages a second. */
  readonly scheduled: Line
  readonly acknowledged: Line
  readonly received: Line
}

/** Quantiles and maximum of all values of a step, in ms. */
export type LatencyLines = Readonly<Record<'p50' | 'p99' | 'max', Line>>

export interface TimeCharts {
  /** Seconds that each point stands for. */
  readonly stepS: number
  readonly trials: readonly TimeChart[]
  /** Trials that are not drawn, because the page would become too large. */
  readonly leftOut: number
}

/** A trial with its place in the result. */
export interface PlacedTrial {
  readonly side: number
  readonly trialNumber: number
  readonly trial: TrialResult
}

/** Charts over time of trials that stand beside one another; `pagePoints` is their share of the page. */
export function timeCharts(placed: readonly PlacedTrial[], pageShare = 1): TimeCharts {
  const points = Math.floor(MAX_PAGE_POINTS * pageShare)
  const drawn = shareOut(placed, Math.max(1, Math.floor(points / MIN_TRIAL_POINTS)))
  const perTrial = Math.min(MAX_TRIAL_POINTS, Math.floor(points / Math.max(1, drawn.length)))
  const longest = Math.max(1, ...drawn.map(({ trial }) => trial.intervals.length))
  const stepS = Math.ceil(longest / Math.max(1, perTrial))
  return {
    stepS,
    trials: drawn.map((each) => timeChart(each, stepS)),
    leftOut: placed.length - drawn.length,
  }
}

/** The first trials of each side, as many of each. */
function shareOut(placed: readonly PlacedTrial[], limit: number): readonly PlacedTrial[] {
  if (placed.length <= limit) return placed
  const sides = new Set(placed.map(({ side }) => side)).size
  const each = Math.max(1, Math.floor(limit / sides))
  const taken = new Map<number, number>()
  return placed.filter(({ side }) => {
    const before = taken.get(side) ?? 0
    taken.set(side, before + 1)
    return before < each
  })
}

function timeChart({ side, trialNumber, trial }: PlacedTrial, stepS: number): TimeChart {
  const steps = chunks(trial.intervals, stepS)
  const rate = (count: (interval: IntervalResult) => number): Line =>
    steps.map((step) => {
      const seconds = Math.max(1e-3, step.at(-1)!.endS - step[0]!.startS)
      return Math.round(step.reduce((sum, interval) => sum + count(interval), 0) / seconds)
    })
  return {
    side,
    trial: trialNumber,
    bands: bandsOf(trial),
    x: steps.map((step) => Math.round(5 * (step[0]!.startS + step.at(-1)!.endS)) / 10),
    publish: latencyLines(steps, 'publish'),
    endToEnd: latencyLines(steps, 'endToEnd'),
    scheduled: rate(({ counts }) => counts.scheduled),
    acknowledged: rate(({ counts }) => counts.acknowledged),
    received: rate(({ received }) => received),
  }
}

/** What is not measured, before and after, and what went wrong on purpose. */
function bandsOf({ phases, intervals, faults = [], backlog }: TrialResult): readonly Band[] {
  const warmupEndS = phases.warmup.durationS
  const measureEndS = warmupEndS + phases.measure.durationS
  const endS = intervals.at(-1)?.endS ?? measureEndS
  return [
    { fromS: 0, toS: warmupEndS, label: 'warm-up' },
    { fromS: measureEndS, toS: endS, label: 'drain' },
    ...(backlog === undefined
      ? []
      : [
          { fromS: backlog.build.startS, toS: backlog.build.endS, label: 'backlog builds' },
          { fromS: backlog.build.endS, toS: backlog.drain.endS, label: 'backlog drains' },
        ]),
    ...faults.flatMap(({ text, startS, endS: toS }, i): Band[] => {
      if (startS === null) return []
      // Bands of one name are united over trials: the same fault at another time is another band.
      const before = faults.slice(0, i).filter((each) => each.text === text).length
      const label = before === 0 ? text : `${text} (${before + 1})`
      return [{ fromS: startS, toS: toS ?? endS, label, fault: true }]
    }),
  ].filter(({ fromS, toS }) => toS > fromS)
}

function latencyLines(steps: readonly (readonly IntervalResult[])[], name: LatencyName): LatencyLines {
  const values = steps.map((step) => {
    const found = step.flatMap((interval) => interval.latencies[name] ?? []).filter(({ count }) => count > 0)
    if (found.length === 0) return null
    if (found.length === 1) return { p50: found[0]!.p50Us, p99: found[0]!.p99Us, max: found[0]!.maxUs }
    return quantilesOf(summedBuckets(found.map(({ hdr }) => hdr)))
  })
  const line = (key: 'p50' | 'p99' | 'max'): Line =>
    values.map((value) => (value === null ? null : milliseconds(value[key])))
  return { p50: line('p50'), p99: line('p99'), max: line('max') }
}

function quantilesOf(buckets: readonly Bucket[]) {
  const count = buckets.reduce((sum, bucket) => sum + bucket.count, 0)
  const at = (parts: number) => valueAtRank(buckets, rankOf(parts, count))!
  return { p50: at(5_000), p99: at(9_900), max: buckets.at(-1)!.us }
}

function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  )
}
