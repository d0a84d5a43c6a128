import { expectAscending, expectExactly } from '../expectations.ts'
import { MIN_MESSAGE_BYTES } from '../messages.ts'
import { expect } from '../session.ts'
import type { ConformanceCheck } from '../subject.ts'

const always = () => true
const SIZES_BYTES = [MIN_MESSAGE_BYTES, 100, 1000, 10_000, 100_000]
const READY_ROUNDS = 3
const KEYS = 10

/** What arrives, whole, in order and where it should. */
export const deliveryChecks: readonly ConformanceCheck[] = [
  {
    name: 'messages of all sizes arrive once, unchanged',
    appliesTo: always,
    async run(session) {
      const driver = await session.open()
      const topic = await session.topic(driver)
      const consumer = await session.consumer(driver, topic)
      const producer = await session.producer(driver, topic)
      for (const sizeBytes of SIZES_BYTES) {
        if (sizeBytes <= session.capabilities.maxMessageBytes)
          await producer.publish(10, { sizeBytes, batch: 3 })
      }
      await producer.publish(session.hints.messages)
      await expectExactly(session, [consumer], producer.withOutcome('acknowledged'))
    },
  },
  {
    name: 'a consumer is ready when it says so',
    appliesTo: always,
    async run(session) {
      const driver = await session.open()
      for (let round = 0; round < READY_ROUNDS; round++) {
        const topic = await session.topic(driver)
        const producer = await session.producer(driver, topic)
        const consumer = await session.consumer(driver, topic, { startAt: 'latest' })
        await producer.publish(session.hints.messages)
        await expectExactly(session, [consumer], producer.withOutcome('acknowledged'))
        await consumer.close()
      }
    },
  },
  {
    name: 'a chosen partition is honoured',
    appliesTo: (capabilities) => capabilities.choosesPartition && capabilities.partitions !== 'none',
    async run(session) {
      const driver = await session.open()
      const topic = await session.topic(driver)
      const consumer = await session.consumer(driver, topic)
      const producer = await session.producer(driver, topic)
      const partitionOf = new Map<number, number>()
      for (let partition = 0; partition < topic.partitions; partition++) {
        const before = producer.outcomes.size
        await producer.publish(20, { partition })
        for (const sequence of [...producer.outcomes.keys()].slice(before))
          partitionOf.set(sequence, partition)
      }
      await expectExactly(session, [consumer], producer.withOutcome('acknowledged'))
      for (const { identity, partition } of consumer.received) {
        const wanted = partitionOf.get(identity)
        expect(
          partition === wanted,
          `expected message ${identity} from partition ${wanted}, got ${partition}`,
        )
      }
    },
  },
  {
    name: 'a partition keeps its order',
    appliesTo: (capabilities) => capabilities.orderDomain !== 'none' && capabilities.choosesPartition,
    async run(session) {
      const driver = await session.open()
      const topic = await session.topic(driver)
      const consumer = await session.consumer(driver, topic)
      const producer = await session.producer(driver, topic)
      for (let i = 0; i < 8; i++) {
        await producer.send(session.hints.messages / 4, { partition: i % topic.partitions, batch: 10 })
      }
      await producer.settled()
      await expectExactly(session, [consumer], producer.withOutcome('acknowledged'))
      expectAscending(consumer.received, ({ partition }) => `partition ${partition}`)
    },
  },
  {
    name: 'a key keeps its order and its partition',
    appliesTo: (capabilities) => capabilities.keys && capabilities.orderDomain !== 'none',
    async run(session) {
      const keyOf = (sequence: number) => `key-${sequence % KEYS}`
      const driver = await session.open()
      const topic = await session.topic(driver)
      const consumer = await session.consumer(driver, topic)
      const producer = await session.producer(driver, topic)
      await producer.publish(2 * session.hints.messages, { keyOf, batch: 23 })
      await expectExactly(session, [consumer], producer.withOutcome('acknowledged'))
      expectAscending(consumer.received, ({ identity }) => keyOf(identity))
      const partitions = new Map<string, number>()
      for (const { identity, partition } of consumer.received) {
        const first = partitions.get(keyOf(identity)) ?? partition
        partitions.set(keyOf(identity), first)
        expect(
          partition === first,
          `expected ${keyOf(identity)} from one partition, got ${first} and ${partition}`,
        )
      }
    },
  },
]
