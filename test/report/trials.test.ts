// Goal: the reports of an experiment with several trials a side give the verdict of the statistics first, and never rank
// by medians alone. Method: synthetic trials, a planted difference or none; table, terminal, page and JSON are read.
import { expect, test } from 'bun:test'
import { experimentVerdict } from '../../src/compare/experiment-verdict.ts'
import { guaranteeRows } from '../../src/compare/guarantees.ts'
import { headlineOf } from '../../src/compare/headline.ts'
import { settingsTable } from '../../src/compare/settings.ts'
import { compare } from '../../src/compare/table.ts'
import { chartsOf } from '../../src/report/charts.ts'
import { metricsModel, metricsTable } from '../../src/report/metrics.ts'
import { renderTable } from '../../src/report/terminal.ts'
import { renderHtml } from '../../src/report/write-report.ts'
import { parseResult } from '../../src/result/parse-result.ts'
import type { ExperimentResult, SideResult, TrialResult } from '../../src/result/result.ts'
import { sampleAudit, sampleResult, sampleSide, sampleTrial } from '../result/sample-result.ts'

/** Trials whose latencies lie within a few percent of a median; places alternate between two sides. */
function trialsOf(medianUs: number, count: number, first: number): TrialResult[] {
  return Array.from({ length: count }, (_, i) => ({
    ...sampleTrial({
      seed: 11,
      warmupS: 1,
      measureS: 2,
      medianUs: medianUs * (1 + 0.01 * (((i * 5) % 7) - 3)),
    }),
    place: 2 * i + first,
  }))
}

const FAST = trialsOf(1_500, 7, 0)
const SLOW = trialsOf(2_500, 7, 1)

function resultOf(a: readonly TrialResult[], b: readonly TrialResult[], extra: Partial<SideResult> = {}) {
  return sampleResult({
    sides: [sampleSide('a', { trials: a }), sampleSide('b', { trials: b, ...extra })],
    trialPlan: { perSide: 7, seed: 1, order: [] },
  })
}

const section = (result: ExperimentResult, title: string) =>
  headlineOf(result).headToHead.find((each) => each.title === title)?.lines ?? []

test('a planted difference is shown in every figure that differs, with its line', () => {
  const result = resultOf(FAST, SLOW)
  expect(headlineOf(result).first).toBe('Both sides held 1,000 msg/s in every trial; integrity intact.')
  const said = section(result, 'Head to head')
  expect(said[0]).toMatch(/^a has the lower publish p99: [\d.]+ ms against [\d.]+ ms of b, −\d+ %/)
  expect(said[1]).toMatch(/^a has the lower end-to-end p99: /)
  expect(section(result, 'Rate')).toContain('a held 1,000 msg/s (7 of 7).')
  expect(section(result, 'Medians over trials')[0]).toMatch(
    /^publish p99, a → b: [\d.]+ ms ± [\d.]+ % {2}→ {2}[\d.]+ ms ± [\d.]+ % {2}\+\d+ % \(p=0\.00\d+, n=7\+7\) {2}detectable from [\d.]+ %$/,
  )
  expect(section(result, 'Drift').join()).toContain('No drift of publish p99')
  expect(section(result, 'How sure this is').join()).toContain('at most 5 %')
  expect(
    headlineOf(result)
      .headToHead.flatMap(({ lines }) => lines)
      .join(),
  ).not.toContain('one trial each')
})

test('three trials are shown and nobody is called faster', () => {
  const result = resultOf(FAST.slice(0, 3), SLOW.slice(0, 3))
  expect(section(result, 'Head to head')[0]).toMatch(
    /^3 trials cannot show a difference at 5 % in publish p99/,
  )
  const verdict = experimentVerdict(result)!
  expect(verdict.loads[0]!.figures.map(({ winner }) => winner)).toEqual([null, null, null])
})

