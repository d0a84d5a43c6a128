import { addErrorKinds } from '../engine/error-kinds.ts'
import { EMPTY_HISTOGRAM, mergeHistograms } from '../engine/histogram.ts'
import type { EngineInterval, LatencyName } from '../engine/types.ts'
import { summarise } from '../result/summary.ts'
import type { Workload } from '../workload/model.ts'
import type { CrewMember } from './crew.ts'
import type { Second, SecondLatency } from './events.ts'

/** Intervals that end within this time of each other belong to the same second. */
const SAME_SECOND_US = 400_000

/** The part of a workload that seconds are told by; it may change meanwhile. */
export type SecondsLoad = Pick<Workload, 'warmupS' | 'durationS' | 'subscriptionsPerTopic'>

/**
 * Joins the intervals of all workers into one line a second. A second is told when every living worker has told its
 * part, or when the next one begins.
 */
export function watchSeconds(workload: SecondsLoad, tell: (second: Second) => void) {
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

type Count = (now: EngineInterval) => number

const COUNTS = {
  scheduled: ({ producer }) => producer.scheduled,
  acknowledged: ({ producer }) => producer.acknowledged,
  rejected: ({ producer }) => producer.rejected,
  unknown: ({ producer }) => producer.unknown,
  received: ({ consumer }) => consumer.received,
} as const satisfies Record<string, Count>

function joinSecond(workload: SecondsLoad, group: readonly Part[]): Second {
  const endUs = Math.max(...group.map(({ interval }) => interval.endUs))
  const startUs = Math.min(...group.map(({ interval }) => interval.startUs))
  // An interval ends a little after its boundary: its middle tells its phase.
  const middleUs = (startUs + endUs) / 2
  const warmupUs = workload.warmupS * 1e6
  const totalS = workload.warmupS + workload.durationS
  const grown = ({ interval, before }: Part, count: Count) =>
    count(interval) - (before === undefined ? 0 : count(before))
  const sum = (count: Count) => group.reduce((total, part) => total + grown(part, count), 0)
  const rate = (count: Count) => {
    let hz = 0
    for (const part of group) {
      const spanUs = part.interval.endUs - part.interval.startUs
      if (spanUs > 0) hz += (grown(part, count) * 1e6) / spanUs
    }
    return Math.round(hz)
  }
  const total = (count: Count) => group.reduce((all, { interval }) => all + count(interval), 0)
  const delivered = total(({ distinctReceived }) => distinctReceived) / workload.subscriptionsPerTopic
  return {
    phase: middleUs < warmupUs ? 'warmup' : middleUs < totalS * 1e6 ? 'measure' : 'drain',
    startS: startUs / 1e6,
    elapsedS: endUs / 1e6,
    totalS,
    scheduledHz: rate(COUNTS.scheduled),
    acknowledgedHz: rate(COUNTS.acknowledged),
    receivedHz: rate(COUNTS.received),
    counts: {
      scheduled: sum(COUNTS.scheduled),
      acknowledged: sum(COUNTS.acknowledged),
      rejected: sum(COUNTS.rejected),
      unknown: sum(COUNTS.unknown),
      received: sum(COUNTS.received),
    },
    behind: total(
      ({ producer }) => producer.scheduled - producer.acknowledged - producer.rejected - producer.unknown,
    ),
    backlog: Math.max(0, Math.round(total(COUNTS.scheduled) - delivered)),
    failed: total(({ producer }) => producer.rejected + producer.unknown),
    errors: addErrorKinds(group.map(({ interval }) => interval.errors ?? {})),
    publish: latencyOf(group, 'publish'),
    endToEnd: latencyOf(group, 'endToEnd'),
  }
}

function latencyOf(group: readonly Part[], name: LatencyName): SecondLatency | null {
  const merged = mergeHistograms(group.flatMap(({ interval }) => interval.histograms[name] ?? []))
  if (merged.count === 0) return null
  const { p50, p99, max } = summarise(merged, EMPTY_HISTOGRAM)
  return { count: merged.count, p50Us: p50.us, p99Us: p99.us, maxUs: max.us }
}
