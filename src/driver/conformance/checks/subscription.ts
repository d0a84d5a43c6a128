import type { TopicSpec } from '../../driver.ts'
import { expectExactly, expectNoOther } from '../expectations.ts'
import { expect, fail, type Session } from '../session.ts'
import type { ConformanceCheck } from '../subject.ts'
import type { TestConsumer } from '../test-consumer.ts'
import type { TestProducer } from '../test-producer.ts'

/** A broker may hand all that is there to one consumer in one piece, and as much to the other next time. */
const SHARE_ROUNDS = 5

/** Deliveries of the first consumer that were acknowledged before it left, and what must come again. */
interface Interrupted {
  readonly sent: readonly number[]
  readonly second: TestConsumer
}

/** A consumer takes messages without acknowledging any, leaves, and another one of the subscription comes. */
async function interrupt(session: Session): Promise<Interrupted> {
  const driver = await session.open()
  const topic = await session.topic(driver)
  const first = await session.consumer(driver, topic, { acknowledge: false })
  const producer = await session.producer(driver, topic)
  await producer.publish(50)
  const sent = producer.withOutcome('acknowledged')
  await session.until('all deliveries', () => first.received.length >= sent.length)
  await first.close()
  const second = await session.consumer(driver, topic)
  await session.until('what was not acknowledged to come again', () => second.counts().size >= sent.length)
  return { sent, second }
}

/** Publishes to every partition until each consumer has had a part, or for `SHARE_ROUNDS`; nothing may come twice. */
async function expectShared(
  session: Session,
  topic: TopicSpec,
  producer: TestProducer,
  consumers: readonly TestConsumer[],
): Promise<void> {
  const { choosesPartition } = session.capabilities
  for (let round = 0; round < SHARE_ROUNDS; round++) {
    for (let i = 0; i < (choosesPartition ? topic.partitions : 1); i++) {
      await producer.publish(session.hints.messages, { partition: choosesPartition ? i : -1, batch: 10 })
    }
    await expectExactly(session, consumers, producer.withOutcome('acknowledged'))
    if (consumers.every(({ received }) => received.length > 0)) return
  }
  const empty = consumers.findIndex(({ received }) => received.length === 0)
  fail(`expected each consumer to get a share, number ${empty} got nothing in ${SHARE_ROUNDS} rounds`)
}

