// Goal: an end-to-end latency between clocks of two hosts carries the bound, and the report says when that is much. Method:
// synthetic trials with and without clocks of their own.
import { expect, test } from 'bun:test'
import { clockNotes, clockText } from '../../src/compare/clock-notes.ts'
import { compare } from '../../src/compare/table.ts'
import { metricsModel, metricsTable } from '../../src/report/metrics.ts'
import { parseResult } from '../../src/result/parse-result.ts'
import type { TrialResult } from '../../src/result/result.ts'
import { sampleResult, sampleSide, sampleTrial } from '../result/sample-result.ts'

const CLOCK = {
  role: 'consumer',
  index: 0,
  offsetUs: 50_000,
  atUs: 1e9,
  driftPpm: 80.25,
  boundUs: 120,
  exchanges: 100,
  restarts: 0,
} as const

const p50Us = sampleTrial().phases.measure.latencies.endToEnd.summary.p50.us
const apart = (clockBoundUs: number): TrialResult => ({ ...sampleTrial(), clockBoundUs, clocks: [CLOCK] })
const result = (trial: TrialResult) => sampleResult({ sides: [sampleSide('a', { trials: [trial] })] })
const endToEnd = (trial: TrialResult) =>
  compare(result(trial)).groups.find(({ title }) => title === 'End-to-end latency')!.rows

test('the bound stands below the latency, where there is more than one clock', () => {
  expect(endToEnd(apart(240)).at(-1)).toEqual({
    title: '± clocks',
    unit: 'ms',
    cells: [{ text: '0.240', mark: null }],
  })
  expect(endToEnd(sampleTrial()).map(({ title }) => title)).not.toContain('± clocks')
})

test('from a tenth of the median on it is said in words', () => {
  const notes = (clockBoundUs: number) => clockNotes([{ label: 'a', trials: [apart(clockBoundUs)] }])
  expect(notes(p50Us / 10)).toEqual([])
  expect(notes(p50Us / 10 + 1)).toEqual([
    expect.stringMatching(
      /^End-to-end latencies of a may be off by up to .* more than a tenth of their median/,
    ),
  ])
  expect(compare(result(apart(p50Us))).footnotes.join()).toContain('clocks of different hosts')
  // Older results bounded one and the same clock by round trips.
  expect(clockNotes([{ label: 'a', trials: [{ ...sampleTrial(), clockBoundUs: p50Us }] }])).toEqual([])
})

test('whose clock is where is told', () => {
  expect(clockText(apart(120))).toBe('0.120 ms (consumer 0 +50.0 ± 0.120 ms, 80.3 ppm)')
  const set = { ...apart(120), clocks: [{ ...CLOCK, offsetUs: -500, restarts: 2 }] }
  expect(clockText(set)).toBe('0.120 ms (consumer 0 −0.500 ± 0.120 ms, 80.3 ppm, set or slewed 2 times)')
  expect(clockText({ clockBoundUs: 0 })).toBe('one clock')
  expect(clockText({ clockBoundUs: 45 })).toBe('0.045 ms')
})

test('files keep it', () => {
  const kept = result(apart(240))
  expect(parseResult(JSON.stringify(kept), 'result.json').sides[0]!.trials[0]!.clocks).toEqual([CLOCK])
  const { header, rows } = metricsTable(kept)
  expect(rows[0]![header.indexOf('end_to_end_clock_bound_us')]).toBe(240)
  expect(metricsModel(kept).sides[0]!.trials[0]!.clocks).toEqual([CLOCK])
})
