import { mergeHistograms } from '../engine/histogram.ts'
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
 * the audit is unproven.
 */
export function salvageReport(intervals: readonly EngineInterval[], workload: Workload): EngineReport {
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
    censoredPublish: { warmup: nothing, measure: nothing },
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

function latenciesOf(intervals: readonly EngineInterval[]): EngineReport['histograms'][Phase] {
  const latencies: Partial<Record<LatencyName, EncodedHistogram>> = {}
  for (const name of LATENCIES) {
    const merged = mergeHistograms(intervals.flatMap((interval) => interval.histograms[name] ?? []))
    if (merged.count > 0) latencies[name] = merged
  }
  return latencies
}
