// Goal: however a trial is spread over processes, it sends rate × time exactly and its merged figures are the sums.
// Method: one trial with 1, 2 and 4 engines on one fake broker in simulated time; odd rates, keys and phases too.
import { describe, expect, test } from 'bun:test'
import { mergeHistograms } from '../../src/engine/histogram.ts'
import { KEY_COUNT } from '../../src/engine/keys.ts'
import { LATENCIES, PHASES } from '../../src/engine/types.ts'
import { runTrial, total } from './trial.ts'

const S = 1_000_000

describe.each([1, 2, 4])('%p workers', (engines) => {
  const trial = runTrial({
    engines,
    producers: 4,
    subscriptions: 2,
    consumersPerSubscription: 4,
    spec: { rateHz: 3333, warmupUs: 1 * S, measureUs: 3 * S, partitions: 8 },
  })

  test('sent = rate × time, in each phase', async () => {
    for (const field of ['scheduled', 'sent', 'acknowledged'] as const) {
      expect(total(await trial, field, 'warmup')).toBe(3333)
      expect(total(await trial, field, 'measure')).toBe(9999)
    }
  })

  test('every subscription has every message, once and in order', async () => {
    for (const audit of (await trial).audit.audits) {
      expect(audit).toMatchObject({
        sent: 13_332,
        acknowledged: 13_332,
        received: 13_332,
        distinct: 13_332,
        lost: 0,
        duplicated: 0,
        outOfOrder: 0,
        wrongPartition: 0,
        corrupted: 0,
      })
    }
    expect((await trial).audit.delivered).toEqual({ warmup: 6666, measure: 19_998 })
  })

  test('merged histograms hold the sum of the workers’', async () => {
    const { reports } = await trial
    for (const phase of PHASES) {
      for (const latency of LATENCIES) {
        const parts = reports.flatMap((report) => report.histograms[phase][latency] ?? [])
        const sum = parts.reduce((count, part) => count + part.count, 0)
        expect(mergeHistograms(parts).count).toBe(sum)
        const perMessage = latency === 'endToEnd' ? 2 : 1
        expect(sum).toBe(perMessage * (phase === 'warmup' ? 3333 : 9999))
      }
    }
  })
})

test('batches of a producer go round the partitions, producers start at different ones', async () => {
  const { broker } = await runTrial({ producers: 3, spec: { partitions: 4 } })
  expect(broker.batches.slice(0, 3).map((batch) => batch.partition)).toEqual([0, 1, 2])
  const counts = new Map<number, number>()
  for (const { partition } of broker.batches) counts.set(partition, (counts.get(partition) ?? 0) + 1)
  expect([...counts.keys()].sort()).toEqual([0, 1, 2, 3])
  expect(Math.max(...counts.values()) - Math.min(...counts.values())).toBeLessThanOrEqual(3)
})

test('a driver that chooses partitions itself is given none, and has one stream a producer', async () => {
  const { broker, reports } = await runTrial({ fake: { choosesPartition: false }, spec: { partitions: 4 } })
  expect(new Set(broker.batches.map((batch) => batch.partition))).toEqual(new Set([-1]))
  expect(reports[0]!.sentStreams.map(({ stream, sent }) => [stream, sent])).toEqual([[0, 2000]])
})

describe.each(['KEY_ROUND_ROBIN', 'RANDOM_NANO'] as const)('%s', (keyDistributor) => {
  test('streams are keys, numbered without gaps', async () => {
    const trial = await runTrial({
      spec: { keyDistributor, rateHz: 15_000, partitions: 3 },
      fake: { maxPerSend: 7 },
      producers: 2,
    })
    const { broker, audit, reports } = trial
    const perKey = new Map<string, number>()
    for (const batch of broker.batches) expect(batch.keys!.length).toBe(batch.count)
    for (const batch of broker.batches) for (const key of batch.keys!) perKey.set(key, 1)
    expect(perKey.size).toBeGreaterThan(KEY_COUNT / 2)
    const sent = reports[0]!.sentStreams
    expect(sent.reduce((sum, stream) => sum + stream.sent, 0)).toBe(30_000)
    expect(audit.audits[0]).toMatchObject({ distinct: 30_000, lost: 0, duplicated: 0, outOfOrder: 0 })
  })
})

test('intervals hold every value once, and their counters only grow', async () => {
  const taken: number[] = []
  const sent: number[] = []
  const { SimClock } = await import('../../src/clock/sim-clock.ts')
  const { createEngine } = await import('../../src/engine/engine.ts')
  const { createFakeBroker } = await import('./fake-broker.ts')
  const clock = new SimClock()
  const { driver } = createFakeBroker(clock)
  const engine = createEngine({ spec: spec(), driver, clock })
  const signal = new AbortController().signal
  await engine.prepareProducers(signal)
  engine.start(1000)
  for (let s = 1; s <= 4; s++) {
    await clock.advanceTo(1000 + s * S)
    const interval = engine.takeInterval()
    expect(interval).toMatchObject({ startUs: (s - 1) * S, endUs: s * S })
    taken.push(interval.histograms.publish?.count ?? 0)
    sent.push(interval.producer.sent)
    expect(interval.rssBytes).toBeGreaterThan(0)
  }
  expect(taken.reduce((a, b) => a + b)).toBe(3000)
  expect(taken[3]).toBeLessThan(10)
  expect(sent).toEqual([...sent].sort((a, b) => a - b))
  const report = await engine.finish(signal)
  expect(report.histograms.warmup.publish!.count).toBe(1000)
  expect(report.histograms.measure.publish!.count).toBe(2000)
})

function spec() {
  return {
    runId: 1,
    messageBytes: 100,
    payload: { kind: 'random', randomRatio: 0.5, poolSize: 10 },
    keyDistributor: 'NO_KEY',
    seed: 3,
    rateHz: 1000,
    producerCount: 1,
    warmupUs: S,
    measureUs: 2 * S,
    partitions: 1,
    producers: [{ id: 0, topic: 'topic' }],
    consumers: [],
  } as const
}
