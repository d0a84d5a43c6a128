import type { AcknowledgementGaps } from './acknowledgement-gaps.ts'
import type { ConsumerLoop } from './consumer-loop.ts'
import { addCounts } from './counts.ts'
import { Recorder } from './histogram.ts'
import type { LatencyBook } from './latency-book.ts'
import { MAX_GAP_PRODUCERS } from './limits.ts'
import type { Outbound } from './outbound.ts'
import {
  type AcknowledgementGapReport,
  type EncodedHistogram,
  type EngineReport,
  type EngineSpec,
  type NeverSent,
  PHASES,
  type Phase,
} from './types.ts'

interface ReportInput {
  readonly spec: EngineSpec
  readonly producers: readonly { readonly topic: string; readonly outbound: Outbound }[]
  readonly gaps: AcknowledgementGaps
  readonly consumers: ConsumerLoop
  readonly latencies: LatencyBook
  readonly publishErrors: Readonly<Record<string, number>>
  readonly consumeErrors: Readonly<Record<string, number>>
  readonly breaches: readonly string[]
  readonly endUs: number
  /** When the schedule was cut short; infinite when it was not. */
  readonly cutUs: number
}

/** Everything a worker knows of a trial that is over: all settled, all closed. */
export function buildReport(input: ReportInput): EngineReport {
  const { spec, producers, consumers, latencies, endUs } = input
  const dueUntilUs = Math.min(endUs, spec.warmupUs + spec.measureUs, input.cutUs)
  return {
    producerCounts: byPhase((phase) =>
      addCounts(producers.map(({ outbound }) => outbound.countsAt(phase, dueUntilUs))),
    ),
    consumerCounts: consumers.counts(),
    subscriptionCounts: consumers.subscriptionCounts(),
    histograms: latencies.totals(),
    censoredPublish: byPhase((phase) =>
      recorded((recorder) => {
        for (const { outbound } of producers) {
          outbound.recordNeverSent(recorder, phase, dueUntilUs, endUs)
          outbound.recordUnacknowledged(recorder, phase, endUs)
        }
      }),
    ),
    neverSent: neverSentByTopic(producers, dueUntilUs, endUs),
    ...(producers.length > 0 && { acknowledgementGaps: gapReport(input) }),
    sentStreams: producers.flatMap(({ topic, outbound }) => outbound.streams.report(outbound.id, topic)),
    receivedStreams: consumers.streams(),
    auditOverflowed: consumers.overflowed || producers.some(({ outbound }) => outbound.streams.overflowed),
    publishErrors: input.publishErrors,
    consumeErrors: input.consumeErrors,
    contractBreaches: input.breaches,
  }
}

function gapReport({ producers, gaps, endUs }: ReportInput): AcknowledgementGapReport {
  const longest = producers.map(({ outbound }) => ({
    producer: outbound.id,
    ...outbound.longestGap.report(endUs),
  }))
  longest.sort((a, b) => b.toUs - b.fromUs - (a.toUs - a.fromUs))
  return { gaps: gaps.report(endUs), producers: longest.slice(0, MAX_GAP_PRODUCERS) }
}

function neverSentByTopic(
  producers: ReportInput['producers'],
  dueUntilUs: number,
  endUs: number,
): NeverSent[] {
  const topics = [...new Set(producers.map(({ topic }) => topic))]
  return topics.map((topic) => ({
    topic,
    latencies: byPhase((phase) =>
      recorded((recorder) => {
        for (const producer of producers) {
          if (producer.topic === topic) producer.outbound.recordNeverSent(recorder, phase, dueUntilUs, endUs)
        }
      }),
    ),
  }))
}

function byPhase<T>(make: (phase: 0 | 1) => T): Record<Phase, T> {
  return { [PHASES[0]]: make(0), [PHASES[1]]: make(1) } as Record<Phase, T>
}

function recorded(fill: (recorder: Recorder) => void): EncodedHistogram {
  const recorder = new Recorder()
  fill(recorder)
  return recorder.encode()
}
