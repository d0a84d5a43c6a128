import { EVEN_ARRIVALS } from '../engine/arrivals.ts'
import { recordCensored } from '../engine/censor.ts'
import { mergeHistograms, Recorder } from '../engine/histogram.ts'
import { rateProfile } from '../engine/rate-profile.ts'
import { countBefore, type Schedule } from '../engine/schedule.ts'
import { profiledSchedule } from '../engine/shaped-schedule.ts'
import {
  type EncodedHistogram,
  type EngineInterval,
  type EngineReport,
  LATENCIES,
  type LatencyName,
  type Phase,
} from '../engine/types.ts'
import type { Workload } from '../workload/model.ts'
import { NO_COUNTS, subtractCounts } from './merge-intervals.ts'

/** An interval belongs to warm-up when it ends no later than this after it. */
const SAME_INSTANT_US = 400_000

/**
 * What is known of a worker that died: the intervals that it told. Counts and latencies go to the phase of the interval
 * in which they happened, which near the border need not be the message's own; nothing is known of its streams, so
 * the audit is unproven. What was due and had no acknowledgement when it last told enters the latencies as lower bounds:
 * at least as many messages as the last that were due waited until `endUs`.
 */
export function salvageReport(
  intervals: readonly EngineInterval[],
  workload: Workload,
  endUs: number,
): EngineReport {
  const warmupUs = workload.warmupS * 1e6 + (workload.warmupS === 0 ? 0 : SAME_INSTANT_US)
  const inWarmup = intervals.filter((interval) => interval.endUs <= warmupUs)
  const inMeasure = intervals.filter((interval) => interval.endUs > warmupUs)
  const warmup = inWarmup.at(-1)?.producer ?? NO_COUNTS
  const last = intervals.at(-1)
  const nothing = mergeHistograms([])
  return {
    producerCounts: { warmup, measure: subtractCounts(last?.producer ?? NO_COUNTS, warmup) },
    consumerCounts: last?.consumer ?? { received: 0, corrupted: 0, foreign: 0 },
    histograms: { warmup: latenciesOf(inWarmup), measure: latenciesOf(inMeasure) },
    censoredPublish:
      last === undefined
        ? { warmup: nothing, measure: nothing }
        : unanswered(intervals, last, workload, endUs),
    sentStreams: [],
    receivedStreams: [],
    subscriptionCounts: [],
    neverSent: [],
    auditOverflowed: false,
    publishErrors: {},
    consumeErrors: {},
    contractBreaches: [],
  }
}

function unanswered(
  intervals: readonly EngineInterval[],
  last: EngineInterval,
  workload: Workload,
  endUs: number,
): EngineReport['censoredPublish'] {
  const { scheduled, acknowledged } = last.producer
  const recorders = { warmup: new Recorder(), measure: new Recorder() }
  const dueUntilUs = Math.min(last.endUs, (workload.warmupS + workload.durationS) * 1e6)
  if (scheduled > acknowledged && dueUntilUs > 0) {
    const schedule = toldSchedule(intervals, dueUntilUs)
    const from = acknowledged
    const border = countBefore(schedule, workload.warmupS * 1e6)
    recordCensored(recorders.warmup, schedule, from, border, endUs)
    recordCensored(recorders.measure, schedule, Math.max(from, border), schedule.totalCount, endUs)
  }
  return { warmup: recorders.warmup.encode(), measure: recorders.measure.encode() }
}

/** What fell due between two tellings did so evenly, as far as is known. */
function toldSchedule(intervals: readonly EngineInterval[], dueUntilUs: number): Schedule {
  let fromUs = 0
  let before = 0
  const segments = intervals.flatMap(({ endUs, producer: { scheduled } }) => {
    const durationUs = Math.min(endUs, dueUntilUs) - fromUs
    if (durationUs <= 0) return []
    const rateHz = ((scheduled - before) * 1e6) / durationUs
    fromUs += durationUs
    before = scheduled
    return { durationUs, fromHz: rateHz, toHz: rateHz }
  })
  return profiledSchedule(rateProfile(segments), EVEN_ARRIVALS)
}

function latenciesOf(intervals: readonly EngineInterval[]): EngineReport['histograms'][Phase] {
  const latencies: Partial<Record<LatencyName, EncodedHistogram>> = {}
  for (const name of LATENCIES) {
    const merged = mergeHistograms(intervals.flatMap((interval) => interval.histograms[name] ?? []))
    if (merged.count > 0) latencies[name] = merged
  }
  return latencies
}
