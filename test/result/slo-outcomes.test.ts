// Goal: an objective that any trial of any side misses is told with what was seen, and asks for exit code 5 and none
// graver. Method: synthetic results.
import { expect, test } from 'bun:test'
import { headlineOf } from '../../src/compare/headline.ts'
import { compare } from '../../src/compare/table.ts'
import { exitCodeOf } from '../../src/result/exit-code.ts'
import { parseResult } from '../../src/result/parse-result.ts'
import type { ExperimentResult, TrialResult, Verdict } from '../../src/result/result.ts'
import { sloOutcomes } from '../../src/result/slo-outcomes.ts'
import { sampleResult, sampleSide, sampleTrial } from './sample-result.ts'

const base = sampleTrial({ measureS: 2, warmupS: 1 })
const judged = (verdict: Partial<Verdict>): TrialResult => ({
  ...base,
  verdict: { ...base.verdict, ...verdict },
})

function result(slo: readonly string[], trials: readonly TrialResult[] = [base]): ExperimentResult {
  const sample = sampleResult({ sides: [sampleSide('kafka', { trials })] })
  return { ...sample, workload: { ...sample.workload, slo } }
}

const MET = 'publish.p99 < 60s'
const MISSED = 'publish.p50 < 1us'

test('objectives that are met change nothing but the table', () => {
  const met = result([MET, 'errors >= 0'])
  expect(exitCodeOf(met)).toBe(0)
  expect(headlineOf(met).tone).toBe('good')
  const group = compare(met).groups.find(({ title }) => title === 'Objectives (slo)')!
  expect(group.rows.map(({ title, cells }) => [title, cells[0]!.mark])).toEqual([
    [MET, null],
    ['errors >= 0', null],
  ])
})

test('one that is missed is named with what was seen, and is exit code 5', () => {
  const missed = result([MET, MISSED])
  expect(exitCodeOf(missed)).toBe(5)
  const { tone, first, sides } = headlineOf(missed)
  expect(tone).toBe('bad')
  expect(first).toContain('objective (slo) missed: kafka')
  expect(sides[0]!.reasons.join()).toMatch(/publish\.p50 was .* ms \(SLO: < 1us\)/)
  const group = compare(missed).groups.find(({ title }) => title === 'Objectives (slo)')!
  expect(group.rows[1]!.cells[0]!).toMatchObject({ text: expect.stringMatching(/ms$/), mark: 'bad' })
})

test('each trial is held to them; an invalid one to none', () => {
  const two = result([MISSED], [base, judged({ measurement: 'invalid' }), base])
  expect(sloOutcomes(two).map(({ trial, held }) => [trial, held])).toEqual([
    [0, false],
    [2, false],
  ])
  expect(headlineOf(two).first).toContain('objective (slo) missed: kafka (2 of 3 trials)')
  expect(compare(two).groups.find(({ title }) => title === 'Objectives (slo)')!.rows[0]!.cells[0]!.text).toBe(
    'met in 0 of 2 trials',
  )
  // Graver findings go before.
  expect(exitCodeOf(two)).toBe(6)
  expect(exitCodeOf(result([MISSED], [judged({ integrity: 'violated' })]))).toBe(8)
  expect(exitCodeOf(result([MISSED], [judged({ integrity: 'unproven' })]))).toBe(9)
  expect(exitCodeOf(result([MISSED], [judged({ measurement: 'invalid' })]))).toBe(6)
})

test('a result keeps its objectives, and is read again', () => {
  const missed = result([MISSED])
  const again = parseResult(JSON.stringify(missed), 'result.json')
  expect(again.workload.slo).toEqual([MISSED])
  expect(exitCodeOf(again)).toBe(5)
})
