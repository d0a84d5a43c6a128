import { expectExactly } from '../expectations.ts'
import { expect, type Session } from '../session.ts'
import type { ConformanceCheck } from '../subject.ts'
import type { TestConsumer } from '../test-consumer.ts'

const always = () => true
const ROUNDS = 5
/** Generous for a call that only notes something, even when the machine is busy in four of five rounds. */
const CALL_LIMIT_MS = 50
const WAVES = 4

/** The shortest time that a pause with its resume took, so that a busy machine is not blamed on the driver. */
function fastestPauseMs(session: Session, consumer: TestConsumer): number {
  const { clock } = session.subject
  let fastestUs = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    const startUs = clock.nowUs()
    consumer.inner.pause()
    consumer.inner.resume()
    fastestUs = Math.min(fastestUs, clock.nowUs() - startUs)
  }
  return fastestUs / 1000
}

/** Pausing. */
export const pauseChecks: readonly ConformanceCheck[] = [
  {
    name: 'pause does not block the thread',
    appliesTo: always,
    async run(session) {
      const driver = await session.open()
      const topic = await session.topic(driver)
      const consumer = await session.consumer(driver, topic)
      const fastestMs = fastestPauseMs(session, consumer)
      expect(
        fastestMs < CALL_LIMIT_MS,
        `expected pause to return at once, it took ${Math.round(fastestMs)} ms`,
      )
    },
  },
  {
    name: 'pause stops deliveries and resume loses none',
    // A consumer that is a server refuses while it is paused: what comes of that is the sender's choice.
    appliesTo: (capabilities) => !capabilities.consumerIsServer,
    async run(session) {
      const driver = await session.open()
      const topic = await session.topic(driver)
      const consumer = await session.consumer(driver, topic)
      const producer = await session.producer(driver, topic)
      await producer.publish(session.hints.messages)
      await expectExactly(session, [consumer], producer.withOutcome('acknowledged'))
      consumer.inner.pause()
      await session.quiet()
      for (let wave = 0; wave < WAVES; wave++) {
        const before = consumer.received.length
        await producer.publish(session.hints.messages)
        await session.quiet()
        // What was under way when pause was called may still come: one wave, not the next.
        const came = consumer.received.length - before
        expect(
          wave === 0 || came === 0,
          `expected nothing while paused, ${came} messages came in wave ${wave}`,
        )
      }
      consumer.inner.resume()
      await expectExactly(session, [consumer], producer.withOutcome('acknowledged'))
    },
  },
]
