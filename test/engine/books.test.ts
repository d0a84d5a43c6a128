// Goal: the books balance whatever happens: every message that was due is completed or censored, and the audit names
// exactly what the broker did. Method: whole engines on a fake broker that fails by seed, in simulated time; one run
// on the real clock.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { SystemClock } from '../../src/clock/system-clock.ts'
import type { Outcome } from '../../src/driver/driver.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { newRandom } from '../../src/engine/random.ts'
import { createFakeBroker } from './fake-broker.ts'
import { engineSpecs, runTrial, total } from './trial.ts'

// A deadline for a busy machine, not a measure.
setDefaultTimeout(60_000)

const COUNT = 1000

/** What the broker does to each message, by its number. */
function misdeeds(seed: number) {
  const random = newRandom(seed)
  const outcomes = Array.from({ length: COUNT }, (): Outcome => {
    const dice = random.below(20)
    return dice === 0 ? 'rejected' : dice === 1 ? 'unknown' : 'acknowledged'
  })
  const deliveries = Array.from({ length: COUNT }, (): number => {
    const dice = random.below(20)
    return dice === 0 ? 0 : dice === 1 ? 2 : dice === 2 ? 3 : 1
  })
  const count = (test: (outcome: Outcome, times: number) => boolean) =>
    outcomes.filter((outcome, n) => test(outcome, deliveries[n]!)).length
  return {
    outcomes,
    deliveries,
    expected: {
      sent: COUNT,
      acknowledged: count((outcome) => outcome === 'acknowledged'),
      rejected: count((outcome) => outcome === 'rejected'),
      unknown: count((outcome) => outcome === 'unknown'),
      received: deliveries.reduce((a, b) => a + b),
      distinct: count((_, times) => times > 0),
      lost: count((outcome, times) => outcome !== 'rejected' && times === 0),
      acknowledgedLost: count((outcome, times) => outcome === 'acknowledged' && times === 0),
      duplicated: deliveries.reduce((sum, times) => sum + Math.max(0, times - 1), 0),
      ghosts: count((outcome, times) => outcome === 'rejected' && times > 0),
      outOfOrder: 0,
      corrupted: 0,
      wrongPartition: 0,
    },
  }
}

describe.each([1, 2])('%p subscriptions', (subscriptions) => {
  test('50 seeds of loss, duplicates, rejections and unknown outcomes', async () => {
    for (let seed = 1; seed <= 50; seed++) {
      const { outcomes, deliveries, expected } = misdeeds(seed)
      const trial = await runTrial({
        subscriptions,
        spec: { measureUs: 700_000, warmupUs: 300_000, partitions: 3 },
        fake: { outcomeOf: (n) => outcomes[n]!, deliveriesOf: (n) => deliveries[n]! },
      })
      for (const audit of trial.audit.audits) expect({ seed, ...audit }).toMatchObject({ seed, ...expected })
      for (const [phase, scheduled] of [
        ['warmup', 300],
        ['measure', 700],
      ] as const) {
        expect(trial.summary('publish', phase).count).toBe(scheduled)
        expect(trial.summary('endToEnd', phase).count).toBe(scheduled * subscriptions)
        const settled = (['acknowledged', 'rejected', 'unknown'] as const).map((f) => total(trial, f, phase))
        expect(settled.reduce((a, b) => a + b)).toBe(scheduled)
      }
      expect(trial.broker.tampered()).toBe(0)
      const { publishErrors } = trial.reports[0]!
      expect(publishErrors['ordered by the test']).toBe(expected.rejected + expected.unknown)
    }
  })
})

test('memory is used again after acknowledgements, and never while a message is open or in doubt', async () => {
  const trial = await runTrial({
    spec: { rateHz: 20_000, measureUs: 1_000_000 },
    fake: { acknowledgeAfterUs: 30_000, outcomeOf: (n) => (n % 3000 === 7 ? 'unknown' : 'acknowledged') },
  })
  expect(trial.broker.tampered()).toBe(0)
  const slabs = new Set(trial.broker.batches.map((batch) => batch.values[0]!.buffer))
  // 20,000 messages of which 600 are in flight, in slabs of 500, and 7 slabs with a message in doubt.
  expect(slabs.size).toBeLessThanOrEqual(12)
})

test('a trial that is cut short counts what was due until then, and nothing of the future', async () => {
  const trial = await runTrial({
    spec: { warmupUs: 500_000, measureUs: 5_000_000 },
    fake: { refuses: [[1_000_000, 60_000_000]] },
    stopUs: 1_700_000,
  })
  expect(total(trial, 'scheduled', 'warmup')).toBe(500)
  expect(total(trial, 'scheduled')).toBe(1201)
  expect(trial.summary('publish').count).toBe(1201)
  expect(trial.summary('endToEnd').count).toBe(1201)
  expect(trial.summary('publish').max.us).toBeLessThan(710_000)
})

test('a driver that throws from send loses nothing; the failure is counted', async () => {
  let throws = 5
  const trial = await runTrial({
    wrap: (driver) => ({
      ...driver,
      createProducer: async (spec, signal) => {
        const producer = await driver.createProducer(spec, signal)
        const send: typeof producer.send = (batch) => {
          if (throws-- > 0) throw new Error('not today')
          return producer.send(batch)
        }
        return { ...producer, send }
      },
    }),
  })
  expect(total(trial, 'sent')).toBe(2000)
  expect(trial.reports[0]!.publishErrors).toEqual({ 'send threw: not today': 5 })
  expect(trial.audit.audits[0]).toMatchObject({ distinct: 2000, duplicated: 0 })
})

test('what a closed driver left unsettled ends as unknown', async () => {
  const trial = await runTrial({
    wrap: (driver) => ({
      ...driver,
      createProducer: async (spec) => ({
        ...(await driver.createProducer({ ...spec, onSettled: () => {} }, new AbortController().signal)),
      }),
    }),
  })
  expect(total(trial, 'unknown')).toBe(2000)
  expect(trial.reports[0]!.publishErrors).toEqual({ 'never settled': 2000 })
  expect(trial.summary('publish').p50.atLeast).toBe(true)
})

test('on the real clock, all is sent, received and recorded once', async () => {
  const clock = new SystemClock()
  const { driver } = createFakeBroker(clock)
  const signal = AbortSignal.timeout(20_000)
  const [spec] = engineSpecs({ spec: { rateHz: 5000, measureUs: 500_000, warmupUs: 100_000 } })
  const engine = createEngine({ spec: spec!, driver, clock })
  await engine.prepareConsumers(signal)
  await engine.prepareProducers(signal)
  engine.start(clock.nowUs() + 20_000)
  while (!engine.sendingDone() || engine.progress().received < 3000) await clock.sleep(5, signal)
  const report = await engine.finish(signal)
  expect(report.producerCounts.warmup).toMatchObject({ scheduled: 500, sent: 500, acknowledged: 500 })
  expect(report.producerCounts.measure).toMatchObject({ scheduled: 2500, sent: 2500, acknowledged: 2500 })
  expect(report.histograms.measure.endToEnd).toMatchObject({ count: 2500, negative: 0 })
  expect(report.contractBreaches).toEqual([])
})
