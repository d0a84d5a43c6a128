// One process of bench's side: `producer` or `consumer`, then the run as JSON. Prints `ready`, then one Interval a line
// of JSON. It is the product's driver with the product's histogram, without the audit, which pulsar-perf does not have.
import { SystemClock } from '../../src/clock/system-clock.ts'
import type { Driver, IncomingBatch } from '../../src/driver/driver.ts'
import { pulsarConfigSchema } from '../../src/drivers/pulsar/pulsar-config.ts'
import { driverModule } from '../../src/drivers/pulsar/pulsar-driver.ts'
import { hdrHighestUs } from '../../src/engine/hdr-layout.ts'
import { Recorder } from '../../src/engine/histogram.ts'
import { BATCH_BYTES, BATCH_DELAY_MS, MESSAGE_BYTES, RECEIVER_QUEUE, type RunSpec } from './spec.ts'

const TICK_MS = 1
/** Messages offered in one call: more at once would stay in the caches of nobody. */
const OFFER = 100
const STAMPS_PER_MESSAGE = MESSAGE_BYTES / 8

const clock = new SystemClock()
const recorder = new Recorder()
let total = 0

async function produce(driver: Driver, spec: RunSpec, signal: AbortSignal): Promise<void> {
  let slots = 1
  while (slots < spec.inFlight + OFFER) slots *= 2
  const mask = slots - 1
  const slab = Buffer.alloc(slots * MESSAGE_BYTES)
  for (let i = 0; i < slab.length; i++) slab[i] = Math.random() * 256
  const values = Array.from({ length: slots }, (_, i) =>
    slab.subarray(i * MESSAGE_BYTES, (i + 1) * MESSAGE_BYTES),
  )
  // The instant of sending, the first 8 bytes of each message.
  const stamps = new Float64Array(slab.buffer, slab.byteOffset, slots * STAMPS_PER_MESSAGE)
  let next = 0
  let startUs = 0
  let blocked = false

  const producer = await driver.createProducer(
    {
      topic: spec.topic,
      partitions: 1,
      name: `perf-${process.pid}`,
      onSettled(first, count, outcome, reason) {
        if (outcome !== 'acknowledged') throw new Error(`a message was ${outcome}: ${reason}`)
        const nowUs = clock.nowUs()
        for (let i = first; i < first + count; i++) {
          recorder.record(nowUs - stamps[(i & mask) * STAMPS_PER_MESSAGE]!)
        }
        total += count
      },
      onWritable() {
        blocked = false
        queueMicrotask(sendDue)
      },
    },
    signal,
  )

  function due(): number {
    const elapsedS = (clock.nowUs() - startUs) / 1e6
    if (spec.rateHz === null) return OFFER
    return Math.min(OFFER, Math.floor(elapsedS * spec.rateHz) - next)
  }

  function sendDue(): void {
    for (let count = due(); count > 0 && !blocked; count = due()) {
      const offered: Buffer[] = []
      const nowUs = clock.nowUs()
      for (let i = next; i < next + count; i++) {
        stamps[(i & mask) * STAMPS_PER_MESSAGE] = nowUs
        offered.push(values[i & mask]!)
      }
      const taken = producer.send({ firstSequence: next, count, partition: 0, values: offered, keys: null })
      next += taken
      blocked = taken < count
    }
  }

  function tick(): void {
    sendDue()
    setTimeout(tick, TICK_MS)
  }
  startUs = clock.nowUs()
  tick()
}

async function consume(driver: Driver, spec: RunSpec, signal: AbortSignal): Promise<void> {
  await driver.createConsumer(
    {
      topic: spec.topic,
      partitions: 1,
      subscription: 'perf',
      name: 'perf',
      startAt: 'earliest',
      consumersOfSubscription: 1,
      indexInSubscription: 0,
      onBatch(batch: IncomingBatch) {
        const nowUs = clock.nowUs()
        for (let i = 0; i < batch.count; i++) {
          const value = batch.value(i)
          for (let b = 0; b < bytes.length; b++) bytes[b] = value[b]!
          recorder.record(nowUs - stamp[0]!)
        }
        total += batch.count
        batch.acknowledge()
      },
      onError(kind) {
        throw new Error(`the consumer failed: ${kind}`)
      },
    },
    signal,
  )
}

const stamp = new Float64Array(1)
const bytes = new Uint8Array(stamp.buffer)

function quantileMs(quantile: number): number {
  const rank = Math.ceil(recorder.count * quantile)
  let seen = 0
  let us = 0
  recorder.forEachCount((index, count) => {
    if (seen < rank) us = hdrHighestUs(index)
    seen += count
  })
  return us / 1000
}

const [role, text] = process.argv.slice(2)
const spec: RunSpec = JSON.parse(text!)
const config = pulsarConfigSchema.parse({
  batchMessages: spec.batchMessages,
  batchBytes: BATCH_BYTES,
  batchDelayMs: BATCH_DELAY_MS,
  receiverQueueSize: RECEIVER_QUEUE,
  maxPendingMessages: spec.inFlight,
})
const driver = driverModule.create({
  config,
  servers: spec.servers,
  namePrefix: 'perf-',
  log: (line) => console.error(line),
})
const signal = new AbortController().signal
await driver.open(signal)
await (role === 'producer' ? produce(driver, spec, signal) : consume(driver, spec, signal))
console.log('ready')
let lastUs = clock.nowUs()
let lastTotal = 0
setInterval(() => {
  const nowUs = clock.nowUs()
  const rateHz = ((total - lastTotal) * 1e6) / (nowUs - lastUs)
  console.log(JSON.stringify({ total, rateHz, p50Ms: quantileMs(0.5), p99Ms: quantileMs(0.99) }))
  recorder.reset()
  lastUs = nowUs
  lastTotal = total
}, spec.intervalS * 1000)
