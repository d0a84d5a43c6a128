import { mergeHistograms } from '../engine/histogram.ts'
import type { EngineInterval, LatencyName } from '../engine/types.ts'
import { summarise } from '../result/summary.ts'
import type { Workload } from '../workload/model.ts'
import type { CrewMember } from './crew.ts'
import type { Second } from './events.ts'

/** Intervals that end within this time of each other belong to the same second. */
const SAME_SECOND_US = 400_000

/**
 * Joins the intervals of all workers into one line a second. A second is told when every living worker has told its
 * part, or when the next one begins.
 */
export function watchSeconds(workload: Workload, tell: (second: Second) => void) {
  let members: readonly CrewMember[] = []
  let group: Part[] = []
  const flush = () => {
    if (group.length > 0) tell(joinSecond(workload, group))
    group = []
  }
  return {
    watch(crew: readonly CrewMember[]) {
      members = crew
    },
    onInterval(member: CrewMember) {
      const interval = member.intervals.at(-1)!
      const first = group[0]
      if (first !== undefined && interval.endUs - first.interval.endUs > SAME_SECOND_US) flush()
      group.push({ interval, before: member.intervals.at(-2) })
      if (group.length >= members.filter((each) => each.handle.death === null).length) flush()
    },
  }
}

interface Part {
  readonly interval: EngineInterval
  readonly before: EngineInterval | undefined
}

function joinSecond(workload: Workload, group: readonly Part[]): Second {
  const endUs = Math.max(...group.map(({ interval }) => interval.endUs))
  // An interval ends a little after its boundary: its middle tells its phase.
  const middleUs = (Math.min(...group.map(({ interval }) => interval.startUs)) + endUs) / 2
  const warmupUs = workload.warmupS * 1e6
  const totalS = workload.warmupS + workload.durationS
  const rate = (count: (now: EngineInterval) => number) => {
    let hz = 0
    for (const { interval, before } of group) {
      const spanUs = interval.endUs - interval.startUs
      if (spanUs > 0) hz += ((count(interval) - (before === undefined ? 0 : count(before))) * 1e6) / spanUs
    }
    return Math.round(hz)
  }
  const total = (count: (now: EngineInterval) => number) =>
    group.reduce((sum, { interval }) => sum + count(interval), 0)
  return {
    phase: middleUs < warmupUs ? 'warmup' : middleUs < totalS * 1e6 ? 'measure' : 'drain',
    elapsedS: endUs / 1e6,
    totalS,
    scheduledHz: rate((interval) => interval.producer.scheduled),
    acknowledgedHz: rate((interval) => interval.producer.acknowledged),
    receivedHz: rate((interval) => interval.consumer.received),
    behind: total(
      ({ producer }) => producer.scheduled - producer.acknowledged - producer.rejected - producer.unknown,
    ),
    failed: total(({ producer }) => producer.rejected + producer.unknown),
    publishP99Us: p99Of(group, 'publish'),
    endToEndP99Us: p99Of(group, 'endToEnd'),
  }
}

function p99Of(group: readonly Part[], name: LatencyName): number | null {
  const parts = group.flatMap(({ interval }) => interval.histograms[name] ?? [])
  const merged = mergeHistograms(parts)
  return merged.count === 0 ? null : summarise(merged, mergeHistograms([])).p99.us
}
