// Goal: the fake does what its options say, to the microsecond, so that what is measured on it can be computed by hand.
// Method: a simulated clock and a small open loop of our own.
import { describe, expect, test } from 'bun:test'
import { SimClock } from '../../src/clock/sim-clock.ts'
import { SystemClock } from '../../src/clock/system-clock.ts'
import type { Driver, Outcome, Producer } from '../../src/driver/driver.ts'
import { createFakeDriver } from '../../src/driver/fake/fake-driver.ts'
import { type FakeOptionsInput, fakeOptionsSchema } from '../../src/driver/fake/options.ts'

const signal = new AbortController().signal

interface Settled {
  readonly sequence: number
  readonly outcome: Outcome
  readonly reason: string | undefined
  readonly atUs: number
}

interface Bench {
  readonly clock: SimClock
  readonly driver: Driver
  readonly producer: Producer
  readonly settled: Settled[]
  readonly arrivedUs: number[]
  readonly writableUs: number[]
  send(firstSequence: number, count: number, sizeBytes?: number): number
}

async function createBench(options: FakeOptionsInput): Promise<Bench> {
  const clock = new SimClock(5e6)
  const driver = createFakeDriver({ clock, options })
  const settled: Settled[] = []
  const arrivedUs: number[] = []
  const writableUs: number[] = []
  await driver.open(signal)
  await driver.createTopics([{ name: 't', partitions: 1, subscriptions: ['s'] }], signal)
  await driver.createConsumer(
    {
      topic: 't',
      partitions: 1,
      subscription: 's',
      name: 'c',
      startAt: 'latest',
      consumersOfSubscription: 1,
      indexInSubscription: 0,
      onBatch(batch) {
        for (let i = 0; i < batch.count; i++) arrivedUs.push(clock.nowUs())
        batch.acknowledge()
      },
      onError() {},
    },
    signal,
  )
  await clock.advanceTo(6e6)
  const producer = await driver.createProducer(
    {
      topic: 't',
      partitions: 1,
      name: 'p',
      onSettled(first, count, outcome, reason) {
        for (let i = 0; i < count; i++) {
          settled.push({ sequence: first + i, outcome, reason, atUs: clock.nowUs() })
        }
      },
      onWritable: () => writableUs.push(clock.nowUs()),
    },
    signal,
  )
  const send = (firstSequence: number, count: number, sizeBytes = 4) => {
    const values = Array.from({ length: count }, () => Buffer.alloc(sizeBytes))
    return producer.send({ firstSequence, count, partition: 0, values, keys: null })
  }
  return { clock, driver, producer, settled, arrivedUs, writableUs, send }
}

test('acknowledges and delivers after the delays', async () => {
  const { clock, settled, arrivedUs, send } = await createBench({ ackDelayMs: 1, deliveryDelayMs: 2.5 })
  send(0, 2)
  await clock.advanceTo(7e6)
  expect(settled.map(({ atUs }) => atUs)).toEqual([6_001_000, 6_001_000])
  expect(arrivedUs).toEqual([6_002_500, 6_002_500])
})

test('takes what it has room for, and says when half of the room is free', async () => {
  const { clock, settled, writableUs, send } = await createBench({ ackDelayMs: 1, capacity: 10 })
  expect(send(0, 6)).toBe(6)
  await clock.advanceTo(6_000_500)
  expect(send(6, 6)).toBe(4)
  expect(send(10, 6)).toBe(0)
  await clock.advanceTo(6_001_000)
  expect(writableUs).toEqual([6_001_000])
  expect(send(10, 6)).toBe(6)
  await clock.advanceTo(7e6)
  expect(settled).toHaveLength(16)
})

test('stops answering for good', async () => {
  const { clock, producer, settled, arrivedUs, send } = await createBench({ ackDelayMs: 1, stopAfterS: 2 })
  send(0, 1)
  await clock.advanceTo(7_999_500)
  send(1, 1)
  await clock.advanceTo(60e6)
  expect(send(2, 1)).toBe(1)
  await clock.advanceTo(70e6)
  expect(settled.map(({ sequence }) => sequence)).toEqual([0])
  expect(arrivedUs).toHaveLength(2)
  await producer.close(signal)
  expect(settled.map(({ outcome }) => outcome)).toEqual(['acknowledged', 'unknown', 'unknown'])
})

