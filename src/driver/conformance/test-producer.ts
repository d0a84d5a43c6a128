import type { Driver, Outcome, OutgoingBatch, Producer, TopicSpec } from '../driver.ts'
import { makeMessage } from './messages.ts'
import { expect, type Session } from './session.ts'

/** A producer with books of its own, apart from the guard's. Sequence numbers are the identities of its messages. */
export interface TestProducer {
  readonly inner: Producer
  /** Outcome by sequence. */
  readonly outcomes: ReadonlyMap<number, Outcome>
  /** Sequences accepted so far: 0 … accepted − 1, unless started elsewhere. */
  readonly accepted: number
  readonly writableCalls: number
  /** Offers messages once; returns how many were taken. What is taken advances the sequence. */
  offer(count: number, options?: SendOptions): number
  /** Sends this many, waiting for room whenever the driver refuses. */
  send(count: number, options?: SendOptions): Promise<void>
  /** Waits until everything accepted is settled. */
  settled(): Promise<void>
  /** Sends, settles, and fails unless all was acknowledged. */
  publish(count: number, options?: SendOptions): Promise<void>
  /** Sequences with this outcome, ascending. */
  withOutcome(outcome: Outcome): readonly number[]
}

export interface SendOptions {
  readonly sizeBytes?: number
  readonly partition?: number
  /** Key of the message with this sequence. */
  readonly keyOf?: (sequence: number) => string
  /** Messages offered in one batch. Default 50. */
  readonly batch?: number
  /** Overwrites the bytes as soon as all of the batch is settled, as the engine may. */
  readonly rewrite?: boolean
}

interface RewritableBatch {
  unsettled: number
  readonly values: readonly Buffer[]
}

const DEFAULT_BATCH = 50
const DEFAULT_SIZE_BYTES = 100
/** Identities are 32-bit numbers. */
const MAX_PRODUCERS = 4000
let producerCount = 0

/** Creates a producer on the topic whose messages are made by `makeMessage`. */
export async function testProducer(
  session: Session,
  driver: Driver,
  topic: TopicSpec,
): Promise<TestProducer> {
  const outcomes = new Map<number, Outcome>()
  const rewritable = new Map<number, RewritableBatch>()
  const id = producerCount++
  // Identities differ between producers of one check, so that a topic may have several.
  let sequence = (id % MAX_PRODUCERS) * 1_000_000
  let accepted = 0
  let writableCalls = 0

  const inner = await driver.createProducer(
    {
      topic: topic.name,
      partitions: topic.partitions,
      name: `${topic.name}-p${id}`,
      onSettled(first, count, outcome) {
        for (let i = first; i < first + count; i++) {
          outcomes.set(i, outcome)
          const batch = rewritable.get(i)
          rewritable.delete(i)
          if (batch !== undefined && --batch.unsettled === 0)
            for (const value of batch.values) value.fill(0xee)
        }
      },
      onWritable() {
        writableCalls++
      },
    },
    session.signal,
  )

  function makeBatch(count: number, options: SendOptions): OutgoingBatch {
    const values: Buffer[] = []
    const keys: string[] = []
    for (let i = sequence; i < sequence + count; i++) {
      values.push(makeMessage(i, options.sizeBytes ?? DEFAULT_SIZE_BYTES))
      if (options.keyOf !== undefined) keys.push(options.keyOf(i))
    }
    return {
      firstSequence: sequence,
      count,
      partition: options.partition ?? -1,
      values,
      keys: options.keyOf === undefined ? null : keys,
    }
  }

  const producer: TestProducer = {
    inner,
    outcomes,
    get accepted() {
      return accepted
    },
    get writableCalls() {
      return writableCalls
    },
    offer(count, options = {}) {
      const batch = makeBatch(count, options)
      const taken = inner.send(batch)
      const whole = { unsettled: taken, values: batch.values.slice(0, taken) }
      if (options.rewrite) for (let i = 0; i < taken; i++) rewritable.set(sequence + i, whole)
      sequence += taken
      accepted += taken
      return taken
    },
    async send(count, options = {}) {
      for (let left = count; left > 0; ) {
        const offered = Math.min(left, options.batch ?? DEFAULT_BATCH)
        const calls = writableCalls
        const taken = producer.offer(offered, options)
        left -= taken
        if (taken < offered) await session.until('onWritable after a refusal', () => writableCalls > calls)
      }
    },
    async settled() {
      inner.flush()
      await session.until('every accepted message to be settled', () => outcomes.size >= accepted)
    },
    async publish(count, options) {
      await producer.send(count, options)
      await producer.settled()
      const failed = accepted - producer.withOutcome('acknowledged').length
      expect(failed === 0, `expected every message to be acknowledged, ${failed} of ${accepted} were not`)
    },
    withOutcome: (outcome) => [...outcomes].filter(([, one]) => one === outcome).map(([at]) => at),
  }
  return producer
}
