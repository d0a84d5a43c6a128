import type { Driver } from '../../driver.ts'
import { expect, type Session } from '../session.ts'
import type { ConformanceCheck } from '../subject.ts'

const always = () => true
/** A driver may need a moment to free what it holds after its signal has aborted. */
const ABORT_LIMIT_MS = 5000
const ABORT_AFTER_MS = [0, 20]

type Operation = (signal: AbortSignal) => Promise<unknown>

/**
 * Runs the operation with a signal that aborts before it, and one that aborts a little later: it must end. What it
 * needs is prepared in each round before the signal and the limit begin.
 */
async function endsOnAbort(
  session: Session,
  what: string,
  prepare: (round: number) => Operation | Promise<Operation>,
): Promise<void> {
  for (const [round, afterMs] of ABORT_AFTER_MS.entries()) {
    const operation = await prepare(round)
    const abort = new AbortController()
    if (afterMs === 0) abort.abort(new Error('aborted by the suite'))
    else session.subject.clock.schedule(afterMs, () => abort.abort(new Error('aborted by the suite')))
    await session.ends(`${what}, aborted,`, operation(abort.signal), ABORT_LIMIT_MS)
  }
}

/** Every waiting method ends when its signal aborts. */
export const abortChecks: readonly ConformanceCheck[] = [
  {
    name: 'open ends on abort and may be tried again',
    appliesTo: always,
    async run(session) {
      let driver: Driver | null = null
      await endsOnAbort(session, 'open', () => async (signal) => {
        driver = session.create()
        const current = driver
        await current.open(signal).catch(async () => current.open(session.signal))
        await current.close(session.signal)
      })
    },
  },
  {
    name: 'createTopics ends on abort',
    appliesTo: always,
    async run(session) {
      const driver = await session.open()
      const subscriptions = ['sub-1']
      await endsOnAbort(session, 'createTopics', () => async (signal) => {
        const topic = { name: session.subject.makeTopicName(), partitions: 1, subscriptions }
        try {
          await driver.createTopics([topic], signal)
        } finally {
          await driver.deleteTopics([topic], session.signal)
        }
      })
    },
  },
  {
    name: 'createConsumer ends on abort',
    appliesTo: always,
    async run(session) {
      const driver = await session.open()
      const topic = await session.topic(driver)
      await endsOnAbort(session, 'createConsumer', (round) => async (signal) => {
        const consumer = await driver.createConsumer(
          {
            topic: topic.name,
            partitions: topic.partitions,
            subscription: 'sub-1',
            name: `aborted-${round}`,
            startAt: 'latest',
            consumersOfSubscription: 1,
            indexInSubscription: 0,
            onBatch() {},
            onError() {},
          },
          signal,
        )
        await consumer.close(session.signal)
      })
    },
  },
  {
    name: 'createProducer ends on abort',
    appliesTo: always,
    async run(session) {
      const driver = await session.open()
      const topic = await session.topic(driver)
      await endsOnAbort(session, 'createProducer', (round) => async (signal) => {
        const producer = await driver.createProducer(
          {
            topic: topic.name,
            partitions: topic.partitions,
            name: `aborted-${round}`,
            onSettled() {},
            onWritable() {},
          },
          signal,
        )
        await producer.close(session.signal)
      })
    },
  },
  {
    name: 'close of a producer ends on abort, with everything settled',
    appliesTo: always,
    async run(session) {
      const driver = await session.open()
      const topic = await session.topic(driver)
      await session.consumer(driver, topic)
      await endsOnAbort(session, 'close of a producer', async () => {
        const producer = await session.producer(driver, topic)
        producer.offer(session.hints.messages)
        return async (signal) => {
          await producer.inner.close(signal).catch(() => {})
          const open = producer.accepted - producer.outcomes.size
          expect(open === 0, `expected an aborted close to settle everything, ${open} messages were left`)
        }
      })
    },
  },
  {
    name: 'close ends on abort',
    appliesTo: always,
    async run(session) {
      await endsOnAbort(session, 'close', async () => {
        const driver = await session.open()
        const topic = await session.topic(driver)
        await session.consumer(driver, topic)
        const producer = await session.producer(driver, topic)
        producer.offer(session.hints.messages)
        return (signal) => driver.close(signal).catch(() => {})
      })
    },
  },
]
