import { decodeFromCompressedBase64, type Histogram } from 'hdr-histogram-js'
import { type MeterSnapshot, type NumberSeries, seriesKey, type TimingSeries } from './meter.ts'

export interface MergedTiming extends Omit<TimingSeries, 'histogram'> {
  /** Of all processes, in µs. */
  readonly histogram: Histogram
}

/** The counts of all processes as one. */
export interface MergedSnapshot {
  readonly numbers: readonly NumberSeries[]
  readonly timings: readonly MergedTiming[]
}

/** Adds counters, adds or compares gauges as each says, and adds histograms without loss. */
export function mergeSnapshots(snapshots: readonly MeterSnapshot[]): MergedSnapshot {
  const numbers = new Map<string, NumberSeries>()
  const timings = new Map<string, MergedTiming>()
  for (const snapshot of snapshots) {
    for (const series of snapshot.numbers) {
      const key = seriesKey(series.name, series.labels)
      const held = numbers.get(key)
      numbers.set(key, held === undefined ? series : { ...held, value: mergeNumbers(held, series) })
    }
    for (const series of snapshot.timings) {
      const key = seriesKey(series.name, series.labels)
      timings.set(key, mergeTimings(timings.get(key), series))
    }
  }
  return { numbers: [...numbers.values()], timings: [...timings.values()] }
}

function mergeNumbers(a: NumberSeries, b: NumberSeries): number {
  return a.merge === 'sum' ? a.value + b.value : Math.max(a.value, b.value)
}

function mergeTimings(held: MergedTiming | undefined, series: TimingSeries): MergedTiming {
  const histogram = decodeFromCompressedBase64(series.histogram)
  if (held === undefined) return { ...series, histogram }
  held.histogram.add(histogram)
  return {
    ...held,
    buckets: held.buckets.map((count, i) => count + series.buckets[i]!),
    sumUs: held.sumUs + series.sumUs,
  }
}
