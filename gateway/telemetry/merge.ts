import { type MeterSnapshot, type NumberSeries, seriesKey, type TimingSeries } from './meter.ts'

/** The counts of all processes as one. */
export interface MergedSnapshot {
  readonly numbers: readonly NumberSeries[]
  readonly timings: readonly TimingSeries[]
}

/** Adds counters, adds or compares gauges as each says, and adds histograms without loss. */
export function mergeSnapshots(snapshots: readonly MeterSnapshot[]): MergedSnapshot {
  const numbers = new Map<string, NumberSeries>()
  const timings = new Map<string, TimingSeries>()
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

function mergeTimings(held: TimingSeries | undefined, series: TimingSeries): TimingSeries {
  if (held === undefined) return series
  return {
    ...held,
    histogram: held.histogram.concat(series.histogram),
    buckets: held.buckets.map((count, i) => count + series.buckets[i]!),
    sumUs: held.sumUs + series.sumUs,
  }
}
