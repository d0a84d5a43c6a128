// Goal: with several rates every view keeps them apart, and says at which rate sides could not be ranked and at which they
// can. Method: synthetic trials of two sides at two rates, one of them overloaded; sentences, table, page, CSV are read.
import { expect, test } from 'bun:test'
import { headlineOf } from '../../src/compare/headline.ts'
import { rateAdvice } from '../../src/compare/rate-advice.ts'
import { compare } from '../../src/compare/table.ts'
import { chartsOf } from '../../src/report/charts.ts'
import { metricsModel, metricsTable } from '../../src/report/metrics.ts'
import { renderTable } from '../../src/report/terminal.ts'
import { renderHtml } from '../../src/report/write-report.ts'
import { parseResult } from '../../src/result/parse-result.ts'
import type { ExperimentResult, TrialResult } from '../../src/result/result.ts'
import { type SampleShape, sampleResult, sampleSide, sampleTrial } from '../result/sample-result.ts'

const RATES = [1_000, 4_000] as const
const OVERLOADED = { acknowledgedShare: 0.5, medianUs: 20_000 }
type RateTrials = (rateHz: number, first: number, shape?: Partial<SampleShape>) => TrialResult[]

/** So many trials at a rate, in every fourth place of the run. */
const trialsAt =
  (count: number): RateTrials =>
  (rateHz, first, shape = {}) =>
    Array.from({ length: count }, (_, i) => ({
      ...sampleTrial({
        ...{ seed: 3, warmupS: 1, measureS: 1, ...shape, rateHz },
        medianUs: (shape.medianUs ?? 1_500) * (1 + 0.01 * (((i * 5) % 7) - 3)),
      }),
      place: 4 * i + first,
    }))

function resultOf(a: readonly TrialResult[], b: readonly TrialResult[], rates: readonly number[] = RATES) {
  const { ratesHz: _, ...workload } = sampleResult().workload
  const rated = (trials: readonly TrialResult[]) =>
    trials.map((trial) => ({ ...trial, rateHz: trial.phases.measure.counts.scheduled }))
  return sampleResult({
    workload: {
      ...workload,
      producerRateHz: rates.at(-1)!,
      ...(rates.length > 1 ? { ratesHz: rates } : {}),
    },
    sides: [sampleSide('a', { trials: rated(a) }), sampleSide('b', { trials: rated(b) })],
  })
}

/** `b` is slower at both rates, and does not hold the higher one. */
function ladder(trials: RateTrials): ExperimentResult {
  return resultOf(
    [...trials(1_000, 0), ...trials(4_000, 1)],
    [...trials(1_000, 2, { medianUs: 2_500 }), ...trials(4_000, 3, OVERLOADED)],
  )
}

const SEVEN = ladder(trialsAt(7))
const section = (result: ExperimentResult, title: string) =>
  headlineOf(result).headToHead.find((each) => each.title === title)?.lines ?? []

test('a verdict at each rate; the first line and the rates say what could not be ranked, and where it can', () => {
  const headline = headlineOf(SEVEN)
  expect(headline.first).toBe('did not hold 4,000 msg/s: b (7 of 7 trials).')
  expect(headline.sides[0]!.sentence).toMatch(
    /^held 1,000 msg\/s in 7 of 7 and 4,000 msg\/s in 7 of 7 trials; at 4,000 msg\/s: medians over trials: publish p99 /,
  )
  expect(headline.sides[1]!.sentence).toContain('4,000 msg/s in 0 of 7 trials; at 1,000 msg/s: ')
  expect(headline.sides[1]!.reasons[0]).toStartWith('trial 8 at 4,000 msg/s: ')
  expect(section(SEVEN, 'Head to head at 1,000 msg/s')[0]).toStartWith('a has the lower publish p99: ')
  expect(section(SEVEN, 'Head to head at 4,000 msg/s').join()).toContain(
    'b is not ranked on publish p99, end-to-end p99 and CPU per message: it did not hold the rate in 7 of 7.',
  )
  expect(section(SEVEN, 'Rate').slice(0, 3)).toEqual([
    'At 4,000 msg/s b was saturated (it held the rate in 0 of 7 trials), so it is not ranked there.',
    'All sides held 1,000 msg/s, the highest rate at which all of them can be ranked.',
    'Highest rate held in every trial: a 4,000 msg/s, b 1,000 msg/s.',
  ])
  expect(section(SEVEN, 'Rate')).toContain('b did not hold 4,000 msg/s (0 of 7).')
  expect(section(SEVEN, 'Medians over trials')[0]).toStartWith('1,000 msg/s, publish p99, a → b: ')
})

test('one rate that not all held: lower ones are proposed, from what the slowest side managed', () => {
  const one = resultOf(trialsAt(1)(20_000, 0), trialsAt(1)(20_000, 1, OVERLOADED), [20_000])
  expect(rateAdvice(one)).toEqual([
    'At 20,000 msg/s b was saturated, so it is not ranked; no lower rate was tried: try --rates 3000,7000.',
  ])
  expect(section(one, 'Head to head').join(' ')).toContain('Only a held 20,000 msg/s')
  expect(section(one, 'Head to head').join(' ')).toContain('try --rates 3000,7000')
  expect(renderTable(one, { columns: 100 }).join(' ')).toContain('try --rates 3000,7000')
  expect(renderHtml(one, '', '')).toContain('try --rates 3000,7000')
})

