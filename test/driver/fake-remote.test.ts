// Goal: faults are as exact through the server as in one process, and the copies of a duplicate go to different
// connections, hence to different worker processes. Method: real sockets, two connections that consume, one that sends.
import { afterAll, expect, test } from 'bun:test'
import { SystemClock } from '../../src/clock/system-clock.ts'
import { makeMessage, readMessage } from '../../src/driver/conformance/messages.ts'
import type { Driver, Outcome } from '../../src/driver/driver.ts'
import { createFakeDriver } from '../../src/driver/fake/fake-driver.ts'
import { remoteLink } from '../../src/driver/fake/remote/remote-link.ts'
import { startFakeServer } from '../../src/driver/fake/remote/server.ts'

const clock = new SystemClock()
const server = startFakeServer(clock)
afterAll(() => server.stop())
const signal = new AbortController().signal
const MESSAGES = 300
const FAULTS = { lose: 3, duplicate: 4, swap: 2, corrupt: 3, acknowledgeAndDrop: 5, window: 200 }
const LIMIT_MS = 5000

async function openDriver(seed: number): Promise<Driver> {
  const link = remoteLink(`127.0.0.1:${server.port}`)
  const driver = createFakeDriver({ clock, link, options: { shape: 'queue', faults: { seed, ...FAULTS } } })
  await driver.open(signal)
  return driver
}

async function receive(driver: Driver, topic: string, index: number): Promise<number[]> {
  const received: number[] = []
  await driver.createConsumer(
    {
      topic,
      partitions: 1,
      subscription: 's',
      name: `c-${index}`,
      startAt: 'latest',
      consumersOfSubscription: 2,
      indexInSubscription: index,
      onBatch(batch) {
        for (let i = 0; i < batch.count; i++) received.push(readMessage(batch.value(i)))
        batch.acknowledge()
      },
      onError(kind) {
        throw new Error(kind)
      },
    },
    signal,
  )
  return received
}

for (let seed = 1; seed <= 5; seed++) {
  test(`exact faults over two connections, seed ${seed}`, async () => {
    const drivers = [await openDriver(seed), await openDriver(seed), await openDriver(seed)]
    const topic = `t-${seed}`
    await drivers[0]!.createTopics([{ name: topic, partitions: 1, subscriptions: ['s'] }], signal)
    const first = await receive(drivers[0]!, topic, 0)
    const second = await receive(drivers[1]!, topic, 1)
    const outcomes = new Map<number, Outcome>()
    const producer = await drivers[2]!.createProducer(
      {
        topic,
        partitions: 1,
        name: 'p',
        onSettled(from, count, outcome) {
          for (let i = from; i < from + count; i++) outcomes.set(i, outcome)
        },
        onWritable() {},
      },
      signal,
    )
    for (let sequence = 0; sequence < MESSAGES; sequence += 10) {
      const values = Array.from({ length: 10 }, (_, i) => makeMessage(sequence + i, 100))
      producer.send({ firstSequence: sequence, count: 10, partition: 0, values, keys: null })
      await clock.sleep(1)
    }
    const expected = MESSAGES - FAULTS.lose - FAULTS.acknowledgeAndDrop + FAULTS.duplicate
    for (let i = 0; i < LIMIT_MS / 5 && first.length + second.length < expected; i++) await clock.sleep(5)
    for (const driver of drivers) await driver.close(signal)

    expect(first.length + second.length).toBe(expected)
    const readable = [...first, ...second].filter((identity) => identity >= 0)
    expect(first.length + second.length - readable.length).toBe(FAULTS.corrupt)
    const lost = FAULTS.lose + FAULTS.acknowledgeAndDrop + FAULTS.corrupt
    expect(new Set(readable).size).toBe(MESSAGES - lost)
    const firstSet = new Set(first.filter((identity) => identity >= 0))
    expect(second.filter((identity) => firstSet.has(identity))).toHaveLength(FAULTS.duplicate)
    expect([...outcomes.values()].filter((outcome) => outcome === 'unknown')).toHaveLength(FAULTS.lose)
    expect(outcomes.size).toBe(MESSAGES)
  }, 15_000)
}
