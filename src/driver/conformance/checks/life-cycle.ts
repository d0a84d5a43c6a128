import { expectExactly } from '../expectations.ts'
import { expect, fail } from '../session.ts'
import type { ConformanceCheck } from '../subject.ts'

const always = () => true

/** Opening, topics and closing. */
export const lifeCycleChecks: readonly ConformanceCheck[] = [
  {
    name: 'open says what the server is',
    appliesTo: always,
    async run(session) {
      const info = await session.create().open(session.signal)
      expect(info.version.length > 0, 'expected a version of the server, got an empty one')
      expect(info.client.length > 0, 'expected name and version of the client, got an empty one')
      expect(Array.isArray(info.notes), 'expected a list of notes')
    },
  },
  {
    name: 'a topic that exists is an error',
    appliesTo: always,
    async run(session) {
      const driver = await session.open()
      const topic = await session.topic(driver)
      const again = await session.ends(
        'createTopics of an existing topic',
        driver.createTopics([topic], session.signal),
      )
      if (again.status === 'fulfilled') fail(`expected an error, ${topic.name} was made a second time`)
    },
  },
  {
    name: 'a topic that is gone may be deleted',
    appliesTo: always,
    async run(session) {
      const driver = await session.open()
      const topic = await session.topic(driver)
      await driver.deleteTopics([topic], session.signal)
      await driver.deleteTopics([topic], session.signal)
    },
  },
  {
    name: 'closing again is fine',
    appliesTo: always,
    async run(session) {
      const driver = session.createUnguarded()
      await driver.open(session.signal)
      const topic = await session.topic(driver)
      const consumer = await session.consumer(driver, topic)
      const producer = await session.producer(driver, topic)
      await producer.publish(10)
      for (const part of [producer.inner, consumer.inner, driver]) {
        await part.close(session.signal)
        await part.close(session.signal)
      }
    },
  },
  {
    name: 'close loses nothing',
    appliesTo: always,
    async run(session) {
      const driver = await session.open()
      const topic = await session.topic(driver)
      const consumer = await session.consumer(driver, topic)
      const producer = await session.producer(driver, topic)
      await producer.send(session.hints.messages)
      await producer.inner.close(session.signal)
      expect(
        producer.outcomes.size === producer.accepted,
        `expected close to settle all ${producer.accepted}, ${producer.outcomes.size} were settled`,
      )
      const acknowledged = producer.withOutcome('acknowledged')
      expect(acknowledged.length > 0, 'expected close to wait for acknowledgements, none came')
      await expectExactly(session, [consumer], acknowledged)
    },
  },
  {
    name: 'nothing comes after close',
    appliesTo: (capabilities) => !capabilities.consumerIsServer,
    async run(session) {
      const driver = await session.open()
      const topic = await session.topic(driver)
      const consumer = await session.consumer(driver, topic)
      const producer = await session.producer(driver, topic)
      await producer.publish(session.hints.messages)
      await session.until('a first delivery', () => consumer.received.length > 0)
      await consumer.close()
      const before = consumer.received.length
      await producer.publish(session.hints.messages)
      await session.quiet()
      const after = consumer.received.length - before
      expect(after === 0, `expected nothing after close, ${after} messages came`)
    },
  },
]
