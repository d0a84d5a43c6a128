// Goal: what is known of a worker that died never looks better than it was. Method: its intervals written by hand, of a
// system that stopped to acknowledge two seconds before the end.
import { expect, test } from 'bun:test'
import { mergeHistograms, Recorder } from '../../src/engine/histogram.ts'
import type { EngineInterval } from '../../src/engine/types.ts'
import { summarise } from '../../src/result/summary.ts'
import { salvageReport } from '../../src/run/salvage.ts'
import type { Workload } from '../../src/workload/model.ts'

const S = 1_000_000
const RATE_HZ = 1000
const workload = { warmupS: 1, durationS: 4 } as Workload

function interval(second: number, acknowledged: number, before: number): EngineInterval {
  const recorder = new Recorder()
  recorder.recordCount(2_000, acknowledged - before)
  const scheduled = second * RATE_HZ
  return {
    startUs: (second - 1) * S,
    endUs: second * S,
    producer: { scheduled, sent: scheduled, acknowledged, rejected: 0, unknown: 0 },
    consumer: { received: 0, corrupted: 0, foreign: 0 },
    histograms: { publish: recorder.encode() },
    cpuUs: 0,
    rssBytes: 0,
    distinctReceived: 0,
  }
}

test('what was due and unanswered becomes lower bounds', () => {
  const told = [
    interval(1, 1000, 0),
    interval(2, 2000, 1000),
    interval(3, 2000, 2000),
    interval(4, 2000, 2000),
  ]
  const { producerCounts, histograms, censoredPublish } = salvageReport(told, workload, 6 * S)
  expect(producerCounts.measure).toMatchObject({ scheduled: 3000, acknowledged: 1000 })
  expect(censoredPublish.warmup.count).toBe(0)
  expect(censoredPublish.measure.count).toBe(2000)
  const summary = summarise(histograms.measure.publish!, censoredPublish.measure)
  expect(summary.count).toBe(3000)
  expect(summary.p99.atLeast).toBe(true)
  // The oldest of them was due at 2 s, the youngest just before 4 s; the end is at 6 s.
  expect(summary.max.us).toBeWithin(3.9 * S, 4.1 * S)
  expect(summary.p50).toMatchObject({ atLeast: true })
  expect(summary.p50.us).toBeGreaterThan(1.9 * S)
})

test('a worker that answered all, or never told anything', () => {
  const { censoredPublish } = salvageReport([interval(1, 1000, 0)], workload, 6 * S)
  expect(censoredPublish.warmup.count + censoredPublish.measure.count).toBe(0)
  expect(salvageReport([], workload, 6 * S).censoredPublish.measure).toEqual(mergeHistograms([]))
})
