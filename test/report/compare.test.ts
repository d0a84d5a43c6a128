// Goal: the table and the sentences rank only what may be ranked and say what a reader must know. Method: synthetic
// results with one side healthy and the other valid, saturated, invalid, violated or absent.
import { expect, test } from 'bun:test'
import { headlineOf } from '../../src/compare/headline.ts'
import { settingsTable } from '../../src/compare/settings.ts'
import { type Comparison, compare } from '../../src/compare/table.ts'
import type { ExperimentResult, SideResult } from '../../src/result/result.ts'
import { sampleAudit, sampleResult, sampleSide, sampleTrial } from '../result/sample-result.ts'

const healthy = sampleSide('a')
const slower = sampleSide('b', { trials: [sampleTrial({ seed: 5, medianUs: 4_000 })] })
const saturated = sampleSide('b', {
  trials: [sampleTrial({ acknowledgedShare: 0.7, censored: 900 }, { backlogAtEnd: 6_000 })],
})
const violated = sampleSide('b', {
  trials: [
    sampleTrial({ medianUs: 500 }, { audits: [sampleAudit(25_000, { lost: 3, acknowledgedLost: 3 })] }),
  ],
})
const absent = sampleSide('b', {
  trials: [],
  error: { message: 'no answer from 127.0.0.1:1', hint: 'start it' },
})
const worker = healthy.trials[0]!.workers[0]!
const invalid = sampleSide('b', {
  trials: [sampleTrial({ medianUs: 500 }, { workers: [{ ...worker, meanCoreShare: 0.97 }] })],
})

const against = (other: SideResult, changes: Partial<ExperimentResult> = {}) =>
  sampleResult({ sides: [healthy, other], ...changes })

function cells(comparison: Comparison, group: string, title: string) {
  const row = comparison.groups
    .find((each) => each.title === group)
    ?.rows.find((each) => each.title === title)
  if (row === undefined) throw new Error(`no row ${group} / ${title}`)
  return row.cells
}

test('the lower latency of two valid sides is marked', () => {
  const [a, b] = cells(compare(against(slower)), 'Publish latency', 'p99')
  expect([a!.mark, b!.mark]).toEqual(['best', null])
  expect(Number(a!.text)).toBeLessThan(Number(b!.text))
})

test('equal figures have no winner', () => {
  for (const cell of cells(compare(against(healthy)), 'End-to-end latency', 'p50'))
    expect(cell.mark).toBeNull()
})

for (const [name, side] of Object.entries({ saturated, violated, invalid })) {
  test(`latencies of a side that is ${name} are shown, never ranked, and nobody wins against them`, () => {
    const comparison = compare(against(side))
    const [a, b] = cells(comparison, 'Publish latency', 'p50')
    expect([a!.mark, b!.mark]).toEqual([null, 'muted'])
    expect(comparison.footnotes.some((note) => /\bb\b.*not ranked/.test(note))).toBe(true)
  })
}

test('≥ stands before quantiles that are lower bounds', () => {
  const [, b] = cells(compare(against(saturated)), 'Publish latency', 'p99')
  expect(b!.text).toMatch(/^≥\u00a0\d/)
})

test('a side that could not be run has a column of dashes', () => {
  const comparison = compare(against(absent))
  for (const group of comparison.groups) for (const row of group.rows) expect(row.cells[1]!.text).toBe('–')
})

test('failures and acknowledged losses are alarming', () => {
  expect(cells(compare(against(violated)), 'Audit', 'acknowledged but lost')[1]).toEqual({
    text: '3',
    mark: 'bad',
  })
  const failing = sampleSide('b', {
    trials: [sampleTrial({}, { publishErrors: { timeout: 2, refused: 1 } })],
  })
  expect(cells(compare(against(failing)), 'Failures', 'publish failures')[1]).toEqual({
    text: '3',
    mark: 'bad',
  })
})