/** Several subscriptions, several consumers, where they start, and what comes again. */
export const subscriptionChecks: readonly ConformanceCheck[] = [
  {
    name: 'every subscription gets everything',
    appliesTo: (capabilities) => capabilities.subscriptions,
    async run(session) {
      const driver = await session.open()
      const topic = await session.topic(driver, ['sub-1', 'sub-2'])
      const consumers = await Promise.all(
        topic.subscriptions.map((subscription) => session.consumer(driver, topic, { subscription })),
      )
      const producer = await session.producer(driver, topic)
      await producer.publish(session.hints.messages)
      for (const consumer of consumers) {
        await expectExactly(session, [consumer], producer.withOutcome('acknowledged'))
      }
    },
  },
  {
    name: 'consumers of one subscription share it',
    appliesTo: (capabilities) => capabilities.partitions !== 'none' || capabilities.sharedStreams,
    async run(session) {
      const driver = await session.open()
      const topic = await session.topic(driver)
      const consumers = await session.consumers(driver, topic, 2)
      await expectShared(session, topic, await session.producer(driver, topic), consumers)
    },
  },
  {
    name: 'consumers of several instances share it too',
    appliesTo: (capabilities) => capabilities.partitions !== 'none',
    async run(session) {
      const drivers = [await session.open(), await session.open()]
      const topic = await session.topic(drivers[0]!)
      const consumers = await Promise.all(
        drivers.map((driver, indexInSubscription) =>
          session.consumer(driver, topic, { indexInSubscription, consumersOfSubscription: 2 }),
        ),
      )
      await expectShared(session, topic, await session.producer(await session.open(), topic), consumers)
    },
  },
  {
    name: 'each receiver gets its streams, together everything',
    appliesTo: (capabilities) => capabilities.filtersByStream,
    async run(session) {
      const { receivers } = session.hints
      const keyOf = (sequence: number) => `token-${sequence % (4 * receivers)}`
      const driver = await session.open()
      const topic = await session.topic(driver)
      const consumers = await session.consumers(driver, topic, receivers)
      const producer = await session.producer(driver, topic)
      await producer.publish(8 * receivers, { keyOf })
      await expectExactly(session, consumers, producer.withOutcome('acknowledged'))
      const owner = new Map<string, number>()
      for (const [i, consumer] of consumers.entries()) {
        for (const { identity } of consumer.received) {
          const first = owner.get(keyOf(identity)) ?? i
          owner.set(keyOf(identity), first)
          expect(first === i, `expected ${keyOf(identity)} at one receiver, got it at ${first} and ${i}`)
        }
      }
    },
  },
  {
    name: 'earliest starts at the oldest message',
    appliesTo: (capabilities) => capabilities.replay,
    async run(session) {
      const driver = await session.open()
      const topic = await session.topic(driver)
      const producer = await session.producer(driver, topic)
      await producer.publish(session.hints.messages)
      const consumer = await session.consumer(driver, topic, { startAt: 'earliest' })
      await producer.publish(session.hints.messages)
      await expectExactly(session, [consumer], producer.withOutcome('acknowledged'))
    },
  },
  {
    name: 'latest starts at new messages',
    appliesTo: (capabilities) => capabilities.replay,
    async run(session) {
      const driver = await session.open()
      const topic = await session.topic(driver)
      const producer = await session.producer(driver, topic)
      await producer.publish(session.hints.messages)
      const old = producer.accepted
      const consumer = await session.consumer(driver, topic, { startAt: 'latest' })
      await producer.publish(session.hints.messages)
      await expectExactly(session, [consumer], producer.withOutcome('acknowledged').slice(old))
    },
  },
  {
    name: 'what is not acknowledged comes again',
    appliesTo: (capabilities) => capabilities.redelivers,
    async run(session) {
      const { sent, second } = await interrupt(session)
      await session.quiet()
      expectNoOther(second.received, new Set(sent))
    },
  },
  {
    name: 'what comes again is marked',
    appliesTo: (capabilities) => capabilities.redelivers && capabilities.redeliveryFlag,
    async run(session) {
      const { second } = await interrupt(session)
      const unmarked = second.received.filter((one) => !one.redelivered).length
      expect(unmarked === 0, `expected what comes again to be marked as redelivered, ${unmarked} were not`)
    },
  },
  {
    name: 'what comes first is not marked',
    appliesTo: (capabilities) => capabilities.redeliveryFlag,
    async run(session) {
      const driver = await session.open()
      const topic = await session.topic(driver)
      const consumer = await session.consumer(driver, topic)
      const producer = await session.producer(driver, topic)
      await producer.publish(session.hints.messages)
      await expectExactly(session, [consumer], producer.withOutcome('acknowledged'))
      const marked = consumer.received.filter((one) => one.redelivered).length
      expect(marked === 0, `expected no mark on first deliveries, ${marked} had one`)
    },
  },
  {
    name: 'what is acknowledged does not come again',
    appliesTo: (capabilities) => capabilities.redelivers,
    async run(session) {
      const driver = await session.open()
      const topic = await session.topic(driver)
      const first = await session.consumer(driver, topic)
      const producer = await session.producer(driver, topic)
      await producer.publish(session.hints.messages)
      const old = producer.accepted
      await expectExactly(session, [first], producer.withOutcome('acknowledged'))
      await first.close()
      const second = await session.consumer(driver, topic)
      await producer.publish(session.hints.messages)
      await expectExactly(session, [second], producer.withOutcome('acknowledged').slice(old))
    },
  },
]
