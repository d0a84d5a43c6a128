import { expectExactly } from '../expectations.ts'
import { expect } from '../session.ts'
import type { ConformanceCheck } from '../subject.ts'

const always = () => true

/** What `send` takes, and what becomes of it. */
export const settlementChecks: readonly ConformanceCheck[] = [
  {
    name: 'every message is settled once, after send',
    appliesTo: always,
    async run(session) {
      const driver = await session.open()
      const topic = await session.topic(driver)
      await session.consumer(driver, topic)
      const producer = await session.producer(driver, topic)
      await producer.publish(session.hints.messages, { batch: 7 })
      await session.quiet()
      await producer.inner.close(session.signal)
      await driver.close(session.signal)
    },
  },
  {
    name: 'producers settle their own messages',
    appliesTo: always,
    async run(session) {
      const driver = await session.open()
      const topic = await session.topic(driver)
      const consumer = await session.consumer(driver, topic)
      const producers = [await session.producer(driver, topic), await session.producer(driver, topic)]
      for (const producer of producers) await producer.send(session.hints.messages)
      for (const producer of producers) await producer.settled()
      const sent = producers.flatMap((producer) => producer.withOutcome('acknowledged'))
      expect(sent.length === 2 * session.hints.messages, `expected all acknowledged, got ${sent.length}`)
      await expectExactly(session, [consumer], sent)
    },
  },
  {
    name: 'what is full refuses, and says when there is room',
    appliesTo: always,
    async run(session) {
      const { maxInFlight, overloadMessageBytes } = session.hints
      const driver = await session.open()
      const topic = await session.topic(driver)
      const consumer = await session.consumer(driver, topic)
      const producer = await session.producer(driver, topic)
      const options = { sizeBytes: overloadMessageBytes, batch: 500 }
      let refused = false
      while (!refused) {
        refused = producer.offer(500, options) < 500
        expect(
          producer.accepted <= maxInFlight,
          `expected a refusal within ${maxInFlight} messages in one turn, ${producer.accepted} were taken`,
        )
      }
      await session.until('onWritable after a refusal', () => producer.writableCalls > 0)
      await producer.publish(session.hints.messages, options)
      await expectExactly(session, [consumer], producer.withOutcome('acknowledged'))
    },
  },
  {
    name: 'flush sends what lingers',
    appliesTo: always,
    async run(session) {
      const driver = await session.open()
      const topic = await session.topic(driver)
      const consumer = await session.consumer(driver, topic)
      const producer = await session.producer(driver, topic)
      for (let round = 0; round < 3; round++) await producer.publish(1)
      await expectExactly(session, [consumer], producer.withOutcome('acknowledged'))
    },
  },
  {
    name: 'buffers may be rewritten once settled',
    appliesTo: always,
    async run(session) {
      const driver = await session.open()
      const topic = await session.topic(driver)
      const consumer = await session.consumer(driver, topic)
      const producer = await session.producer(driver, topic)
      await producer.publish(session.hints.messages, { rewrite: true, sizeBytes: 1000, batch: 20 })
      await expectExactly(session, [consumer], producer.withOutcome('acknowledged'))
    },
  },
]