test('the first line says the gravest first', () => {
  expect(headlineOf(against(violated)).first).toBe('INTEGRITY VIOLATED: b.')
  expect(headlineOf(against(invalid)).first).toBe('MEASUREMENT INVALID: b.')
  expect(headlineOf(against(saturated)).first).toBe('did not hold the rate: b.')
  expect(headlineOf(against(absent, { partial: 'b failed' })).first).toBe(
    'not run: b · partial result (b failed).',
  )
  expect(headlineOf(against(slower))).toMatchObject({
    tone: 'good',
    first: 'Both sides held 1,000 msg/s; integrity intact.',
  })
})

test('sentences of a side: what it held, or why not', () => {
  const [a, b] = headlineOf(against(saturated)).sides
  expect(a).toMatchObject({ tone: 'good', verdict: 'valid · intact' })
  expect(a!.sentence).toMatch(/^held 1,000 msg\/s; publish p99 [\d.]+ ms, end-to-end p99 [\d.]+ ms$/)
  expect(b).toMatchObject({ tone: 'notice', verdict: 'saturated · intact' })
  expect(b!.sentence).toMatch(
    /^published 700 of 1,000 msg\/s offered, 70\.0 % acknowledged by the end; overload/,
  )
  expect(b!.reasons.join()).toContain('6.0 s of the rate')
  expect(headlineOf(against(absent)).sides[1]).toMatchObject({ tone: 'bad', reasons: ['start it'] })
})

/** The head-to-head sentences as one text. */
const saidOf = (result: ExperimentResult) =>
  headlineOf(result)
    .headToHead.flatMap(({ lines }) => lines)
    .join(' ')

test('head to head: ranked only among the valid, and never called significant', () => {
  const fair = saidOf(against(slower))
  expect(fair).toMatch(/^a had the lower end-to-end p99: [\d.]+ ms against [\d.]+ ms of b \(\d\.\d×\)\./)
  expect(fair).toContain('one trial each')
  expect(fair).not.toMatch(/significan/)
  for (const side of [saturated, violated, invalid]) {
    expect(saidOf(against(side))).toMatch(/^Only a held .* latencies of b are not ranked\./)
  }
  expect(saidOf(sampleResult({ sides: [saturated, violated] }))).toMatch(/^No side can be ranked/)
  expect(headlineOf(sampleResult({ sides: [healthy] })).headToHead).toEqual([])
})

test('settings: differences are marked, what one side lacks is not', () => {
  const rows = settingsTable(sampleResult()).flatMap((group) => group.rows)
  const row = (name: string) => rows.find((each) => each.name === name)
  expect(row('config.queueType')?.values).toEqual([null, 'quorum'])
  expect(row('addresses')).toEqual({
    name: 'addresses',
    values: ['127.0.0.1:19092', '127.0.0.1:5672'],
    differs: true,
  })
  expect(row('delivery')?.differs).toBe(false)
  expect(row('config.acks')).toEqual({ name: 'config.acks', values: ['all', null], differs: false })
  expect(row('config.password')?.values).toEqual(['***', null])
})

test('what brokers count is summed over topics, and a gap makes no sum; without any there are no rows', () => {
  const title = 'Counted by the broker, after the drain'
  expect(compare(sampleResult()).groups.map((group) => group.title)).not.toContain(title)
  const topic = (messagesIn: number, storageBytes: number | null) => ({
    topic: `t${messagesIn}`,
    messagesIn,
    storageBytes,
    subscriptions: [{ subscription: 's', messagesOut: null, backlog: 3, backlogUnit: 'batches' as const }],
  })
  const brokerFigures = { topics: [topic(10, 5), topic(20, null)], error: null }
  const comparison = compare(against(sampleSide('b', { trials: [sampleTrial({}, { brokerFigures })] })))
  const texts = (row: string) => cells(comparison, title, row).map(({ text }) => text)
  expect(texts('taken from producers')).toEqual(['–', '30'])
  expect(texts('in store')).toEqual(['–', '–'])
  expect(texts('not acknowledged by subscriptions')).toEqual(['–', '6 batches'])
})