test('a side with one violated trial of seven never wins, and all is said of it', () => {
  const broken = sampleTrial(
    { seed: 11, warmupS: 1, measureS: 2 },
    { audits: [sampleAudit(3_000, { lost: 3, acknowledgedLost: 3 })] },
  )
  const result = resultOf([{ ...broken, place: 12 }, ...FAST.slice(1)], SLOW)
  const headline = headlineOf(result)
  expect(headline.first).toBe('INTEGRITY VIOLATED: a (1 of 7 trials).')
  expect(headline.sides[0]).toMatchObject({ tone: 'bad', verdict: 'valid · violated 1, intact 6' })
  expect(headline.sides[0]!.reasons[0]).toStartWith('trial 1: ')
  expect(section(result, 'Head to head').filter((line) => line.startsWith('a is not ranked'))).toHaveLength(1)
  expect(section(result, 'Head to head').join()).toContain(
    'a is not ranked on publish p99, end-to-end p99 and CPU per message: its integrity was violated in 1 of 7.',
  )
  const lost = compare(result)
    .groups.flatMap(({ rows }) => rows)
    .find(({ title }) => title === 'acknowledged but lost')
  expect(lost!.cells[0]).toEqual({ text: '3', mark: 'bad' })
})

test('the table has one column a side: medians, sums, and no marks of who is best', () => {
  const { columns, groups, footnotes } = compare(resultOf(FAST, SLOW))
  expect(columns.map(({ label }) => label)).toEqual(['a', 'b'])
  const rows = groups.flatMap(({ rows }) => rows)
  expect(rows.flatMap(({ cells }) => cells).some(({ mark }) => mark === 'best')).toBe(false)
  expect(rows.find(({ title }) => title === 'sent')!.cells[0]!.text).toBe('21,000')
  const p99s = FAST.map(({ phases }) => phases.measure.latencies.publish.summary.p99.us).sort((x, y) => x - y)
  const publish = groups.find(({ title }) => title === 'Publish latency')!
  expect(Number(publish.rows.find(({ title }) => title === 'p99')!.cells[0]!.text)).toBeCloseTo(
    p99s[3]! / 1000,
    1,
  )
  expect(footnotes[0]).toContain('medians over trials (7 of a and 7 of b)')
})

test('a trial that could not be prepared is told', () => {
  const result = resultOf(FAST, SLOW.slice(1), {
    failedTrials: [{ place: 1, message: 'no port', hint: null }],
  })
  expect(headlineOf(result).sides[1]).toMatchObject({
    tone: 'notice',
    reasons: ['a trial could not be prepared: no port'],
  })
  expect(parseResult(JSON.stringify(result), 'f').sides[1]!.failedTrials).toHaveLength(1)
})

test('terminal: the verdict comes before the sides, and every line fits', () => {
  const lines = renderTable(resultOf(FAST, SLOW), { columns: 100 })
  expect(lines[1]).toBe('Head to head')
  expect(lines[2]).toStartWith('  a has the lower publish p99')
  expect(lines.findIndex((line) => line.startsWith('a (valid'))).toBeGreaterThan(4)
  for (const line of lines) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(100)
})

test('page, JSON and CSV: the same verdict, a row a trial, pooled curves', () => {
  const result = resultOf(FAST, SLOW)
  const html = renderHtml(result, '', '')
  expect(html.indexOf('a has the lower publish p99')).toBeGreaterThan(0)
  expect(html.indexOf('a has the lower publish p99')).toBeLessThan(html.indexOf('class="cards"'))
  expect(html).toContain('pools the messages of all trials')
  expect(html).toContain('<option value="7">7</option>')
  expect(metricsModel(result).headToHead).toEqual(experimentVerdict(result))
  expect(metricsTable(result).rows).toHaveLength(14)
  const { loads, curves } = chartsOf(result)
  expect(loads.map(({ percentiles }) => percentiles[0]!.sides.map(({ side }) => side))).toEqual([[0, 1]])
  expect(loads[0]!.time).toMatchObject({ stepS: 1, leftOut: 0 })
  expect(loads[0]!.time.trials.map(({ side, trial }) => [side, trial]).slice(6, 8)).toEqual([
    [0, 7],
    [1, 1],
  ])
  expect(curves).toEqual([])
})