test('no rate that all held; every rate held; a side that was never run keeps nobody from being ranked', () => {
  const none = resultOf(
    [...trialsAt(1)(1_000, 0), ...trialsAt(1)(4_000, 1)],
    [...trialsAt(1)(1_000, 2, OVERLOADED), ...trialsAt(1)(4_000, 3, OVERLOADED)],
  )
  expect(rateAdvice(none).slice(-2)).toEqual([
    'No rate was held by all sides: try --rates 100,300.',
    'Highest rate held in every trial: a 4,000 msg/s, b none.',
  ])
  const all = resultOf(
    [...trialsAt(1)(1_000, 0), ...trialsAt(1)(4_000, 1)],
    [...trialsAt(1)(1_000, 2), ...trialsAt(1)(4_000, 3)],
  )
  expect(rateAdvice(all)).toEqual([
    'All sides held every rate and can be ranked at each: 1,000 and 4,000 msg/s.',
  ])
  expect(headlineOf(all).first).toBe('Both sides held 1,000 and 4,000 msg/s; integrity intact.')
  const absent = sampleSide('c', { trials: [], error: { message: 'no port', hint: null } })
  expect(rateAdvice({ ...all, sides: [...all.sides, absent] })).toEqual(rateAdvice(all))
  const cut = {
    ...all,
    sides: [all.sides[0]!, { ...all.sides[1]!, trials: all.sides[1]!.trials.slice(0, 1) }],
  }
  expect(rateAdvice(cut)[0]).toBe('At 4,000 msg/s b was not run, so it is not ranked there.')
})

test('an invalid measurement is not called saturated', () => {
  const [broken] = trialsAt(1)(1_000, 1)
  const verdict = { ...broken!.verdict, measurement: 'invalid' as const }
  const result = resultOf(trialsAt(1)(1_000, 0), [{ ...broken!, verdict }], [1_000])
  expect(rateAdvice(result)).toEqual([
    'At 1,000 msg/s the measurement of b was invalid, so it is not ranked, for reasons that stand with each side.',
  ])
})

test('one trial each: a sentence for each rate, and what is best at one rate is not held against another', () => {
  const result = ladder(trialsAt(1))
  const [at1000, at4000, once] = section(result, 'Head to head')
  expect(at1000).toMatch(/^At 1,000 msg\/s: a had the lower end-to-end p99: /)
  expect(at4000).toMatch(/^At 4,000 msg\/s: Only a held 4,000 msg\/s/)
  expect(once).toStartWith('This is one trial each')
  const rows = compare(result).groups.find(({ title }) => title === 'Publish latency')!.rows
  expect(rows[0]!.cells.map(({ mark }) => mark)).toEqual(['best', null, null, 'muted'])
})

test('table, charts, CSV and JSON keep the rates apart', () => {
  const { columns, groups, footnotes } = compare(SEVEN)
  expect(footnotes[0]).toContain('medians over trials (7 of each side at each rate)')
  expect(columns.map(({ label }) => label)).toEqual([
    'a at 1,000/s',
    'b at 1,000/s',
    'a at 4,000/s',
    'b at 4,000/s',
  ])
  const published = groups.flatMap(({ rows }) => rows).find(({ title }) => title === 'published')!
  expect(published.cells.map(({ text }) => text)).toEqual(['1,000', '1,000', '4,000', '2,000'])
  const { loads, curves } = chartsOf(SEVEN)
  expect(loads.map(({ title }) => title)).toEqual(['1,000 msg/s', '4,000 msg/s'])
  expect(loads.map(({ percentiles }) => percentiles[0]!.sides.length)).toEqual([2, 2])
  expect(loads.map(({ time }) => time.trials.length)).toEqual([14, 14])
  expect(curves[0]).toMatchObject({ title: 'Publish latency', x: [1_000, 4_000] })
  expect(curves[0]!.sides.map(({ held }) => held)).toEqual([
    [true, true],
    [true, false],
  ])
  const { header, rows } = metricsTable(SEVEN)
  const offered = header.indexOf('offered_msg_s')
  expect(rows.map((row) => row[offered])).toEqual(
    [1_000, 4_000, 1_000, 4_000].flatMap((rate) => Array(7).fill(rate)),
  )
  const model = metricsModel(SEVEN)
  expect(model.curve.map(({ points }) => points.map(({ achievedHz }) => achievedHz))).toEqual([
    [1_000, 4_000],
    [1_000, 2_000],
  ])
  expect(model.sides[0]!.trials[7]!.rateHz).toBe(4_000)
  expect(model.headToHead!.loads.map(({ rateHz }) => rateHz)).toEqual([...RATES])
})

test('terminal and page: every line fits, sides at one rate stay side by side, colours are those of the sides', () => {
  const narrow = renderTable(SEVEN, { columns: 70 })
  expect(narrow.some((line) => /a at 1,000\/s +b at 1,000\/s$/.test(line))).toBe(true)
  for (const line of narrow) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(70)
  const html = renderHtml(SEVEN, '', '')
  expect(html.includes('1,000, 4,000 msg/s of')).toBe(true)
  const head = /<thead>(.*?)<\/thead>/.exec(html)![1]!
  expect([...head.matchAll(/colspan="2" class="rate">([^<]*)</g)].map((match) => match[1])).toEqual([
    '1,000 msg/s',
    '4,000 msg/s',
  ])
  expect(
    [...head.matchAll(/class="c(\d)"><span[^>]*><\/span>([^<]*)</g)].map((match) => match.slice(1)),
  ).toEqual(['0a', '1b', '0a', '1b'].map((text) => [...text]))
})

test('the result is read back whole', () => {
  const plan = { perSide: 7, seed: 1, order: ['a', 'b'], ratesHz: [1_000, 4_000] }
  const result = { ...SEVEN, trialPlan: plan }
  expect(parseResult(JSON.stringify(result), 'f')).toEqual(result)
})
