// Goal: what each side took is told a message, from what was measured, and never invented; costs rank only where somebody
// was charged. Method: synthetic trials with all, some or none of the figures, and results with and without a bill.
import { expect, test } from 'bun:test'
import { experimentVerdict } from '../../src/compare/experiment-verdict.ts'
import { compare } from '../../src/compare/table.ts'
import { costPerMillion, perMessage, tookOf } from '../../src/compare/took.ts'
import { costsModel, metricsModel, metricsTable } from '../../src/report/metrics.ts'
import { renderTable } from '../../src/report/terminal.ts'
import { parseResult } from '../../src/result/parse-result.ts'
import type { Costs, ExperimentResult, TrialResult } from '../../src/result/result.ts'
import { sampleResult, sampleSide, sampleTrial } from '../result/sample-result.ts'

const bare = sampleTrial()
const { acknowledged } = bare.phases.measure.counts
const measured: TrialResult = {
  ...bare,
  clientWire: { sentBytes: 1_100 * acknowledged, receivedBytes: 1_200 * acknowledged, atLeast: false },
  server: {
    ...bare.server,
    usage: {
      cpuS: 2,
      maxRssBytes: 500_000_000,
      wire: { sentBytes: 1_200 * acknowledged, receivedBytes: 1_100 * acknowledged, atLeast: false },
      diskWrittenBytes: 2_048 * acknowledged,
      diskGrowthBytes: -5 * acknowledged,
    },
  },
}

const resultOf = (trials: readonly TrialResult[], changes: Partial<ExperimentResult> = {}) =>
  sampleResult({ sides: trials.map((trial, i) => sampleSide('abc'[i]!, { trials: [trial] })), ...changes })

const GROUP = 'What it took during measure'
function texts(result: ExperimentResult): Record<string, string[]> {
  const { rows } = compare(result).groups.find(({ title }) => title === GROUP)!
  return Object.fromEntries(rows.map(({ title, cells }) => [title, cells.map(({ text }) => text)]))
}

test('figures are told in all or by the messages that were acknowledged', () => {
  const given = { ...bare, server: { ...bare.server, usage: null } }
  expect(texts(resultOf([measured, given]))).toEqual({
    'client CPU': ['11.0', '11.0'],
    'client CPU a message': ['550.0', '550.0'],
    'busiest worker': ['28.0', '28.0'],
    'client memory, largest': ['300', '300'],
    'client sent a message': ['1,100', '–'],
    'client received a message': ['1,200', '–'],
    'broker CPU': ['2.0', '–'],
    'broker CPU a message': ['100.0', '–'],
    'broker memory, largest': ['500', '–'],
    'broker sent a message': ['1,200', '–'],
    'broker received a message': ['1,100', '–'],
    'broker wrote to disk a message': ['2,048', '–'],
    'left on disk a message': ['-5', '–'],
  })
})

test('a lower bound is not told as a figure, and nothing acknowledged has no figure a message', () => {
  const wire = { sentBytes: 5, receivedBytes: 5, atLeast: true }
  const took = tookOf({ ...measured, clientWire: wire })
  expect(took).toMatchObject({ clientSentBytes: null, clientReceivedBytes: null, brokerCpuS: 2 })
  const measure = { ...bare.phases.measure, counts: { ...bare.phases.measure.counts, acknowledged: 0 } }
  expect(perMessage(5, { ...bare, phases: { ...bare.phases, measure } })).toBeNull()
  expect(tookOf({ ...bare, workers: [] }).clientRssBytes).toBeNull()
})

test('a written result is read back, and CSV, JSON and terminal tell the same', () => {
  const result = resultOf([measured])
  const [trial] = parseResult(JSON.stringify(result), 'f').sides[0]!.trials
  expect(tookOf(trial!)).toEqual(tookOf(measured))
  const { header, rows } = metricsTable(result)
  const cell = (name: string) => rows[0]![header.indexOf(name)]
  expect(cell('client_sent_bytes')).toBe(1_100 * acknowledged)
  expect(cell('broker_disk_growth_bytes')).toBe(-5 * acknowledged)
  expect(metricsModel(result).sides[0]!.trials[0]!.took).toEqual(tookOf(measured))
  expect(renderTable(result, { columns: 100 }).join('\n')).toMatch(
    /broker wrote to disk a message, bytes +2,048/,
  )
})

const BILL: Costs = {
  billing: 'estimated',
  currency: 'EUR',
  sides: [
    { side: 'a', perHour: 3.6 },
    { side: 'b', perHour: 7.2 },
  ],
}

test('a million messages cost what the side cost in the time they took', () => {
  const { durationS } = bare.phases.measure
  const expected = ((3.6 / 3600) * durationS * 1e6) / acknowledged
  expect(costPerMillion(bare, 'a', BILL)).toBeCloseTo(expected, 12)
  expect(costPerMillion(bare, 'unknown', BILL)).toBeNull()
  expect(costPerMillion(bare, 'a', { billing: 'not billed' })).toBeNull()
  const billed = resultOf([bare, bare, bare], { costs: BILL })
  expect(texts(billed)['cost per million messages, estimated']).toEqual(['1.00', '2.00', '–'])
  expect(parseResult(JSON.stringify(billed), 'f').costs).toEqual(BILL)
  expect(costsModel(billed)).toEqual({
    billing: 'estimated',
    currency: 'EUR',
    experiment: billed.id,
    sides: [
      { side: 'a', perHour: 3.6, perMillionMessages: [1] },
      { side: 'b', perHour: 7.2, perMillionMessages: [2] },
      { side: 'c', perHour: null, perMillionMessages: [null] },
    ],
  })
  const dear = { ...BILL, billing: 'billed', sides: [{ side: 'a', perHour: 36_000 }] } as const
  expect(texts(resultOf([bare], { costs: dear }))['cost per million messages, billed']).toEqual(['10,000'])
})

/** Six trials a side, so that two sides can be told apart; places alternate. */
const trialsOf = (first: number) => Array.from({ length: 6 }, (_, i) => ({ ...bare, place: 2 * i + first }))
const repeated = (costs: Costs) =>
  sampleResult({
    sides: [sampleSide('a', { trials: trialsOf(0) }), sampleSide('b', { trials: trialsOf(1) })],
    costs,
  })
const costVerdict = (costs: Costs) =>
  experimentVerdict(repeated(costs))!.loads[0]!.figures.find(({ figure }) => figure === 'costPerMillion')

test('the verdict ranks on cost where it is known, and a local run has no such figure', () => {
  const verdict = costVerdict(BILL)!
  expect(verdict.winner).toBe('a')
  expect(verdict.sentences[0]).toStartWith(
    'a has the lower cost per million messages: 1.00 EUR against 2.00 EUR of b',
  )
  expect(costVerdict({ billing: 'not billed' })).toBeUndefined()
  expect(JSON.stringify(metricsModel(repeated({ billing: 'not billed' })).costs)).toBe(
    '{"billing":"not billed"}',
  )
  const half = costVerdict({ ...BILL, sides: BILL.sides.slice(0, 1) } as Costs)!
  expect(half.winner).toBeNull()
  expect(half.notRanked).toEqual([
    { label: 'b', reason: 'its cost per million messages is not known in 6 of 6' },
  ])
})
