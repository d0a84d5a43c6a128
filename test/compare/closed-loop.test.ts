// Goal: what was sent as fast as it went is called closed-loop wherever it is shown, and nobody is ranked by it. Method:
// sample results whose trials are closed-loop, one trial each and several.
import { expect, test } from 'bun:test'
import { headlineOf } from '../../src/compare/headline.ts'
import { compare } from '../../src/compare/table.ts'
import { renderTable } from '../../src/report/terminal.ts'
import { htmlView } from '../../src/report/view.ts'
import { sampleResult, sampleSide, sampleTrial } from '../result/sample-result.ts'

const trial = (medianUs: number, seed = 1) => ({
  ...sampleTrial({ medianUs, seed }),
  rateHz: 10_000_000,
  closedLoop: true as const,
})
const sides = (count: number) => [
  sampleSide('quick', { trials: Array.from({ length: count }, (_, i) => trial(1_000, i + 1)) }),
  sampleSide('slow', { trials: Array.from({ length: count }, (_, i) => trial(9_000, i + 1)) }),
]

test.each([1, 8])('with %i trials of each side', (count) => {
  const result = sampleResult({ sides: sides(count) })
  const { first, headToHead, sides: told } = headlineOf(result)
  expect(first).toStartWith('Sent as fast as it went (closed loop): quick ')
  for (const { sentence } of told) expect(sentence).toMatch(/took .* as fast as it went.*closed/)
  const text = headToHead.flatMap(({ lines }) => lines).join(' ')
  expect(text).toContain('closed loop')
  expect(text).not.toMatch(/lower|faster|held 10,000,000|hold 10,000,000/)
  const { groups, footnotes } = compare(result)
  expect(footnotes.join(' ')).toContain('closed-loop')
  expect(
    groups.flatMap(({ rows }) => rows.flatMap(({ cells }) => cells.map(({ mark }) => mark))),
  ).not.toContain('best')
  expect(renderTable(result, { columns: 120 }).join(' ')).toContain('closed loop')
  expect(htmlView(result).summary).toContain('closed loop')
})
