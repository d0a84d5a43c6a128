// Goal: the null driver settles and delivers everything exactly once, in order, and holds nothing while a consumer pauses.
// Method: the guarded driver with producers and consumers in one process, as the worker of a calibration has them.
import { expect, test } from 'bun:test'
import type { Producer } from '../../../src/driver/driver.ts'
import { guardDriver } from '../../../src/driver/guard.ts'
import { nullModule } from '../../../src/drivers/null/null-module.ts'

const signal = new AbortController().signal
const context = { config: {}, servers: [], namePrefix: 'n', log: () => {} }

async function openDriver() {
  const breaches: string[] = []
  const driver = guardDriver(nullModule.create(context), (sentence) => breaches.push(sentence))
  await driver.open(signal)
  await driver.createTopics([{ name: 't', partitions: 2, subscriptions: ['a', 'b'] }], signal)
  const received: string[] = []
  const consume = (subscription: string, indexInSubscription: number, consumersOfSubscription: number) =>
    driver.createConsumer(
      {
        topic: 't',
        partitions: 2,
        subscription,
        name: `${subscription}-${indexInSubscription}`,
        startAt: 'earliest',
        consumersOfSubscription,
        indexInSubscription,
        onBatch(batch) {
          for (let i = 0; i < batch.count; i++) {
            received.push(
              `${subscription}${indexInSubscription} p${batch.partition(i)} ${Buffer.from(batch.value(i))}`,
            )
          }
          batch.acknowledge()
        },
        onError: () => {},
      },
      signal,
    )
  const settled: string[] = []
  let writable = 0
  const produce = () =>
    driver.createProducer(
      {
        topic: 't',
        partitions: 2,
        name: 'p',
        onSettled: (first, count, outcome) => settled.push(`${first}+${count} ${outcome}`),
        onWritable: () => writable++,
      },
      signal,
    )
  return { driver, breaches, received, settled, consume, produce, writable: () => writable }
}

function send(producer: Producer, firstSequence: number, partition: number, ...texts: string[]): number {
  const values = texts.map((text) => Buffer.from(text))
  return producer.send({ firstSequence, count: texts.length, partition, values, keys: null })
}

test('each subscription gets every message once, each partition at one consumer; then they are settled', async () => {
  const { driver, breaches, received, settled, consume, produce } = await openDriver()
  await Promise.all([consume('a', 0, 1), consume('b', 0, 2), consume('b', 1, 2)])
  const producer = await produce()
  expect(send(producer, 0, 0, 'x', 'y')).toBe(2)
  expect(send(producer, 2, 1, 'z')).toBe(1)
  expect(settled).toEqual([])
  await Promise.resolve()
  await producer.close(signal)
  expect(settled).toEqual(['0+2 acknowledged', '2+1 acknowledged'])
  expect(received).toEqual(['a0 p0 x', 'a0 p0 y', 'b0 p0 x', 'b0 p0 y', 'a0 p1 z', 'b1 p1 z'])
  await driver.close(signal)
  expect(breaches).toEqual([])
})

test('while a consumer pauses nothing is taken; when it goes on the producer is told', async () => {
  const { driver, breaches, received, consume, produce, writable } = await openDriver()
  const consumer = await consume('a', 0, 1)
  const producer = await produce()
  consumer.pause()
  expect(send(producer, 0, 0, 'x')).toBe(0)
  expect(writable()).toBe(0)
  consumer.resume()
  await Promise.resolve()
  expect(writable()).toBe(1)
  expect(send(producer, 0, 0, 'x')).toBe(1)
  await producer.close(signal)
  expect(received).toEqual(['a0 p0 x'])
  await driver.close(signal)
  expect(breaches).toEqual([])
})
