import type { MeterSnapshot } from '../../gateway/telemetry/meter.ts'

/** The counters and gauges of a snapshot that are not zero, as `name{label=value,…}` → value. */
export function nonZero(snapshot: MeterSnapshot): Record<string, number> {
  const entries = snapshot.numbers
    .filter((series) => series.value !== 0)
    .map((series) => {
      const labels = Object.entries(series.labels).map(([key, value]) => `${key}=${value}`)
      return [
        labels.length === 0 ? series.name : `${series.name}{${labels.join(',')}}`,
        series.value,
      ] as const
    })
  return Object.fromEntries(entries)
}
