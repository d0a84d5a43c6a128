import { type BreakdownBook, createBreakdownBook } from './audit-breakdown.ts'
import {
  type AuditTally,
  addTally,
  newTally,
  recordMissing,
  type StreamView,
  tallyReceived,
  tallySent,
} from './audit-stream.ts'
import { Recorder } from './histogram.ts'
import type {
  Audit,
  AuditBreakdown,
  EncodedHistogram,
  EngineReport,
  NeverSent,
  Phase,
  ReceivedStream,
  SentStream,
  SubscriptionCounts,
} from './types.ts'

export interface SubscriptionName {
  readonly topic: string
  readonly subscription: string
}

export interface AuditInput {
  /** Of all workers. */
  readonly sent: readonly SentStream[]
  readonly received: readonly ReceivedStream[]
  /** Of all workers: where corrupted deliveries are counted. */
  readonly subscriptionCounts: readonly SubscriptionCounts[]
  readonly neverSent: readonly NeverSent[]
  /** Each of them must get every message of its topic. */
  readonly expectedSubscriptions: readonly SubscriptionName[]
  /** Some worker's audit ran out of memory. */
  readonly overflowed: boolean
  /** The drain's end, µs from the epoch. */
  readonly endUs: number
}

/**
 * The merged audit. For each phase, `completed + censored = scheduled × subscriptions + duplicatedAcrossWorkers`: a
 * worker records the end-to-end latency of its first delivery of a message, and can't know that another worker had
 * the same message; those extra values stay in, and are counted here.
 */
export interface AuditMerge {
  /** One per expected subscription, in their order. */
  readonly audits: readonly (Audit & SubscriptionName)[]
  /** Distinct expected deliveries that came, all subscriptions together. */
  readonly delivered: Readonly<Record<Phase, number>>
  /** Lower bounds (end − scheduled) of the deliveries that never came: never sent, or sent and not received. */
  readonly censoredEndToEnd: Readonly<Record<Phase, EncodedHistogram>>
  /** First deliveries beyond the first, of messages that several workers received. */
  readonly duplicatedAcrossWorkers: Readonly<Record<Phase, number>>
  /** Where something is wrong; empty where the audit could only count. */
  readonly breakdown: AuditBreakdown
}

/** The audit's input from the reports of all workers of a trial. */
export function auditInputOf(
  reports: readonly EngineReport[],
  expectedSubscriptions: readonly SubscriptionName[],
  endUs: number,
): AuditInput {
  return {
    sent: reports.flatMap((report) => report.sentStreams),
    received: reports.flatMap((report) => report.receivedStreams),
    subscriptionCounts: reports.flatMap((report) => report.subscriptionCounts),
    neverSent: reports.flatMap((report) => report.neverSent),
    expectedSubscriptions,
    overflowed: reports.some((report) => report.auditOverflowed),
    endUs,
  }
}

interface PhaseSums {
  readonly delivered: Record<Phase, number>
  readonly duplicatedAcrossWorkers: Record<Phase, number>
  readonly censored: Readonly<Record<Phase, Recorder>>
}

/** Puts together what all workers sent and received. Pure. */
export function mergeAudit(input: AuditInput): AuditMerge {
  const sums: PhaseSums = {
    delivered: { warmup: 0, measure: 0 },
    duplicatedAcrossWorkers: { warmup: 0, measure: 0 },
    censored: { warmup: new Recorder(), measure: new Recorder() },
  }
  const received = groupBy(input.received, streamKey)
  const breakdown = createBreakdownBook()
  const audits = input.expectedSubscriptions.map((name) => {
    const sent = input.sent.filter((stream) => stream.topic === name.topic)
    const tally = newTally()
    if (input.overflowed) tallyCounts(tally, name, sent, input, sums)
    else tallyStreams(tally, name, sent, received, input.endUs, sums, breakdown)
    for (const never of input.neverSent) {
      if (never.topic !== name.topic) continue
      sums.censored.warmup.addEncoded(never.latencies.warmup)
      sums.censored.measure.addEncoded(never.latencies.measure)
    }
    return {
      ...name,
      ...tally,
      corrupted: sumOf(input.subscriptionCounts, name, 'corrupted'),
      overflowed: input.overflowed,
    }
  })
  return {
    audits,
    delivered: sums.delivered,
    duplicatedAcrossWorkers: sums.duplicatedAcrossWorkers,
    censoredEndToEnd: { warmup: sums.censored.warmup.encode(), measure: sums.censored.measure.encode() },
    breakdown: breakdown.result(),
  }
}

