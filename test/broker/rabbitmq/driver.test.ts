// Goal: the driver does on a real broker what its contract says: outcomes, order, redelivery, pause, back-pressure,
// large messages, unroutable ones, subscriptions, streams.
// Method: one quick broker for the file; messages carry their number; every count is our own.
import { expect, test } from 'bun:test'
import { testBroker } from './support/broker.ts'
import { limit, makeTopic, openConsumer, openDriver, openProducer, steady, until } from './support/client.ts'

const broker = testBroker()
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i)

for (const queueType of ['classic', 'quorum', 'stream']) {
  test(`${queueType}: everything sent is acknowledged, and comes once, in order, with its partition`, async () => {
    const driver = await openDriver(broker.current.servers, { queueType })
    const topic = await makeTopic(driver, 3, ['a', 'b'])
    const readers = await Promise.all(
      topic.subscriptions.map((subscription) => openConsumer(driver, topic, { subscription })),
    )
    const producer = await openProducer(driver, topic)
    for (let i = 0; i < 60; i++) expect(producer.send(10, { partition: i % 3 })).toBe(10)
    await producer.settled()
    expect(producer.count('acknowledged')).toBe(600)
    for (const { received } of readers) {
      await until('600 messages', () => received.length >= 600)
      await steady(() => received.length)
      expect(received.map(({ number }) => number).sort((a, b) => a - b)).toEqual(numbers(600))
      for (const partition of [0, 1, 2]) {
        const own = received.filter((each) => each.partition === partition).map(({ number }) => number)
        expect(own).toHaveLength(200)
        expect(own).toEqual([...own].sort((a, b) => a - b))
        expect(own.every((number) => Math.floor(number / 10) % 3 === partition)).toBe(true)
      }
      expect(received.some(({ redelivered }) => redelivered)).toBe(false)
    }
    await driver.deleteTopics([topic], limit())
    await driver.close(limit())
  })
}

test('a key always goes to the same partition', async () => {
  const driver = await openDriver(broker.current.servers, { queueType: 'classic' })
  const topic = await makeTopic(driver, 4)
  const reader = await openConsumer(driver, topic)
  const producer = await openProducer(driver, topic)
  producer.send(400, { keyOf: (i) => `key-${i % 20}` })
  await until('400 messages', () => reader.received.length >= 400)
  const byKey = new Map<number, Set<number>>()
  for (const { number, partition } of reader.received) {
    byKey.set(number % 20, (byKey.get(number % 20) ?? new Set()).add(partition))
  }
  expect([...byKey.values()].every((partitions) => partitions.size === 1)).toBe(true)
  expect(new Set(reader.received.map(({ partition }) => partition)).size).toBeGreaterThan(1)
  await driver.close(limit())
})

test('messages of 0 bytes, one frame, and several frames arrive whole', async () => {
  const driver = await openDriver(broker.current.servers)
  const topic = await makeTopic(driver)
  const sizes: number[] = []
  const reader = await openConsumer(driver, topic, {
    onBatch(batch) {
      for (let i = 0; i < batch.count; i++) {
        const value = batch.value(i)
        sizes.push(value.every((byte) => byte === value.length % 251) ? value.length : -1)
      }
      batch.acknowledge()
    },
  })
  const producer = await openProducer(driver, topic)
  const wanted = [0, 1, 1024, 131_063, 131_064, 131_065, 5_000_000]
  const values = wanted.map((size) => Buffer.alloc(size, size % 251))
  expect(
    producer.producer.send({ firstSequence: 0, count: values.length, partition: 0, values, keys: null }),
  ).toBe(values.length)
  await until('all sizes', () => sizes.length === wanted.length)
  expect(sizes).toEqual(wanted)
  expect(reader.errors).toEqual([])
  await driver.close(limit())
})

test('a message that no queue takes is rejected as unroutable, its neighbours are not', async () => {
  const driver = await openDriver(broker.current.servers)
  const topic = await makeTopic(driver, 2)
  // The second partition's queue goes, so its messages have nowhere to go.
  const whole = { ...topic, name: topic.name }
  const producer = await openProducer(driver, whole)
  const { connect } = await import('amqplib')
  const side = await connect(`amqp://guest:guest@${broker.current.servers[0]}`)
  const channel = await side.createChannel()
  await channel.deleteQueue(`${topic.name}.sub.1`)
  await side.close()
  producer.send(5, { partition: 0 })
  producer.send(7, { partition: 1 })
  producer.send(3, { partition: 0 })
  await producer.settled()
  expect(
    [...producer.outcomes]
      .filter(([, outcome]) => outcome === 'rejected')
      .map(([i]) => i)
      .sort(),
  ).toEqual([10, 11, 5, 6, 7, 8, 9])
  expect(producer.count('acknowledged')).toBe(8)
  expect(producer.reasons).toEqual({ unroutable: 7 })
  await driver.close(limit())
})