test('rejects what is too large, by itself', async () => {
  const { clock, settled, send } = await createBench({})
  send(0, 1)
  send(1, 1, 17 * 1024 * 1024)
  send(2, 1)
  await clock.advanceTo(7e6)
  expect(settled.map(({ outcome }) => outcome)).toEqual(['acknowledged', 'rejected', 'acknowledged'])
  expect(settled[1]!.reason).toBe('message too large')
})

describe('a send that blocks the thread', () => {
  test('simulated: publish p95 and p99 are those of the schedule, not of the sends', async () => {
    const blockedDuring: [number, number][] = [
      [5, 6],
      [10, 11],
      [15, 16],
    ]
    const bench = await createBench({ ackDelayMs: 1, blockedDuring, capacity: 100_000 })
    const { clock, settled, send } = bench
    const startUs = clock.nowUs()
    let sent = 0
    const tick = () => {
      const due = Math.min(20_000, Math.floor((clock.nowUs() - startUs) / 1000) + 1)
      if (due > sent) {
        send(sent, due - sent)
        sent = due
      }
      if (sent < 20_000) clock.schedule(1, tick)
    }
    clock.schedule(0, tick)
    await clock.advanceTo(startUs + 25e6)
    expect(settled).toHaveLength(20_000)
    const latenciesMs = settled.map(({ sequence, atUs }) => (atUs - startUs) / 1000 - sequence)
    latenciesMs.sort((a, b) => a - b)
    const quantile = (q: number) => latenciesMs[Math.ceil(q * latenciesMs.length) - 1]!
    expect(quantile(0.5)).toBe(1)
    expect(Math.abs(quantile(0.95) / 668 - 1)).toBeLessThan(0.02)
    expect(Math.abs(quantile(0.99) / 935 - 1)).toBeLessThan(0.02)
  }, 20_000)

  test('real clock: returns when the time is over, without using up the CPU', async () => {
    const clock = new SystemClock()
    const driver = createFakeDriver({ clock, options: { blockedDuring: [[0, 0.2]] } })
    await driver.open(signal)
    await driver.createTopics([{ name: 't', partitions: 1, subscriptions: [] }], signal)
    const spec = { topic: 't', partitions: 1, name: 'p', onSettled() {}, onWritable() {} }
    const producer = await driver.createProducer(spec, signal)
    const startUs = clock.nowUs()
    const cpu = process.cpuUsage()
    producer.send({ firstSequence: 0, count: 1, partition: 0, values: [Buffer.from('x')], keys: null })
    const used = process.cpuUsage(cpu)
    expect(clock.nowUs() - startUs).toBeGreaterThanOrEqual(200_000)
    expect(used.user + used.system).toBeLessThan(100_000)
    await driver.close(signal)
  })
})

describe('options', () => {
  test('have defaults', () => {
    expect(fakeOptionsSchema.parse({})).toEqual({
      shape: 'log',
      ackDelayMs: 0,
      deliveryDelayMs: 0,
      capacity: 10_000,
      blockedDuring: [],
      stopAfterS: null,
      faults: null,
    })
  })

  test('are checked', () => {
    for (const wrong of [
      { shape: 'ring' },
      { capacity: 0 },
      { unknown: 1 },
      { faults: { lose: 1, window: 5 } },
    ]) {
      expect(fakeOptionsSchema.safeParse(wrong).success).toBe(false)
    }
  })
})

test('shapes without partitions refuse several', async () => {
  for (const shape of ['sink', 'fanout'] as const) {
    const driver = createFakeDriver({ clock: new SimClock(), options: { shape } })
    await driver.open(signal)
    const making = driver.createTopics([{ name: 't', partitions: 2, subscriptions: [] }], signal)
    await expect(making).rejects.toThrow('expected 1 partition')
  }
})

test('a sink that is not there refuses connections', async () => {
  const clock = new SimClock()
  const driver = createFakeDriver({ clock, options: { shape: 'sink' } })
  await driver.open(signal)
  await driver.createTopics([{ name: 't', partitions: 1, subscriptions: [] }], signal)
  const outcomes: unknown[] = []
  const producer = await driver.createProducer(
    {
      topic: 't',
      partitions: 1,
      name: 'p',
      onSettled: (...range) => outcomes.push(range),
      onWritable() {},
    },
    signal,
  )
  producer.send({
    firstSequence: 0,
    count: 2,
    partition: -1,
    values: [Buffer.from('a'), Buffer.from('b')],
    keys: null,
  })
  await clock.advanceTo(1e6)
  expect(outcomes).toEqual([[0, 2, 'rejected', 'connection refused']])
})
