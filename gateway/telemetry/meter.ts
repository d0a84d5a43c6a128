import { build, type JsHistogram } from 'hdr-histogram-js'
import type { Counter, Meter, Timing } from '../contracts.ts'
import { BUCKET_BOUNDS_US, TIMING_RANGE } from './timing-range.ts'

export type Labels = Readonly<Record<string, string>>

export interface NumberSeries {
  readonly name: string
  readonly help: string
  readonly labels: Labels
  readonly kind: 'counter' | 'gauge'
  readonly merge: 'sum' | 'max'
  readonly value: number
}

export interface TimingSeries {
  readonly name: string
  readonly help: string
  readonly labels: Labels
  /**
   * What the HDR histogram of µs holds, as pairs of a value and its count, one after the other; of several processes,
   * in any order. Not the library's encoding: compressing all series takes a tenth of a second, in which no request
   * would be served.
   */
  readonly histogram: readonly number[]
  /** One count a bound of `BUCKET_BOUNDS_US` and one for what is beyond the last; not cumulative. */
  readonly buckets: readonly number[]
  readonly sumUs: number
}

/** Everything one process has counted; plain data for the channel between processes. */
export interface MeterSnapshot {
  readonly numbers: readonly NumberSeries[]
  readonly timings: readonly TimingSeries[]
}

export interface ProcessMeter extends Meter {
  snapshot(): MeterSnapshot
}

/** The meter of one process. Asking for the same name and labels again gives the same handle. */
export function createMeter(): ProcessMeter {
  const counters = new Map<string, { series: Omit<NumberSeries, 'value'>; count: number }>()
  const gauges = new Map<string, { series: Omit<NumberSeries, 'value'>; read: () => number }>()
  const timings = new Map<
    string,
    { series: Pick<TimingSeries, 'name' | 'help' | 'labels'>; timing: RecordedTiming }
  >()

  return {
    counter(name, help, labels = {}) {
      const key = seriesKey(name, labels)
      let held = counters.get(key)
      if (held === undefined) {
        held = { series: { name, help, labels, kind: 'counter', merge: 'sum' }, count: 0 }
        counters.set(key, held)
      }
      return counterOf(held)
    },
    gauge(name, help, merge, read, labels = {}) {
      const kind = name.endsWith('_total') ? 'counter' : 'gauge'
      gauges.set(seriesKey(name, labels), { series: { name, help, labels, kind, merge }, read })
    },
    timing(name, help, labels = {}) {
      const key = seriesKey(name, labels)
      let held = timings.get(key)
      if (held === undefined) {
        held = { series: { name, help, labels }, timing: createTiming() }
        timings.set(key, held)
      }
      return held.timing
    },
    snapshot() {
      return {
        numbers: [
          ...[...counters.values()].map(({ series, count }) => ({ ...series, value: count })),
          ...[...gauges.values()].map(({ series, read }) => ({ ...series, value: read() })),
        ],
        timings: [...timings.values()].map(({ series, timing }) => ({ ...series, ...timing.snapshot() })),
      }
    },
  }
}

/** One series of all processes: its name and labels, in the order they were given. */
export function seriesKey(name: string, labels: Labels): string {
  return `${name}${JSON.stringify(labels)}`
}

function counterOf(held: { count: number }): Counter {
  return {
    add(count) {
      held.count += count
    },
  }
}

interface RecordedTiming extends Timing {
  snapshot(): Pick<TimingSeries, 'histogram' | 'buckets' | 'sumUs'>
}

function createTiming(): RecordedTiming {
  const histogram = build(TIMING_RANGE) as JsHistogram
  const buckets = new Float64Array(BUCKET_BOUNDS_US.length + 1)
  let sumUs = 0
  return {
    record(durationUs) {
      const us = Math.min(Math.max(Math.round(durationUs), 0), TIMING_RANGE.highestTrackableValue)
      histogram.recordValue(us)
      sumUs += us
      let bucket = 0
      while (bucket < BUCKET_BOUNDS_US.length && us > BUCKET_BOUNDS_US[bucket]!) bucket++
      buckets[bucket]!++
    },
    snapshot: () => ({ histogram: pairsOf(histogram), buckets: [...buckets], sumUs }),
  }
}

function pairsOf(histogram: JsHistogram): number[] {
  const pairs: number[] = []
  let left = histogram.totalCount
  for (let index = 0; left > 0 && index < histogram.countsArrayLength; index++) {
    const count = histogram.getCountAtIndex(index)
    if (count === 0) continue
    pairs.push(histogram.valueFromIndex(index), count)
    left -= count
  }
  return pairs
}
