// Goal: a consumer counts what it is handed for what it is: first or again, in order or not, of this run or another,
// damaged, too early; and keeps to its rate without blocking. Method: messages handed over by hand.
import { describe, expect, test } from 'bun:test'
import { SimClock } from '../../src/clock/sim-clock.ts'
import type { ConsumerSpec, Driver } from '../../src/driver/driver.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { bodyChecksum, ENVELOPE_BYTES, writeEnvelope } from '../../src/engine/envelope.ts'
import type { EngineSpec } from '../../src/engine/types.ts'
import { createFakeBroker } from './fake-broker.ts'
import { runTrial } from './trial.ts'

const RUN = 99
const signal = new AbortController().signal

function message(sequence: number, scheduledUs: number, { run = RUN, phase = 1, stream = 0 } = {}): Buffer {
  const body = new Uint8Array(20)
  const bytes = Buffer.alloc(20 + ENVELOPE_BYTES)
  writeEnvelope(bytes, 20, bodyChecksum(body), run, phase, 0, stream, sequence, sequence, scheduledUs)
  return bytes
}

async function consumerEngine(consumers: number, maxAuditBytes?: number) {
  const clock = new SimClock()
  const specs: ConsumerSpec[] = []
  const { driver } = createFakeBroker(clock)
  const catching: Driver = {
    ...driver,
    createConsumer: (spec, abort) => {
      specs.push(spec)
      return driver.createConsumer(spec, abort)
    },
  }
  const spec: EngineSpec = {
    runId: RUN,
    messageBytes: 68,
    payload: { kind: 'fixed' },
    keyDistributor: 'NO_KEY',
    seed: 1,
    rateHz: 10,
    producerCount: 1,
    warmupUs: 0,
    measureUs: 1_000_000,
    partitions: 2,
    producers: [],
    consumers: Array.from({ length: consumers }, (_, id) => ({
      id,
      topic: 't',
      subscription: 's',
      indexInSubscription: id,
      consumersOfSubscription: consumers,
      rateHz: null,
    })),
  }
  const engine = createEngine({
    spec,
    driver: catching,
    clock,
    ...(maxAuditBytes === undefined ? {} : { maxAuditBytes }),
  })
  await engine.prepareConsumers(signal)
  engine.start(1000)
  let acknowledged = 0
  const hand = (consumer: number, values: readonly Buffer[], { redelivered = false, partition = 0 } = {}) =>
    specs[consumer]!.onBatch({
      count: values.length,
      value: (i) => values[i]!,
      partition: () => partition,
      redelivered: () => redelivered,
      acknowledge: () => {
        acknowledged += values.length
      },
    })
  return { clock, engine, hand, specs, acknowledged: () => acknowledged }
}

describe('a consumer', () => {
  test('counts first deliveries, duplicates, disorder and wrong partitions, over all consumers of a subscription', async () => {
    const { engine, hand, clock, acknowledged } = await consumerEngine(2)
    clock.spend(2000)
    hand(0, [message(0, 0), message(2, 0), message(1, 0)])
    hand(1, [message(2, 0), message(5, 0)], { redelivered: true })
    hand(0, [message(9, 0, { stream: 1 })], { partition: 0 })
    const { receivedStreams, consumerCounts, histograms } = await engine.finish(signal)
    expect(receivedStreams.find(({ stream }) => stream === 0)).toMatchObject({
      deliveries: 5,
      outOfOrder: 1,
      redelivered: 1,
      redeliveredFirst: 1,
      wrongPartition: 0,
    })
    expect(receivedStreams.find(({ stream }) => stream === 1)).toMatchObject({ wrongPartition: 1 })
    expect(consumerCounts).toEqual({ received: 6, corrupted: 0, foreign: 0 })
    // The duplicate has no latency of its own.
    expect(histograms.measure.endToEnd!.count).toBe(5)
    expect(acknowledged()).toBe(6)
  })

  test('counts negative latencies and shows the smallest', async () => {
    const { engine, hand, clock } = await consumerEngine(1)
    clock.spend(1000 + 500)
    hand(0, [message(0, 700), message(1, 500), message(2, 10_500)])
    const { histograms } = await engine.finish(signal)
    expect(histograms.measure.endToEnd).toMatchObject({ count: 3, negative: 2, minimumUs: -10_000 })
  })

  test('tells phases, other runs and damage apart', async () => {
    const { engine, hand, clock } = await consumerEngine(1)
    clock.spend(2000)
    const damaged = message(3, 0)
    damaged[5]! ^= 4
    hand(0, [message(0, 0, { phase: 0 }), message(1, 0), message(2, 0, { run: 1 }), damaged, Buffer.alloc(3)])
    const { histograms, consumerCounts, subscriptionCounts } = await engine.finish(signal)
    expect(histograms.warmup.endToEnd!.count).toBe(1)
    expect(histograms.measure.endToEnd!.count).toBe(1)
    expect(consumerCounts).toEqual({ received: 2, corrupted: 2, foreign: 1 })
    expect(subscriptionCounts).toEqual([{ topic: 't', subscription: 's', ...consumerCounts }])
  })

  test('goes on counting when the audit is out of memory, and says so', async () => {
    const { engine, hand, clock } = await consumerEngine(1, 2000)
    clock.spend(2000)
    for (let n = 0; n < 200; n++) hand(0, [message(n * 70_000, 0)])
    const report = await engine.finish(signal)
    expect(report.auditOverflowed).toBe(true)
    expect(report.consumerCounts.received).toBe(200)
    expect(report.histograms.measure.endToEnd!.count).toBe(200)
  })

  test('its failures are counted by kind, in bounded memory', async () => {
    const { engine, specs } = await consumerEngine(1)
    specs[0]!.onError('connection lost')
    specs[0]!.onError('connection lost')
    for (let i = 0; i < 1000; i++) specs[0]!.onError(`odd ${i}`)
    const { consumeErrors } = await engine.finish(signal)
    expect(consumeErrors['connection lost']).toBe(2)
    expect(Object.keys(consumeErrors).length).toBeLessThanOrEqual(65)
    expect(Object.values(consumeErrors).reduce((a, b) => a + b)).toBe(1002)
  })
})

test('a consumer rate is kept by pausing: half the messages in the time, the rest afterwards', async () => {
  const slow = await runTrial({ consumerRateHz: 500, spec: { rateHz: 1000 }, drainUs: 100_000 })
  const received = slow.reports[0]!.consumerCounts.received
  expect(received).toBeGreaterThan(1000)
  expect(received).toBeLessThan(1150)
  const drained = await runTrial({ consumerRateHz: 500, spec: { rateHz: 1000 }, drainUs: 3_000_000 })
  expect(drained.reports[0]!.consumerCounts.received).toBe(2000)
  expect(drained.summary('endToEnd').p99.us).toBeGreaterThan(1_500_000)
})