test('one trial each has no statistics', () => {
  expect(experimentVerdict(sampleResult())).toBeNull()
  expect(experimentVerdict(sampleResult({ sides: [sampleSide('a', { trials: FAST })] }))).toBeNull()
})

/** The same trials with a guarantee stated. */
const synced = (trials: readonly TrialResult[], syncedAtAck: boolean) =>
  trials.map((trial) => ({ ...trial, server: { ...trial.server, guarantees: { copies: 1, syncedAtAck } } }))

test('unequal guarantees are named in the verdict and marked in the table; --strict refuses to rank', () => {
  const result = resultOf(synced(FAST, false), synced(SLOW, true))
  const words = 'on disk at the acknowledgement: no against yes'
  expect(section(result, 'Head to head')[0]).toContain(`but they do not promise the same (${words})`)
  const rows = settingsTable(result).find(({ title }) => title === 'What each side promised')!.rows
  expect(rows.filter(({ differs }) => differs).map(({ name }) => name)).toEqual([
    'on disk at the acknowledgement',
  ])
  const strict = { ...result, strict: true }
  expect(section(strict, 'Head to head')[0]).toBe(
    `a and b are not ranked on publish p99: they do not promise the same (${words}).`,
  )
  expect(experimentVerdict(strict)!.loads[0]!.figures.map(({ winner }) => winner)).toEqual([null, null, null])
})

test('one trial each: unequal guarantees are named too, and --strict refuses', () => {
  const result = resultOf(synced(FAST.slice(0, 1), false), synced(SLOW.slice(0, 1), true))
  const said = section(result, 'Head to head').join(' ')
  expect(said).toContain('a and b do not promise the same (on disk')
  expect(said).toContain('lower publish p99')
  const strict = section({ ...result, strict: true }, 'Head to head').join(' ')
  expect(strict).toStartWith('Sides are not ranked')
  expect(strict).not.toContain('lower')
})

test('a queue that nobody shares keeps the order as a partition does', () => {
  const order = (consumersPerSubscription: number) => {
    const sample = resultOf(FAST, SLOW)
    const promise = { delivery: 'at-least-once', orderDomain: 'queue', sharedStreams: true } as const
    const b = { ...sample.sides[1]!, trials: SLOW.map((trial) => ({ ...trial, promise })) }
    const workload = { ...sample.workload, consumersPerSubscription }
    return guaranteeRows({ workload, sides: [sample.sides[0]!, b] }).find(({ name }) => name === 'order')!
      .values
  }
  expect(order(16)).toEqual(['kept within a partition', 'kept within a partition'])
  expect(order(17)[1]).toBe('not kept between consumers of a queue')
})

test('three sides with too few trials: said once a figure; unequal guarantees are named whatever was shown', () => {
  const sides = [
    synced(FAST.slice(0, 2), false),
    synced(SLOW.slice(0, 2), true),
    synced(FAST.slice(2, 4), false),
  ]
  const result = sampleResult({ sides: sides.map((trials, i) => sampleSide('abc'[i]!, { trials })) })
  expect(section(result, 'Head to head')[0]).toBe(
    '2 trials cannot show a difference at 5 % in publish p99 between any two of a, b and c; 6 of each would be enough.',
  )
  expect(section(result, 'Head to head')).toHaveLength(3)
  expect(section(result, 'Unequal guarantees')).toEqual([
    'a against b: on disk at the acknowledgement: no against yes.',
    'b against c: on disk at the acknowledgement: yes against no.',
  ])
  expect(section(result, 'Drift')).toHaveLength(1)
})
