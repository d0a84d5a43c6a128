// Goal: a report shows what a cloud experiment cost, estimated and billed, and where nothing is known it shows a dash and
// no figure. Method: the view and its figures from made-up costs; the page itself is looked at by bench cost's own test.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { costNote, wholeCostsView } from '../../src/report/view-costs.ts'
import { differenceText, moneyFigure } from '../../src/result/money.ts'
import { parseResult } from '../../src/result/parse-result.ts'
import type { Costs } from '../../src/result/result.ts'
import type { WholeCosts } from '../../src/result/whole-costs.ts'
import { sampleResult } from '../result/sample-result.ts'

const WHOLE: WholeCosts = {
  ...{ experiment: 'exp-1', from: '2026-11-10T20:00:00.000Z', until: null, estimated: 2, billed: null },
  billState: 'not known yet',
  services: [
    { name: 'EC2 - Other', estimated: 2, billed: 3 },
    { name: 'Amazon Simple Storage Service', estimated: null, billed: 0.001 },
  ],
  roles: [],
  perMillion: { published: 0.25, delivered: null },
  notes: ['no price is known of x9.huge'],
}
const COSTS: Costs = { billing: 'estimated', currency: 'USD', sides: [], whole: WHOLE }

test('a local run has no such costs', () => {
  expect(wholeCostsView({ billing: 'not billed' })).toBeNull()
  expect(costNote({ billing: 'not billed' })).toContain('not billed')
  expect(wholeCostsView({ billing: 'billed', currency: 'USD', sides: [] })).toBeNull()
})

test('what is not known is a dash, and difference needs both', () => {
  const { groups, perMillion, time, billState } = wholeCostsView(COSTS)!
  expect(groups.map(({ title, rows }) => [title, rows.map((row) => Object.values(row))])).toEqual([
    [
      'Service',
      [
        ['EC2 - Other', '2.00', '3.00', '+1.00 (+50.0 %)'],
        ['Amazon Simple Storage Service', '–', '0.0010', '–'],
      ],
    ],
    ['In all', [['the whole experiment', '2.00', '–', '–']]],
  ])
  expect(perMillion).toStartWith('0.2500 USD a million messages published: ')
  expect([time, billState]).toEqual(['2026-11-10 20:00:00 UTC to now: it still stands', 'not known yet'])
})

test('a result keeps them when it is read again', () => {
  const result = sampleResult({ costs: COSTS })
  expect(parseResult(JSON.stringify(result), 'result.json').costs).toEqual(COSTS)
})

test('amounts keep the digits that mean something', () => {
  expect([0, 1234.5, 1, 0.0832, 0.00001, -0.00001, -2].map(moneyFigure)).toEqual([
    ...['0.00', '1,234.50', '1.00', '0.0832', '<0.0001', '>-0.0001', '-2.00'],
  ])
  expect(differenceText(1, 0)).toBe('+1.00')
  expect(differenceText(0.5, 1)).toBe('-0.5000 (-50.0 %)')
  expect(differenceText(1 + 1e-9, 1)).toBe('0.00 (0.0 %)')
})

test('property: an amount that prints as nothing is nothing', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-12, max: 1e9, noNaN: true }), (amount) => {
      expect(Number(moneyFigure(amount).replaceAll(/[<,]/g, ''))).toBeGreaterThan(0)
    }),
  )
})
