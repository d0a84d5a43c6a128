import { mergeHistograms } from '../engine/histogram.ts'
import { type EngineInterval, LATENCIES, type ProducerCounts } from '../engine/types.ts'
import type { IntervalLatency, IntervalResult } from '../result/result.ts'
import { summarise } from '../result/summary.ts'
import type { Workload } from '../workload/model.ts'
import type { CrewMember } from './crew.ts'

/** Ends of intervals this close together belong to the same second. */
const SAME_SECOND_US = 400_000

export const NO_COUNTS: ProducerCounts = { scheduled: 0, sent: 0, acknowledged: 0, rejected: 0, unknown: 0 }

export function addCounts(a: ProducerCounts, b: ProducerCounts): ProducerCounts {
  return combine(a, b, 1)
}

export function subtractCounts(a: ProducerCounts, b: ProducerCounts): ProducerCounts {
  return combine(a, b, -1)
}

function combine(a: ProducerCounts, b: ProducerCounts, factor: 1 | -1): ProducerCounts {
  return {
    scheduled: a.scheduled + factor * b.scheduled,
    sent: a.sent + factor * b.sent,
    acknowledged: a.acknowledged + factor * b.acknowledged,
    rejected: a.rejected + factor * b.rejected,
    unknown: a.unknown + factor * b.unknown,
  }
}

interface Part {
  readonly member: CrewMember
  readonly interval: EngineInterval
  readonly before: EngineInterval | undefined
}

/**
 * Joins the workers' intervals second by second; their counters grow, ours are those of the second. The seconds follow each
 * other without gap or overlap, also where a worker was late and told of several seconds at once: so counts divided
 * by times are rates.
 */
export function mergeIntervals(members: readonly CrewMember[], workload: Workload): IntervalResult[] {
  const parts: Part[] = members
    .flatMap((member) =>
      member.intervals.map((interval, i) => ({
        member,
        interval,
        before: i === 0 ? undefined : member.intervals[i - 1],
      })),
    )
    .sort((a, b) => a.interval.endUs - b.interval.endUs)
  const groups: Part[][] = []
  for (const part of parts) {
    const group = groups.at(-1)
    if (group !== undefined && isSameSecond(group, part)) group.push(part)
    else groups.push([part])
  }
  let startUs = 0
  return groups.map((group) => {
    const endUs = Math.max(...group.map(({ interval }) => interval.endUs))
    const joined = joinGroup(group, startUs, endUs, workload)
    startUs = endUs
    return joined
  })
}

/** Phases may be shorter than the tolerance: two intervals of one worker are never the same second. */
function isSameSecond(group: readonly Part[], part: Part): boolean {
  return (
    part.interval.endUs - group[0]!.interval.endUs < SAME_SECOND_US &&
    group.every(({ member }) => member !== part.member)
  )
}

function joinGroup(
  group: readonly Part[],
  startUs: number,
  endUs: number,
  workload: Workload,
): IntervalResult {
  let counts = NO_COUNTS
  let received = 0
  for (const { interval, before } of group) {
    counts = addCounts(counts, subtractCounts(interval.producer, before?.producer ?? NO_COUNTS))
    received += interval.consumer.received - (before?.consumer.received ?? 0)
  }
  const middleS = (startUs + endUs) / 2e6
  const measureEndS = workload.warmupS + workload.durationS
  return {
    startS: startUs / 1e6,
    endS: endUs / 1e6,
    phase: middleS < workload.warmupS ? 'warmup' : middleS < measureEndS ? 'measure' : 'drain',
    counts,
    received,
    latencies: latenciesOf(group),
  }
}

function latenciesOf(group: readonly Part[]): IntervalResult['latencies'] {
  const nothing = mergeHistograms([])
  const latencies: Partial<Record<(typeof LATENCIES)[number], IntervalLatency>> = {}
  for (const name of LATENCIES) {
    const merged = mergeHistograms(group.flatMap(({ interval }) => interval.histograms[name] ?? []))
    if (merged.count === 0) continue
    const { p50, p99, p999, max } = summarise(merged, nothing)
    latencies[name] = {
      count: merged.count,
      p50Us: p50.us,
      p99Us: p99.us,
      p999Us: p999.us,
      maxUs: max.us,
      hdr: merged.hdr,
    }
  }
  return latencies
}
