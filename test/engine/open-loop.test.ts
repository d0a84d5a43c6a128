// Goal: what a broker does never hides in what is reported of it: stalls count from the scheduled instant, answers that
// never come are censored, lateness is charged to whom it belongs, and every message of the schedule is accounted for.
// Method: whole engines against a fake broker in simulated time.
import { describe, expect, test } from 'bun:test'
import { MAX_BATCHES_PER_TURN } from '../../src/engine/limits.ts'
import { runTrial, total } from './trial.ts'

const S = 1_000_000

describe('a driver whose send() blocks for a second every five', () => {
  const blocks = [
    [5 * S, 6 * S],
    [10 * S, 11 * S],
    [15 * S, 16 * S],
  ] as const
  const trial = runTrial({ spec: { measureUs: 20 * S }, fake: { blocks } })

  test('publish latency shows the stalls: p95 668 ms, p99 935 ms', async () => {
    const publish = (await trial).summary('publish')
    expect(publish.count).toBe(20_000)
    expect(Math.abs(publish.p95.us / 668_000 - 1)).toBeLessThan(0.02)
    expect(Math.abs(publish.p99.us / 935_000 - 1)).toBeLessThan(0.02)
    expect(publish.p99.atLeast).toBe(false)
  })

  test('the lateness is the driver’s, not the generator’s', async () => {
    expect((await trial).summary('wokenLate').p99.us).toBeLessThan(2_000)
    expect((await trial).summary('driverDelay').p99.us).toBeGreaterThan(900_000)
    expect((await trial).summary('service').p99.us).toBeLessThan(2_000)
  })

  test('every message is sent and received', async () => {
    expect(total(await trial, 'sent')).toBe(20_000)
    expect((await trial).summary('endToEnd')).toMatchObject({ count: 20_000, censored: 0 })
  })
})

describe('a broker that stops for good at 80 % of the run', () => {
  const trial = runTrial({ spec: { measureUs: 10 * S }, fake: { silentFromUs: 8 * S } })

  test('the high quantiles are marked as lower bounds, the low ones are not', async () => {
    for (const latency of ['publish', 'endToEnd'] as const) {
      const summary = (await trial).summary(latency)
      expect(summary.count).toBe(10_000)
      expect(summary.p99.atLeast).toBe(true)
      expect(summary.p50.atLeast).toBe(false)
      // The oldest of them waits since 8 s, and the drain ends at 12 s.
      expect(summary.p9999.us).toBeGreaterThan(3_990_000)
    }
  })

  test('what was never answered is unknown, and not lost to the count', async () => {
    expect(total(await trial, 'acknowledged') + total(await trial, 'unknown')).toBe(10_000)
    const [audit] = (await trial).audit.audits
    expect(audit!.distinct + audit!.lost).toBe(10_000)
    expect(audit!.acknowledgedLost).toBeLessThan(5)
  })
})

test('a refusing driver is charged for the wait, and the debt is sent when it takes more', async () => {
  const trial = await runTrial({ spec: { measureUs: 5 * S }, fake: { refuses: [[1 * S, 2 * S]] } })
  expect(total(trial, 'sent')).toBe(5000)
  expect(trial.summary('driverDelay').max.us).toBeGreaterThan(990_000)
  expect(trial.summary('wokenLate').p99.us).toBeLessThan(2_000)
  expect(trial.summary('publish').count).toBe(5000)
})

test('a driver that takes little at a time gets the rest again, numbered without gaps', async () => {
  const trial = await runTrial({ spec: { measureUs: 1 * S, partitions: 3 }, fake: { maxPerSend: 1 } })
  const [audit] = trial.audit.audits
  expect(audit).toMatchObject({
    sent: 1000,
    distinct: 1000,
    lost: 0,
    duplicated: 0,
    outOfOrder: 0,
    ghosts: 0,
  })
})

test('never sent is censored: a driver that refuses to the end', async () => {
  const trial = await runTrial({
    spec: { measureUs: 4 * S, warmupUs: 1 * S },
    fake: { refuses: [[3 * S, 60 * S]] },
    subscriptions: 2,
  })
  expect(total(trial, 'scheduled')).toBe(4000)
  const sent = total(trial, 'sent')
  expect(Math.abs(sent - 2000)).toBeLessThan(5)
  const publish = trial.summary('publish')
  expect(publish).toMatchObject({ count: 4000, censored: 4000 - sent })
  expect(publish.p99.atLeast).toBe(true)
  expect(publish.max.us).toBeGreaterThan(3_990_000)
  expect(trial.summary('endToEnd')).toMatchObject({ count: 8000, censored: 2 * (4000 - sent) })
})

test('a process stopped for 3 s catches up in capped batches; the lateness is its own', async () => {
  const trial = await runTrial({
    spec: { rateHz: 20_000, measureUs: 6 * S, messageBytes: 1024, partitions: 4 },
    at: [[2 * S, (clock) => clock.spend(3 * S)]],
  })
  expect(total(trial, 'sent')).toBe(120_000)
  expect(Math.max(...trial.broker.batches.map((batch) => batch.count))).toBe(500)
  for (const batch of trial.broker.batches) expect(batch.count * 1024).toBeLessThanOrEqual(512 * 1024)
  // No turn of the event loop sends without end.
  expect(trial.broker.mostBatchesInTurn()).toBe(MAX_BATCHES_PER_TURN)
  expect(trial.summary('wokenLate').max.us).toBeGreaterThan(2_990_000)
  expect(trial.summary('driverDelay').max.us).toBe(0)
  expect(trial.audit.audits[0]).toMatchObject({ distinct: 120_000, lost: 0, outOfOrder: 0 })
})

test('a stall over the end of measure loses nothing', async () => {
  const trial = await runTrial({ at: [[1_500_000, (clock) => clock.spend(S)]] })
  expect(total(trial, 'sent')).toBe(2000)
  expect(trial.engines[0]!.sendingDone()).toBe(true)
})

test('large messages go in batches below the cap, one at a time if need be', async () => {
  const big = await runTrial({ spec: { rateHz: 50, messageBytes: 600 * 1024 }, at: [[0, (c) => c.spend(S)]] })
  expect(new Set(big.broker.batches.map((batch) => batch.count))).toEqual(new Set([1]))
  expect(total(big, 'sent')).toBe(100)
})

test('sub-millisecond deliveries are all counted: n = received', async () => {
  const trial = await runTrial({
    spec: { rateHz: 5000 },
    fake: { deliverAfterUs: 20, acknowledgeAfterUs: 10 },
  })
  const received = trial.reports[0]!.consumerCounts.received
  expect(received).toBe(10_000)
  expect(trial.histogram('endToEnd').count).toBe(received)
  expect(trial.summary('endToEnd').p50.us).toBeLessThan(1000)
})
