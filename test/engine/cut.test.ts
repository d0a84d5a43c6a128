// Goal: a trial that is cut short is judged by what fell due until then: what the drain takes is no part of the schedule.
// Method: one engine on the fake broker in simulated time, stopped in the middle, finished seconds later.
import { expect, test } from 'bun:test'
import { SimClock } from '../../src/clock/sim-clock.ts'
import { createEngine } from '../../src/engine/engine.ts'
import type { EngineSpec } from '../../src/engine/types.ts'
import { createFakeBroker } from './fake-broker.ts'

const S = 1_000_000
const EPOCH_US = 1000
const SPEC: EngineSpec = {
  runId: 1,
  messageBytes: 100,
  payload: { kind: 'random', randomRatio: 0.5, poolSize: 10 },
  keyDistributor: 'NO_KEY',
  seed: 3,
  rateHz: 1000,
  producerCount: 1,
  warmupUs: S,
  measureUs: 60 * S,
  partitions: 1,
  producers: [{ id: 0, topic: 'topic' }],
  consumers: [],
}

test.each([
  [3.5, 1000, 2501],
  [0.5, 501, 0],
  [-0.0005, 0, 0],
])('cut at %d s: warm-up scheduled %i, measure %i', async (cutS, warmup, measure) => {
  const clock = new SimClock()
  const { driver } = createFakeBroker(clock)
  const engine = createEngine({ spec: SPEC, driver, clock })
  const signal = new AbortController().signal
  await engine.prepareProducers(signal)
  engine.start(EPOCH_US)
  await clock.advanceTo(EPOCH_US + cutS * S)
  engine.stopSending()
  await clock.advanceTo(EPOCH_US + 10 * S)
  engine.stopSending()
  expect(engine.takeInterval().producer.scheduled).toBe(warmup + measure)
  const { producerCounts, neverSent, censoredPublish } = await engine.finish(signal, 10 * S)
  expect(producerCounts.warmup.scheduled).toBe(warmup)
  expect(producerCounts.measure.scheduled).toBe(measure)
  // What fell due in the very last tick may not have left.
  const unsent = warmup + measure - producerCounts.warmup.sent - producerCounts.measure.sent
  expect(unsent).toBeLessThanOrEqual(3)
  expect(censoredPublish.warmup.count + censoredPublish.measure.count).toBe(unsent)
  const latencies = neverSent.flatMap(({ latencies: each }) => [each.warmup.count, each.measure.count])
  expect(latencies.reduce((sum, count) => sum + count, 0)).toBe(unsent)
})
