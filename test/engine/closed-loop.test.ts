// Goal: sent as fast as the driver takes it, every message is due when it was asked for, in the right phase, and the
// books balance. Method: the loop by hand and against a plain model by fast-check; then a whole engine on simulated time
// with a driver of known capacity, whose latencies must not grow with time as they would behind a schedule.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Driver } from '../../src/driver/driver.ts'
import { createClosedLoop } from '../../src/engine/closed-loop.ts'
import { runTrial, total } from './trial.ts'

const S = 1_000_000

test('asks for a batch until the end, and counts from the asking', () => {
  const { pacer, timing } = createClosedLoop(100, 300, 10)
  expect(pacer.nextBatch(50, 0)).toBe(10)
  pacer.accepted!(10)
  expect(pacer.nextBatch(120, 10)).toBe(10)
  expect(timing.warmupCount).toBe(10)
  pacer.accepted!(13)
  expect([0, 9, 10, 12].map((index) => timing.schedule.instantUs(index))).toEqual([50, 50, 120, 120])
  expect([49, 50, 119, 120, 1e9].map((us) => timing.schedule.dueCount(us))).toEqual([0, 10, 10, 13, 13])
  expect(pacer.finished(13)).toBe(false)
  expect(pacer.nextBatch(300, 13)).toBe(0)
  expect(pacer.finished(13)).toBe(true)
  expect(timing.schedule.totalCount).toBe(13)
})

test('whatever is asked and taken: instants, counts and phases are those of a plain list', () => {
  const step = fc.record({ afterUs: fc.nat({ max: 50 }), taken: fc.nat({ max: 10 }) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.nat({ max: 2_000 }), (steps, warmupUs) => {
      const { pacer, timing } = createClosedLoop(warmupUs, 1e9, 10)
      const instants: number[] = []
      let nowUs = 0
      for (const { afterUs, taken } of steps) {
        nowUs += afterUs
        expect(pacer.nextBatch(nowUs, instants.length)).toBe(10)
        for (let i = 0; i < taken; i++) instants.push(nowUs)
        if (taken > 0) pacer.accepted!(instants.length)
      }
      instants.forEach((us, index) => {
        expect(timing.schedule.instantUs(index)).toBe(us)
        expect(index < timing.warmupCount).toBe(us < warmupUs)
      })
      for (let us = 0; us <= nowUs + 1; us += 7) {
        expect(timing.schedule.dueCount(us)).toBe(instants.filter((instant) => instant <= us).length)
      }
    }),
    { numRuns: 100 },
  )
})

test('long after, instants are only known a little later than they were, and memory is bounded', () => {
  const { pacer, timing } = createClosedLoop(0, 1e12, 1)
  const count = 2 ** 18 + 1_000
  for (let i = 0; i < count; i++) {
    pacer.nextBatch(i, i)
    pacer.accepted!(i + 1)
  }
  for (let index = 0; index < count; index += 997) {
    const lateUs = timing.schedule.instantUs(index) - index
    expect(lateUs).toBeGreaterThanOrEqual(0)
    expect(lateUs).toBeLessThanOrEqual(1)
  }
  expect(timing.schedule.instantUs(count - 1)).toBe(count - 1)
})

/** Takes no more than so many unsettled messages of a producer. */
function withWindow(driver: Driver, most: number): Driver {
  return {
    ...driver,
    async createProducer(spec, signal) {
      let pending = 0
      const onSettled: typeof spec.onSettled = (first, count, outcome, reason) => {
        pending -= count
        spec.onSettled(first, count, outcome, reason)
      }
      const producer = await driver.createProducer({ ...spec, onSettled }, signal)
      return {
        ...producer,
        send(batch) {
          const count = Math.min(batch.count, most - pending)
          if (count <= 0) return 0
          pending += count
          return producer.send({ ...batch, count })
        },
      }
    },
  }
}

test('a whole engine: books balance, and a driver that refuses for a second is asked less, not later', async () => {
  const trial = await runTrial({
    spec: { warmupUs: S, measureUs: 3 * S, closedLoop: true },
    producers: 2,
    fake: { acknowledgeAfterUs: 2_000, deliverAfterUs: 3_000, blocks: [[2 * S, 3 * S]] },
    wrap: (driver) => withWindow(driver, 20),
  })
  const sent = total(trial, 'sent')
  expect(sent).toBeGreaterThan(1_000)
  expect([total(trial, 'scheduled'), total(trial, 'acknowledged')]).toEqual([sent, sent])
  const [audit] = trial.audit.audits
  expect(audit).toMatchObject({ lost: 0, duplicated: 0, sent: sent + total(trial, 'sent', 'warmup') })
  expect(trial.audit.delivered).toEqual({ warmup: total(trial, 'sent', 'warmup'), measure: sent })
  for (const name of ['publish', 'endToEnd'] as const) {
    expect(trial.summary(name)).toMatchObject({ count: sent, censored: 0 })
    // Behind a schedule a third of all messages would show the second in which send() was blocked.
    expect(trial.summary(name).p99.us).toBeLessThan(20_000)
  }
})
