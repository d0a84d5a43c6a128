import { build } from 'hdr-histogram-js'
import type { MergedSnapshot } from './merge.ts'
import type { Labels, TimingSeries } from './meter.ts'
import { BUCKET_BOUNDS_US, TIMING_RANGE } from './timing-range.ts'

export const PROMETHEUS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Whose p99 the gauge `gateway_end_to_end_p99_nanos` shows: from a request's arrival to its answer. */
export const END_TO_END_TIMING = 'gateway_end_to_end'

/** Prometheus text exposition format 0.0.4; series of one name stand together, times are in seconds. */
export function toPrometheusText(snapshot: MergedSnapshot): string {
  const families = new Map<string, { help: string; type: string; lines: string[] }>()
  const family = (name: string, help: string, type: string): string[] => {
    let held = families.get(name)
    if (held === undefined) {
      held = { help, type, lines: [] }
      families.set(name, held)
    }
    return held.lines
  }
  for (const series of snapshot.numbers)
    family(series.name, series.help, series.kind).push(line(series.name, series.labels, series.value))
  for (const timing of snapshot.timings) {
    const name = `${timing.name}_seconds`
    family(name, timing.help, 'histogram').push(...histogramLines(name, timing))
  }
  family(
    `${END_TO_END_TIMING}_p99_nanos`,
    'p99 from arrival to answer since the start, over all signals and processes',
    'gauge',
  ).push(line(`${END_TO_END_TIMING}_p99_nanos`, {}, endToEndP99Us(snapshot) * 1000))
  const blocks = [...families].map(
    ([name, { help, type, lines }]) =>
      `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('\n')}\n`,
  )
  return blocks.join('')
}

function endToEndP99Us(snapshot: MergedSnapshot): number {
  const all = build(TIMING_RANGE)
  for (const { name, histogram } of snapshot.timings) {
    if (name !== END_TO_END_TIMING) continue
    for (let i = 0; i < histogram.length; i += 2) all.recordValueWithCount(histogram[i]!, histogram[i + 1]!)
  }
  return all.totalCount === 0 ? 0 : all.getValueAtPercentile(99)
}

function histogramLines(name: string, timing: TimingSeries): string[] {
  const lines: string[] = []
  let cumulative = 0
  BUCKET_BOUNDS_US.forEach((boundUs, i) => {
    cumulative += timing.buckets[i]!
    lines.push(line(`${name}_bucket`, { ...timing.labels, le: String(boundUs / 1e6) }, cumulative))
  })
  const count = cumulative + timing.buckets[BUCKET_BOUNDS_US.length]!
  lines.push(
    line(`${name}_bucket`, { ...timing.labels, le: '+Inf' }, count),
    line(`${name}_sum`, timing.labels, timing.sumUs / 1e6),
    line(`${name}_count`, timing.labels, count),
  )
  return lines
}

function line(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`)
  return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
