import { MAX_AUDIT_BYTES } from './limits.ts'
import { serialiseSet } from './sequence-codec.ts'
import { SequenceSet } from './sequence-set.ts'
import type { ConsumerCounts, ReceivedStream } from './types.ts'

// A stream's objects beside its set, roughly.
const STREAM_BYTES = 256

/** Memory of the audit in this process, shared by all subscriptions. */
export interface AuditBudget {
  usedBytes: number
  readonly maxBytes: number
  /** The budget was exceeded: sets stay as they are, counts go on. */
  overflowed: boolean
}

export function createAuditBudget(maxBytes = MAX_AUDIT_BYTES): AuditBudget {
  return { usedBytes: 0, maxBytes, overflowed: false }
}

/** One stream of one producer, as one subscription saw it in this process. */
export interface StreamRecord {
  readonly producer: number
  readonly stream: number
  readonly set: SequenceSet
  deliveries: number
  outOfOrder: number
  redelivered: number
  redeliveredFirst: number
  wrongPartition: number
}

/** What one subscription received in this process, whichever of its consumers took it. */
export class ReceivedStreams {
  readonly counts: { -readonly [K in keyof ConsumerCounts]: ConsumerCounts[K] } = {
    received: 0,
    corrupted: 0,
    foreign: 0,
  }
  /** First deliveries in this process. */
  distinct = 0
  readonly topic: string
  readonly subscription: string
  readonly #budget: AuditBudget
  readonly #streams = new Map<number, Map<number, StreamRecord>>()

  constructor(topic: string, subscription: string, budget: AuditBudget) {
    this.topic = topic
    this.subscription = subscription
    this.#budget = budget
  }

  record(producer: number, stream: number): StreamRecord {
    let ofProducer = this.#streams.get(producer)
    if (ofProducer === undefined) {
      ofProducer = new Map()
      this.#streams.set(producer, ofProducer)
    }
    let record = ofProducer.get(stream)
    if (record === undefined) {
      const set = new SequenceSet()
      record = {
        producer,
        stream,
        set,
        deliveries: 0,
        outOfOrder: 0,
        redelivered: 0,
        redeliveredFirst: 0,
        wrongPartition: 0,
      }
      ofProducer.set(stream, record)
      this.#budget.usedBytes += set.memoryBytes + STREAM_BYTES
    }
    return record
  }

  /** Notes a delivery; true when it is the first of its message in this process (or nobody can tell any more). */
  note(record: StreamRecord, sequence: number): boolean {
    record.deliveries++
    const budget = this.#budget
    if (budget.overflowed) {
      this.distinct++
      return true
    }
    const before = record.set.memoryBytes
    const first = record.set.add(sequence)
    const grownBytes = record.set.memoryBytes - before
    if (grownBytes !== 0) budget.usedBytes += grownBytes
    if (budget.usedBytes > budget.maxBytes) budget.overflowed = true
    if (first) this.distinct++
    return first
  }

  report(): ReceivedStream[] {
    const reports: ReceivedStream[] = []
    for (const ofProducer of this.#streams.values()) {
      for (const { set, ...record } of ofProducer.values()) {
        const bytes = this.#budget.overflowed ? new Uint8Array(0) : serialiseSet(set)
        reports.push({ subscription: this.subscription, topic: this.topic, ...record, set: bytes })
      }
    }
    return reports
  }
}
