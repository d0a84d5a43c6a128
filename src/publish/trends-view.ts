import { scriptJson } from '../report/escape.ts'
import { countText } from '../result/figures.ts'
import { MAX_TREND_BYTES } from './limits.ts'
import type { SiteEntry, SiteLoad } from './manifest.ts'

/** Bits of `TrendSeries.marks`. */
export const TREND_MARKS = { notRanked: 1, notHeld: 2, publishAtLeast: 4, endToEndAtLeast: 8 } as const

/** One side under one load, a value an experiment, oldest first. Short names: there may be thousands of points. */
export interface TrendSeries {
  readonly label: string
  /** Indices into `TrendData.experiments`. */
  readonly at: number[]
  /** Indices into `TrendData.texts`. */
  readonly version: number[]
  readonly client: number[]
  /** Bits of `TREND_MARKS`. */
  readonly marks: number[]
  /** ms. */
  readonly publish: (number | null)[]
  /** ms. */
  readonly endToEnd: (number | null)[]
  /** µs. */
  readonly cpu: (number | null)[]
  /** Messages a second: the offered rate where it was held, else what was acknowledged. */
  readonly rate: (number | null)[]
}

/** Figures that may be held against one another: the same workload, load and rate. */
export interface TrendGroup {
  readonly title: string
  readonly series: readonly TrendSeries[]
}

/** Everything the trend page draws. */
export interface TrendData {
  /** Oldest first. */
  readonly experiments: readonly {
    readonly id: string
    /** Seconds since 1970. */
    readonly startS: number
    /** Indices into `TrendData.texts`: version of bench, machine. */
    readonly bench: number
    readonly host: number
    readonly partial: boolean
  }[]
  readonly texts: readonly string[]
  /** The one that was measured last comes first. */
  readonly groups: readonly TrendGroup[]
}

/** What `site-trends.html.hbs` shows. Pure. */
export function trendsView(newestFirst: readonly SiteEntry[]) {
  const shown = newestWithin(newestFirst, MAX_TREND_BYTES)
  const data = dataOf([...shown].reverse())
  const left = newestFirst.length - shown.length
  return {
    trendData: data,
    groups: data.groups.map(({ title }, index) => ({ index, title })),
    isEmpty: data.groups.length === 0,
    left:
      left === 0
        ? ''
        : `The newest ${countText(shown.length)} experiments are drawn; ${countText(left)} older ones stand in the index and in experiments.json.`,
  }
}

/** Bytes of a point, and of an experiment, in the page; rounded up. */
const POINT_BYTES = 80
const EXPERIMENT_BYTES = 96

function newestWithin(newestFirst: readonly SiteEntry[], maxBytes: number): readonly SiteEntry[] {
  const seen = new Set<string>()
  let bytes = 0
  const end = newestFirst.findIndex((entry) => {
    bytes += EXPERIMENT_BYTES
    for (const text of textsOf(entry)) {
      // A title stands in the list of workloads and in the numbers.
      if (!seen.has(text)) bytes += 2 * Buffer.byteLength(scriptJson(text))
      seen.add(text)
    }
    bytes += POINT_BYTES * entry.sides.reduce((sum, { loads }) => sum + loads.length, 0)
    return bytes > maxBytes
  })
  return end === -1 ? newestFirst : newestFirst.slice(0, end)
}

function textsOf(entry: SiteEntry): string[] {
  const { benchVersion, host, sides } = entry
  const ofSides = sides.flatMap((side) => [
    side.version,
    side.client,
    ...side.loads.map((point) => `${side.label} in ${titleOf(entry, point)}`),
    ...side.loads.map((point) => titleOf(entry, point)),
  ])
  return [benchVersion, host, ...ofSides]
}

function titleOf({ workload, load }: SiteEntry, { rateHz }: SiteLoad): string {
  return `${workload} · ${countText(rateHz)} msg/s · ${load}`
}

function dataOf(oldestFirst: readonly SiteEntry[]): TrendData {
  const groups = new Map<string, { title: string; lastAt: number; series: Map<string, TrendSeries> }>()
  const texts = new Map<string, number>()
  for (const [at, entry] of oldestFirst.entries()) {
    for (const side of entry.sides) {
      for (const point of side.loads) {
        const title = titleOf(entry, point)
        const group = groups.get(title) ?? { title, lastAt: at, series: new Map() }
        groups.set(title, group)
        group.lastAt = at
        const series = group.series.get(side.label) ?? emptySeries(side.label)
        group.series.set(side.label, series)
        series.version.push(numberOf(texts, side.version))
        series.client.push(numberOf(texts, side.client))
        addPoint(series, at, point)
      }
    }
  }
  return {
    experiments: oldestFirst.map(({ id, startedAt, benchVersion, host, partial }) => ({
      id,
      startS: Math.round(Date.parse(startedAt) / 1000),
      bench: numberOf(texts, benchVersion),
      host: numberOf(texts, host),
      partial: partial !== null,
    })),
    texts: [...texts.keys()],
    groups: [...groups.values()]
      .sort((a, b) => b.lastAt - a.lastAt || (a.title < b.title ? -1 : 1))
      .map(({ title, series }) => ({ title, series: [...series.values()] })),
  }
}

function numberOf(numbers: Map<string, number>, text: string): number {
  const known = numbers.get(text) ?? numbers.size
  numbers.set(text, known)
  return known
}

function emptySeries(label: string): TrendSeries {
  return { label, at: [], version: [], client: [], marks: [], publish: [], endToEnd: [], cpu: [], rate: [] }
}

function addPoint(series: TrendSeries, at: number, point: SiteLoad): void {
  const [publishLeast, endToEndLeast] = point.atLeast
  series.at.push(at)
  series.marks.push(
    (point.ranked ? 0 : TREND_MARKS.notRanked) |
      (point.held ? 0 : TREND_MARKS.notHeld) |
      (publishLeast ? TREND_MARKS.publishAtLeast : 0) |
      (endToEndLeast ? TREND_MARKS.endToEndAtLeast : 0),
  )
  series.publish.push(milliseconds(point.publishP99Us))
  series.endToEnd.push(milliseconds(point.endToEndP99Us))
  series.cpu.push(point.cpuPerMessageUs === null ? null : Math.round(point.cpuPerMessageUs * 100) / 100)
  series.rate.push(point.held ? point.rateHz : point.publishedHz)
}

function milliseconds(us: number | null): number | null {
  return us === null ? null : Math.round(us) / 1000
}
