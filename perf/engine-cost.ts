// Question: what does the engine itself cost a message? Method: real clock, a driver that does nothing (acknowledges a
// whole batch on the next turn of the event loop), CPU time of the process per message; consumers are handed the same
// messages again in batches of 100. Run: bun perf/engine-cost.ts
import { SystemClock } from '../src/clock/system-clock.ts'
import type { ConsumerSpec, Driver, OutgoingBatch } from '../src/driver/driver.ts'
import { createEngine } from '../src/engine/engine.ts'
import { Recorder } from '../src/engine/histogram.ts'
import type { EngineSpec } from '../src/engine/types.ts'

const clock = new SystemClock()
const signal = new AbortController().signal
const RUN = 7

const KEPT_BATCHES = 200
const kept: Buffer[] = []
let consumerSpec: ConsumerSpec | undefined

const driver: Driver = {
  capabilities: {
    partitions: 'native',
    choosesPartition: true,
    subscriptions: true,
    orderDomain: 'partition',
    sharedStreams: false,
    delivery: 'at-least-once',
    redeliveryFlag: false,
    redelivers: false,
    replay: false,
    keys: true,
    filtersByStream: false,
    consumerIsServer: false,
    transactions: false,
    brokerTimestamps: false,
    maxMessageBytes: 1 << 20,
  },
  open: async () => ({ version: 'none', settings: {}, client: 'none', notes: [] }),
  createTopics: async () => {},
  deleteTopics: async () => {},
  close: async () => {},
  createProducer: async (spec) => ({
    send(batch: OutgoingBatch) {
      if (kept.length < KEPT_BATCHES * 100) for (const value of batch.values) kept.push(Buffer.from(value))
      setImmediate(() => spec.onSettled(batch.firstSequence, batch.count, 'acknowledged'))
      return batch.count
    },
    flush() {},
    close: async () => {},
  }),
  createConsumer: async (spec) => {
    consumerSpec = spec
    return { pause() {}, resume() {}, close: async () => {} }
  },
}

function spec(rateHz: number, seconds: number, over: Partial<EngineSpec> = {}): EngineSpec {
  return {
    runId: RUN,
    messageBytes: 1024,
    payload: { kind: 'fixed' },
    keyDistributor: 'NO_KEY',
    seed: 1,
    rateHz,
    producerCount: 1,
    warmupUs: 0,
    measureUs: seconds * 1e6,
    partitions: 4,
    producers: [{ id: 0, topic: 't' }],
    consumers: [],
    ...over,
  }
}

async function produce(label: string, rateHz: number, over: Partial<EngineSpec> = {}): Promise<void> {
  const seconds = 3
  const engine = createEngine({ spec: spec(rateHz, seconds, over), driver, clock })
  await engine.prepareProducers(signal)
  engine.start(clock.nowUs() + 10_000)
  const cpu = process.cpuUsage()
  let intervalMs = 0
  while (!engine.sendingDone()) {
    await clock.sleep(500)
    const before = clock.nowUs()
    engine.takeInterval()
    intervalMs = Math.max(intervalMs, (clock.nowUs() - before) / 1000)
  }
  const used = process.cpuUsage(cpu)
  const { sent } = engine.progress()
  await engine.finish(signal)
  const perMessageUs = (used.user + used.system) / sent
  console.log(
    `${label}: ${sent} sent, ${perMessageUs.toFixed(2)} µs CPU a message, takeInterval ≤ ${intervalMs.toFixed(2)} ms`,
  )
}

async function consume(): Promise<void> {
  const consumers = [
    {
      id: 0,
      topic: 't',
      subscription: 's',
      indexInSubscription: 0,
      consumersOfSubscription: 1,
      rateHz: null,
    },
  ]
  const engine = createEngine({ spec: spec(1, 1, { producers: [], consumers }), driver, clock })
  await engine.prepareConsumers(signal)
  engine.start(clock.nowUs() - 1)
  const rounds = 20
  let batchUs = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    const cpu = process.cpuUsage()
    let count = 0
    for (let at = 0; at + 100 <= kept.length; at += 100, count += 100) {
      consumerSpec!.onBatch({
        count: 100,
        value: (i) => kept[at + i]!,
        partition: () => -1,
        redelivered: () => false,
        acknowledge: () => {},
      })
    }
    const used = process.cpuUsage(cpu)
    batchUs = Math.min(batchUs, (used.user + used.system) / count)
  }
  await engine.finish(signal)
  console.log(`consumer: ${batchUs.toFixed(2)} µs CPU a message of 1 KiB (best of ${rounds} rounds)`)
}

function encode(): void {
  const recorder = new Recorder()
  for (let i = 0; i < 100_000; i++) recorder.record(500 + ((i * 7919) % 20_000))
  const rounds = 200
  const start = clock.nowUs()
  for (let i = 0; i < rounds; i++) recorder.encode()
  console.log(`encode 100,000 values: ${((clock.nowUs() - start) / rounds).toFixed(0)} µs`)
}

await produce('producer, 300,000/s, fixed', 300_000)
await produce('producer, 300,000/s, random pool', 300_000, {
  payload: { kind: 'random', randomRatio: 0.5, poolSize: 1000 },
})
await produce('producer, 300,000/s, keys', 300_000, { keyDistributor: 'RANDOM_NANO' })
await produce('producer, 20,000/s (timer and loop included)', 20_000)
await produce('idle, 1/s (timer alone)', 1)
await consume()
encode()
