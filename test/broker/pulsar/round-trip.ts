import { expect } from 'bun:test'
import { randomSuffix } from '../../../src/driver/conformance/session.ts'
import type { Driver } from '../../../src/driver/driver.ts'

/** Opens the driver, sends one message through a topic of its own, expects it whole, and closes everything. */
export async function roundTrip(driver: Driver, signal: AbortSignal): Promise<void> {
  await driver.open(signal)
  const topic = { name: `secure-${randomSuffix()}`, partitions: 1, subscriptions: ['s'] }
  await driver.createTopics([topic], signal)
  const got = Promise.withResolvers<string>()
  const consumer = await driver.createConsumer(
    {
      topic: topic.name,
      partitions: 1,
      subscription: 's',
      name: 'c',
      startAt: 'earliest',
      consumersOfSubscription: 1,
      indexInSubscription: 0,
      onBatch: (batch) => got.resolve(Buffer.from(batch.value(0)).toString()),
      onError: (kind) => got.reject(new Error(kind)),
    },
    signal,
  )
  const producer = await driver.createProducer(
    { topic: topic.name, partitions: 1, name: 'p', onSettled() {}, onWritable() {} },
    signal,
  )
  producer.send({ firstSequence: 0, count: 1, partition: 0, values: [Buffer.from('secret')], keys: null })
  expect(await got.promise).toBe('secret')
  await producer.close(signal)
  await consumer.close(signal)
  await driver.deleteTopics([topic], signal)
  await driver.close(signal)
}