test('competing consumers share one queue; without competition the second stays idle', async () => {
  for (const competingConsumers of [true, false]) {
    const driver = await openDriver(broker.current.servers, { competingConsumers, prefetch: 5 })
    const topic = await makeTopic(driver, 1)
    const readers = await Promise.all(
      [0, 1].map((indexInSubscription) =>
        openConsumer(driver, topic, { consumersOfSubscription: 2, indexInSubscription }),
      ),
    )
    const producer = await openProducer(driver, topic)
    producer.send(400)
    const total = () => readers.reduce((sum, { received }) => sum + received.length, 0)
    await until('400 messages', () => total() >= 400)
    expect(await steady(total)).toBe(400)
    expect(readers.filter(({ received }) => received.length > 0)).toHaveLength(competingConsumers ? 2 : 1)
    await driver.close(limit())
  }
})

test('what a closed consumer did not acknowledge comes again, marked as redelivered', async () => {
  const driver = await openDriver(broker.current.servers, { prefetch: 30 })
  const topic = await makeTopic(driver)
  const producer = await openProducer(driver, topic)
  producer.send(100)
  await producer.settled()
  const first = await openConsumer(driver, topic, { acknowledge: false })
  await until('the prefetched', () => first.received.length === 30)
  const done = first.batches[0]!.count
  first.batches[0]!.acknowledge()
  await until('as many more', () => first.received.length === 30 + done)
  const held = new Set(first.received.slice(done).map(({ number }) => number))
  await first.consumer.close(limit())
  const second = await openConsumer(driver, topic)
  await until('the others', () => second.received.length >= 100 - done)
  expect(await steady(() => second.received.length)).toBe(100 - done)
  expect(second.received.every(({ number, redelivered }) => redelivered === held.has(number))).toBe(true)
  await driver.close(limit())
})

test('pausing stops deliveries within the prefetch, resuming brings the rest, nothing is lost', async () => {
  for (const queueType of ['quorum', 'stream']) {
    const driver = await openDriver(broker.current.servers, { queueType, prefetch: 50 })
    const topic = await makeTopic(driver, 2)
    const reader = await openConsumer(driver, topic)
    const producer = await openProducer(driver, topic)
    reader.consumer.pause()
    await steady(() => reader.received.length)
    const before = reader.received.length
    for (let i = 0; i < 20; i++) producer.send(50, { partition: i % 2 })
    await producer.settled()
    expect((await steady(() => reader.received.length)) - before).toBe(0)
    reader.consumer.resume()
    reader.consumer.pause()
    reader.consumer.resume()
    await until('1000 messages', () => reader.received.length >= 1000)
    expect(await steady(() => reader.received.length)).toBe(1000)
    expect(new Set(reader.received.map(({ number }) => number)).size).toBe(1000)
    await driver.close(limit())
  }
})

test('a stream starts where it is asked to', async () => {
  const driver = await openDriver(broker.current.servers, { queueType: 'stream' })
  const topic = await makeTopic(driver)
  const producer = await openProducer(driver, topic)
  producer.send(10)
  await producer.settled()
  const late = await openConsumer(driver, topic, { startAt: 'latest' })
  const early = await openConsumer(driver, topic, { startAt: 'earliest' })
  producer.send(5)
  await until('the new ones', () => late.received.length >= 5 && early.received.length >= 15)
  await steady(() => late.received.length + early.received.length)
  expect(late.received.map(({ number }) => number)).toEqual([10, 11, 12, 13, 14])
  expect(early.received.map(({ number }) => number)).toEqual(numbers(15))
  await driver.close(limit())
})

test('a topic that exists is refused; one that is gone is deleted without complaint', async () => {
  const driver = await openDriver(broker.current.servers)
  const topic = await makeTopic(driver)
  await expect(driver.createTopics([topic], limit())).rejects.toThrow(`exchange '${topic.name}' to be new`)
  await driver.deleteTopics([topic], limit())
  await driver.deleteTopics([topic], limit())
  await driver.close(limit())
})