function tallyStreams(
  tally: AuditTally,
  name: SubscriptionName,
  sent: readonly SentStream[],
  received: ReadonlyMap<string, readonly ReceivedStream[]>,
  endUs: number,
  sums: PhaseSums,
  breakdown: BreakdownBook,
): void {
  const known = new Set<string>()
  const reported = new Set(sent.map((stream) => stream.producer))
  for (const stream of sent) {
    const key = streamKey({ ...name, producer: stream.producer, stream: stream.stream })
    known.add(key)
    const own = newTally()
    const view = tallyReceived(own, received.get(key) ?? [])
    tallySent(own, stream, view)
    addTally(tally, own)
    breakdown.add({ ...name, producer: stream.producer }, stream.stream, own)
    addPhase('warmup', 0, stream.measureFrom, stream, view, endUs, sums)
    addPhase('measure', stream.measureFrom, stream.sent, stream, view, endUs, sums)
  }
  for (const [key, streams] of received) {
    const { topic, subscription, producer } = streams[0]!
    if (known.has(key) || topic !== name.topic || subscription !== name.subscription) continue
    // Of a producer that never reported (its worker died) nobody knows what was sent; of one that did, it is a ghost.
    const { union } = tallyReceived(tally, streams)
    if (reported.has(producer)) tally.ghosts += union.count
  }
}

function addPhase(
  phase: Phase,
  from: number,
  to: number,
  sent: SentStream,
  { parts, union }: StreamView,
  endUs: number,
  sums: PhaseSums,
): void {
  const delivered = union.countInRange(from, to - from)
  sums.delivered[phase] += delivered
  for (const part of parts) sums.duplicatedAcrossWorkers[phase] += part.countInRange(from, to - from)
  sums.duplicatedAcrossWorkers[phase] -= delivered
  if (delivered < to - from) recordMissing(sums.censored[phase], sent, union, from, to, endUs)
}

/** Counts only: the sets are incomplete, so losses and duplicates hide each other. Never better than unproven. */
function tallyCounts(
  tally: AuditTally,
  name: SubscriptionName,
  sent: readonly SentStream[],
  input: AuditInput,
  sums: PhaseSums,
): void {
  for (const stream of sent) {
    tally.sent += stream.sent
    tally.rejected += countOfRuns(stream.rejected)
    tally.unknown += countOfRuns(stream.unknown)
    sums.delivered.warmup += stream.measureFrom
    sums.delivered.measure += stream.sent - stream.measureFrom
  }
  tally.acknowledged = tally.sent - tally.rejected - tally.unknown
  tally.received = sumOf(input.subscriptionCounts, name, 'received')
  tally.distinct = Math.min(tally.received, tally.sent)
  tally.lost = Math.max(0, tally.sent - tally.rejected - tally.received)
  tally.acknowledgedLost = Math.max(0, tally.acknowledged - tally.received)
  tally.duplicated = Math.max(0, tally.received - tally.sent)
  const missing = tally.sent - tally.distinct
  if (missing === 0) return
  // Nobody knows which are missing: the latest ones give the smallest, so a true, bound.
  sums.delivered.measure -= missing
  const lastUs = sent.reduce((last, stream) => Math.max(last, stream.checkpointsUs.at(-1) ?? 0), 0)
  sums.censored.measure.recordCount(Math.max(0, input.endUs - lastUs), missing)
}

function countOfRuns(runs: readonly number[]): number {
  return runs.reduce((sum, value, i) => (i % 2 === 1 ? sum + value : sum), 0)
}

function sumOf(
  counts: readonly SubscriptionCounts[],
  name: SubscriptionName,
  field: 'received' | 'corrupted',
): number {
  return counts
    .filter(({ topic, subscription }) => topic === name.topic && subscription === name.subscription)
    .reduce((sum, count) => sum + count[field], 0)
}

function streamKey(at: SubscriptionName & { readonly producer: number; readonly stream: number }): string {
  return JSON.stringify([at.topic, at.subscription, at.producer, at.stream])
}

function groupBy<T>(list: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of list) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}
