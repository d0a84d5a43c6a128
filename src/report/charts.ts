import { curveOf, type LoadCurve, type LoadPoint } from '../compare/curve.ts'
import { type RateTrials, trialsByRate } from '../compare/loads.ts'
import { atRatesFound, isSearched } from '../compare/search/found-trials.ts'
import { countText } from '../result/figures.ts'
import type { ExperimentResult, Quantile } from '../result/result.ts'
import { type Line, milliseconds, rounded } from './lines.ts'
import { type PercentileChart, percentileChart } from './percentile-charts.ts'
import { type TimeCharts, timeCharts } from './time-charts.ts'

/** Percentile curves that are drawn with all of their points; with more, points are left out to keep the page small. */
const FULL_PERCENTILE_LINES = 24
/** Rates with charts of their own; the others are in the load curve and in the files. */
const MAX_LOADS = 12

const LATENCY_CHARTS = [
  ['publish', 'Publish latency'],
  ['endToEnd', 'End-to-end latency'],
] as const

/** Everything the page draws, as plain numbers. Sides are told by their index in the result. */
export interface Charts {
  /** One a rate, ascending; one alone where no rates were asked for. */
  readonly loads: readonly LoadCharts[]
  /** Rates without charts of their own, because the page would become too large. */
  readonly ratesLeftOut: number
  /** Latency over load; empty with one rate. */
  readonly curves: readonly CurveChart[]
}

export interface LoadCharts {
  /** `10,000 msg/s`. */
  readonly title: string
  readonly percentiles: readonly PercentileChart[]
  readonly time: TimeCharts
}

/** Latency (ms) against the rate offered (msg/s), medians over trials. */
export interface CurveChart {
  readonly title: string
  readonly x: readonly number[]
  readonly sides: readonly CurveLines[]
}

export interface CurveLines {
  readonly side: number
  readonly p50: Line
  readonly p99: Line
  /** Whether the side held the rate in every trial; null where it was not run or that is not known. */
  readonly held: readonly (boolean | null)[]
}

/** Everything the page draws; of a search the trials at the rate found, and the curve over all its steps. Pure. */
export function chartsOf(result: ExperimentResult): Charts {
  const all = trialsByRate(atRatesFound(result))
  const loads = all.slice(0, MAX_LOADS)
  const lines = loads.reduce((sum, { sides }) => sum + LATENCY_CHARTS.length * sides.length, 0)
  const keepEvery = Math.max(1, Math.ceil(lines / FULL_PERCENTILE_LINES))
  return {
    loads: loads.map((load) => loadCharts(load, loads.length, keepEvery)),
    ratesLeftOut: all.length - loads.length,
    curves: loads.length < 2 && !isSearched(result) ? [] : curveCharts(curveOf(result)),
  }
}

function loadCharts({ rateHz, sides }: RateTrials, loads: number, keepEvery: number): LoadCharts {
  const run = sides.map(({ trials }, side) => ({ side, trials })).filter(({ trials }) => trials.length > 0)
  const placed = run.flatMap(({ side, trials }) =>
    trials.map((trial, index) => ({ side, trialNumber: index + 1, trial })),
  )
  return {
    title: `${countText(rateHz)} msg/s`,
    percentiles: LATENCY_CHARTS.map(([name, title]) =>
      percentileChart(
        title,
        run.map(({ side, trials }) => ({
          side,
          latencies: trials.map(({ phases }) => phases.measure.latencies[name]),
        })),
        keepEvery,
      ),
    ),
    time: timeCharts(placed, 1 / loads),
  }
}

function curveCharts(curves: readonly LoadCurve[]): readonly CurveChart[] {
  const x = [...new Set(curves.flatMap(({ points }) => points.map(({ rateHz }) => rateHz)))]
  x.sort((a, b) => a - b)
  return LATENCY_CHARTS.map(([name, title]) => ({
    title,
    x: x.map(rounded),
    sides: curves.flatMap(({ points }, side) => {
      if (points.length === 0) return []
      const at = new Map(points.map((point) => [point.rateHz, point]))
      const line = <T>(read: (point: LoadPoint) => T) =>
        x.map((rateHz) => {
          const point = at.get(rateHz)
          return point === undefined ? null : read(point)
        })
      return {
        side,
        p50: line((point) => msOf(point[name].p50)),
        p99: line((point) => msOf(point[name].p99)),
        held: line(({ held }) => (held === 'unknown' ? null : held === 'held')),
      }
    }),
  }))
}

function msOf(quantile: Quantile | null): number | null {
  return quantile === null ? null : milliseconds(quantile.us)
}
