// Goal: the OMB export has every field of OMB's TestResult, in its units. Method: the field list is written out here from
// OMB's own class; values are held against the result.
import { expect, test } from 'bun:test'
import { ombResult } from '../../src/result/export/omb.ts'
import { sampleResult, sampleSide, sampleTrial } from '../result/sample-result.ts'

const FIGURES = ['Avg', '50pct', '75pct', '95pct', '99pct', '999pct', '9999pct', 'Max']
const LATENCIES = ['publishLatency', 'publishDelayLatency', 'endToEndLatency']
const SCALARS = [
  'workload',
  'driver',
  'messageSize',
  'topics',
  'partitions',
  'producersPerTopic',
  'consumersPerTopic',
]
const SERIES = ['publishRate', 'publishErrorRate', 'consumeRate', 'backlog']

const trial = sampleTrial({ warmupS: 4, measureS: 25 })
const omb = ombResult(sampleResult(), sampleSide('kafka', { trials: [trial] }), trial)
const list = (name: string) => omb[name] as readonly number[]

test('every field of OMB is there, and no other', () => {
  const aggregated = LATENCIES.map((name) => `aggregated${name[0]!.toUpperCase()}${name.slice(1)}`)
  const expected = [
    ...SCALARS,
    ...SERIES,
    ...LATENCIES.flatMap((name) => FIGURES.map((figure) => name + figure)),
    ...aggregated.flatMap((name) => [...FIGURES, 'Quantiles'].map((figure) => name + figure)),
  ]
  expect(Object.keys(omb).sort()).toEqual(expected.sort())
})

test('series have one element per 10 s of measure', () => {
  for (const name of SERIES) expect(omb[name]).toHaveLength(3)
  for (const name of LATENCIES) expect(omb[`${name}99pct`]).toHaveLength(3)
  expect(list('publishRate')).toEqual([1_000, 1_000, 1_000])
  expect(list('publishErrorRate')).toEqual([0, 0, 0])
  expect(list('backlog')).toEqual([0, 0, 0])
})

test('publish latency is our service time in ms, delay in µs, end-to-end in ms', () => {
  const { service, scheduleDelay, endToEnd } = trial.phases.measure.latencies
  expect(omb.aggregatedPublishLatency99pct).toBeCloseTo(service.summary.p99.us / 1000, 6)
  expect(omb.aggregatedPublishDelayLatency99pct).toBeCloseTo(scheduleDelay.summary.p99.us, 6)
  expect(omb.aggregatedEndToEndLatency999pct).toBeCloseTo(endToEnd.summary.p999.us / 1000, 6)
})

test('quantile maps rise to 100', () => {
  const entries = Object.entries(omb.aggregatedPublishLatencyQuantiles as Record<string, number>)
    .map(([percentile, value]) => [Number(percentile), value] as const)
    .sort((a, b) => a[0] - b[0])
  expect(entries.length).toBeGreaterThan(50)
  expect(entries.at(-1)).toEqual([100, omb.aggregatedPublishLatencyMax as number])
  for (let i = 1; i < entries.length; i++) expect(entries[i]![1]).toBeGreaterThanOrEqual(entries[i - 1]![1])
})

test('a trial without intervals or deliveries exports zeros, not NaN', () => {
  const empty = sampleTrial({ measureS: 1, warmupS: 1, acknowledgedShare: 0 }, { intervals: [] })
  const text = JSON.stringify(ombResult(sampleResult(), sampleSide('kafka'), empty))
  expect(text).not.toMatch(/null|NaN/)
})

/** What `bin/create_charts.py` of OMB's repository reads; `npm run proof:omb-charts` runs it. */
const CHARTED = [
  'publishLatency99pct',
  'publishDelayLatency99pct',
  'publishRate',
  'publishErrorRate',
  'endToEndLatency95pct',
  'consumeRate',
  'endToEndLatencyAvg',
]
const CHARTED_QUANTILES = [
  'aggregatedPublishLatencyQuantiles',
  'aggregatedPublishDelayLatencyQuantiles',
  'aggregatedEndToEndLatencyQuantiles',
]

test("every field that OMB's chart script reads is as it needs it, of a trial that measured nothing, too", () => {
  const nothing = sampleTrial({ measureS: 1, warmupS: 1, acknowledgedShare: 0 }, { intervals: [] })
  for (const result of [omb, ombResult(sampleResult(), sampleSide('kafka'), nothing)]) {
    expect(typeof result.workload).toBe('string')
    expect(typeof result.driver).toBe('string')
    for (const name of CHARTED) {
      const series = result[name] as readonly number[]
      // It takes the maximum, which an empty list does not have.
      expect(series.length).toBeGreaterThan(0)
      expect(series.every((value) => Number.isFinite(value) && value >= 0)).toBe(true)
    }
    for (const name of CHARTED_QUANTILES) {
      for (const [percentile, value] of Object.entries(result[name] as Record<string, number>)) {
        const share = Number(percentile)
        expect(share >= 0 && share <= 100).toBe(true)
        expect(Number.isFinite(value)).toBe(true)
      }
    }
  }
})
