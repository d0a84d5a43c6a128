import type { IntervalResult } from '../result/result.ts'
import { THRESHOLDS } from '../result/thresholds.ts'

/** How what is due and not yet done changes over measure. */
export interface BacklogGrowth {
  /** Messages a second, by the line of least squares; negative where it shrinks. */
  readonly growthHz: number
  /** More than chance and the bounds allow. */
  readonly grows: boolean
}

interface Point {
  readonly atS: number
  readonly backlog: number
}

const NO_GROWTH: BacklogGrowth = { growthHz: 0, grows: false }

/**
 * Growth of what is due and not acknowledged (subscriptions = 0), or not delivered: every message is expected once in
 * each subscription, and the backlogs of all of them add up, so that a slow one does not hide behind fast ones. Chance
 * adds up as the root of their number. The level of the backlog does not count: rate × latency is always under way.
 */
export function backlogGrowth(
  intervals: readonly IntervalResult[],
  rateHz: number,
  subscriptions: number,
): BacklogGrowth {
  const points = pointsOf(intervals, subscriptions)
  const first = points[0]
  const last = points.at(-1)
  if (first === undefined || last === undefined || points.length < 2) return NO_GROWTH
  const { growthHz, deviation } = line(points)
  const spanS = last.atS - first.atS
  const share = THRESHOLDS.backlogGrowthShare * Math.sqrt(Math.max(1, subscriptions))
  const rise = growthHz * spanS
  const grows =
    rise > share * rateHz * spanS &&
    rise > THRESHOLDS.backlogGrowthDeviations * deviation &&
    rise > THRESHOLDS.backlogGrowthLeast
  return { growthHz, grows }
}

/** The backlog at the begin of measure and at the end of each of its intervals. */
function pointsOf(intervals: readonly IntervalResult[], subscriptions: number): Point[] {
  const points: Point[] = []
  let backlog = 0
  let before: Point = { atS: 0, backlog: 0 }
  for (const { endS, phase, counts, received } of intervals) {
    if (phase === 'drain') break
    if (phase === 'measure' && points.length === 0) points.push(before)
    const settled = counts.acknowledged + counts.rejected + counts.unknown
    backlog += subscriptions === 0 ? counts.scheduled - settled : counts.scheduled * subscriptions - received
    before = { atS: endS, backlog }
    if (phase === 'measure') points.push(before)
  }
  return points
}

/** Least squares: the slope, and the standard deviation of what it leaves. */
function line(points: readonly Point[]): { growthHz: number; deviation: number } {
  const n = points.length
  const mean = (value: (point: Point) => number) => points.reduce((sum, point) => sum + value(point), 0) / n
  const meanS = mean(({ atS }) => atS)
  const meanBacklog = mean(({ backlog }) => backlog)
  const square = (x: number) => x * x
  const spread = mean(({ atS }) => square(atS - meanS))
  if (spread === 0) return { growthHz: 0, deviation: 0 }
  const growthHz = mean(({ atS, backlog }) => (atS - meanS) * (backlog - meanBacklog)) / spread
  const left = mean(({ atS, backlog }) => square(backlog - meanBacklog - growthHz * (atS - meanS)))
  return { growthHz, deviation: Math.sqrt(left) }
}
