import type { Clock } from '../../clock/clock.ts'
import type { Driver, TopicSpec } from '../../driver/driver.ts'
import { createFakeDriver } from '../../driver/fake/fake-driver.ts'
import { remoteLink } from '../../driver/fake/remote/remote-link.ts'
import { AppError } from '../../errors/app-error.ts'

const HEALTH_LIMIT_MS = 10_000
const TOPIC: TopicSpec = { name: 'bench-health', partitions: 1, subscriptions: ['health'] }

/** Resolves when one message was really produced and read; throws `AppError('PREPARE')` within a limit otherwise. */
export async function proveFake(clock: Clock, server: string, signal: AbortSignal): Promise<void> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(HEALTH_LIMIT_MS)])
  const driver = createFakeDriver({ clock, link: remoteLink(server) })
  try {
    await driver.open(limit)
    await driver.createTopics([TOPIC], limit)
    await roundTrip(driver, limit)
    await driver.deleteTopics([TOPIC], limit)
  } catch (error) {
    if (error instanceof AppError) throw error
    signal.throwIfAborted()
    throw new AppError('PREPARE', `expected a message back from the fake server at ${server}, got none`, {
      cause: error,
    })
  } finally {
    await driver.close(limit)
  }
}

async function roundTrip(driver: Driver, signal: AbortSignal): Promise<void> {
  const came = Promise.withResolvers<void>()
  const onAbort = () => came.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  const common = { topic: TOPIC.name, partitions: TOPIC.partitions, name: 'health' }
  const consumer = await driver.createConsumer(
    {
      ...common,
      subscription: 'health',
      startAt: 'latest',
      consumersOfSubscription: 1,
      indexInSubscription: 0,
      onBatch(batch) {
        batch.acknowledge()
        came.resolve()
      },
      onError: (kind) => came.reject(new Error(kind)),
    },
    signal,
  )
  const producer = await driver.createProducer({ ...common, onSettled() {}, onWritable() {} }, signal)
  producer.send({ firstSequence: 0, count: 1, partition: 0, values: [Buffer.from('health')], keys: null })
  producer.flush()
  await came.promise
  signal.removeEventListener('abort', onAbort)
  await producer.close(signal)
  await consumer.close(signal)
}
