import type { Recorder } from './histogram.ts'
import { deserialiseSet } from './sequence-codec.ts'
import { SequenceSet } from './sequence-set.ts'
import type { Audit, ReceivedStream, SentStream } from './types.ts'

/** Running sums of one subscription's audit. */
export type AuditTally = { -readonly [K in keyof Omit<Audit, 'overflowed' | 'corrupted'>]: Audit[K] }

export function newTally(): AuditTally {
  return {
    sent: 0,
    acknowledged: 0,
    rejected: 0,
    unknown: 0,
    received: 0,
    distinct: 0,
    lost: 0,
    acknowledgedLost: 0,
    duplicated: 0,
    redelivered: 0,
    outOfOrder: 0,
    wrongPartition: 0,
    ghosts: 0,
  }
}

/** Adds one tally to another. */
export function addTally(to: AuditTally, from: AuditTally): void {
  for (const key of Object.keys(from) as (keyof AuditTally)[]) to[key] += from[key]
}

/** One stream of one producer as a subscription saw it: what each worker has, and all of them together. */
export interface StreamView {
  readonly parts: readonly SequenceSet[]
  readonly union: SequenceSet
}

/** Adds what was received of a stream; returns the sets. */
export function tallyReceived(tally: AuditTally, received: readonly ReceivedStream[]): StreamView {
  const parts = received.map((stream) => deserialiseSet(stream.set))
  const union = new SequenceSet()
  let inWorkers = 0
  let deliveries = 0
  let redelivered = 0
  let redeliveredFirst = 0
  for (const [i, stream] of received.entries()) {
    union.union(parts[i]!)
    inWorkers += parts[i]!.count
    deliveries += stream.deliveries
    redelivered += stream.redelivered
    redeliveredFirst += stream.redeliveredFirst
    tally.outOfOrder += stream.outOfOrder
    tally.wrongPartition += stream.wrongPartition
  }
  tally.received += deliveries
  tally.distinct += union.count
  tally.duplicated += deliveries - union.count
  // A message that two workers had, one of them marked as redelivered: its worker could not know it as a duplicate.
  tally.redelivered += redelivered + Math.min(redeliveredFirst, inWorkers - union.count)
  return { parts, union }
}

/** Adds what was sent of a stream, and what became of it. */
export function tallySent(tally: AuditTally, sent: SentStream, { union }: StreamView): void {
  const rejected = tallyRuns(sent.rejected, union)
  const unknown = tallyRuns(sent.unknown, union)
  const missing = sent.sent - union.countInRange(0, sent.sent)
  tally.sent += sent.sent
  tally.rejected += rejected.count
  tally.unknown += unknown.count
  tally.acknowledged += sent.sent - rejected.count - unknown.count
  tally.lost += missing - rejected.missing
  tally.acknowledgedLost += missing - rejected.missing - unknown.missing
  tally.ghosts += rejected.count - rejected.missing + beyond(union, sent.sent)
}

function tallyRuns(runs: readonly number[], set: SequenceSet): { count: number; missing: number } {
  let count = 0
  let missing = 0
  for (let i = 0; i < runs.length; i += 2) {
    count += runs[i + 1]!
    missing += runs[i + 1]! - set.countInRange(runs[i]!, runs[i + 1]!)
  }
  return { count, missing }
}

/** Delivered, though the driver never accepted so many. */
function beyond(set: SequenceSet, sent: number): number {
  return set.count - set.countInRange(0, sent)
}

/** Records `end − scheduled` for the messages `from … to − 1` of a stream that nobody received. */
export function recordMissing(
  recorder: Recorder,
  sent: SentStream,
  set: SequenceSet,
  from: number,
  to: number,
  endUs: number,
): void {
  const { checkpointStride: stride, checkpointsUs } = sent
  set.forEachGap(to, (gapFirst, gapCount) => {
    let first = Math.max(from, gapFirst)
    const end = gapFirst + gapCount
    while (first < end) {
      // The next checkpoint is not before any of these, so its distance to the end is a lower bound for them all.
      const checkpoint = Math.ceil(first / stride)
      const next = Math.min(end, checkpoint * stride + 1)
      recorder.recordCount(Math.max(0, endUs - checkpointsUs[checkpoint]!), next - first)
      first = next
    }
  })
}
