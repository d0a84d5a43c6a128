// Goal: what searches found is told as it is: rates and brackets, never more than one search each can show; every view
// prints every step with its reasons. Method: searches simulated on model brokers, as results.
import { describe, expect, test } from 'bun:test'
import { model, simulateSearch } from '../../sim/sim-search.ts'
import { curveOf } from '../../src/compare/curve.ts'
import { headlineOf } from '../../src/compare/headline.ts'
import { atRatesFound } from '../../src/compare/search/found-trials.ts'
import { stepRows } from '../../src/compare/search/step-rows.ts'
import { benchSource } from '../../src/compare/sources/bench-source.ts'
import { compare } from '../../src/compare/table.ts'
import { renderTable } from '../../src/report/terminal.ts'
import { htmlView } from '../../src/report/view.ts'
import { exitCodeOf } from '../../src/result/exit-code.ts'
import { checkResult } from '../../src/result/parse-result.ts'
import type { ExperimentResult, SideResult } from '../../src/result/result.ts'
import type { SearchOptions } from '../../src/workload/search.ts'
import { sampleResult, sampleSide } from '../result/sample-result.ts'

async function side(
  label: string,
  publishHz: number,
  search: Partial<SearchOptions> = {},
): Promise<SideResult> {
  const { result, trials } = await simulateSearch(model({ publishHz, noise: 0.01 }), search)
  return { ...sampleSide(label), trials, search: result }
}

function resultOf(sides: readonly SideResult[], changes: Partial<ExperimentResult> = {}): ExperimentResult {
  const sample = sampleResult({ sides })
  const { options } = sides[0]!.search!
  return { ...sample, workload: { ...sample.workload, search: options }, ...changes }
}

const [fast, slow] = [await side('fast', 20_000), await side('slow', 10_000)]
const both = resultOf([slow, fast])

describe('headline', () => {
  test('the rates found come first, then one against the other, without any claim of certainty', () => {
    const { first, headToHead, tone } = headlineOf(both)
    expect(tone).toBe('good')
    expect(first).toMatch(/^Sustainable: slow [\d,]+ msg\/s and fast [\d,]+ msg\/s\.$/)
    const text = headToHead.flatMap(({ lines }) => lines).join(' ')
    expect(text).toMatch(/fast sustained [\d,]+ msg\/s, slow [\d,]+ msg\/s: (1\.9|2\.0)\d×/)
    expect(text).toContain('searched once')
    expect(text).not.toMatch(/p=|significant/)
  })

  test('rates within the precision of the search are the same', async () => {
    const twin = { ...fast, label: 'twin' }
    const text = headlineOf(resultOf([fast, twin]))
      .headToHead.flatMap(({ lines }) => lines)
      .join(' ')
    expect(text).toContain('the same within the precision of the search')
  })

  test('where the limit may lie higher nobody is called faster', async () => {
    const capped = await side('capped', 1e9, { maxHz: 5_000 })
    const { first, headToHead } = headlineOf(resultOf([fast, capped]))
    expect(first).toContain('capped at least 5,000 msg/s')
    expect(headToHead.flatMap(({ lines }) => lines).join(' ')).toContain(
      'which of them takes more is not known',
    )
  })

  test('a side without a rate, or with a broken promise, is not ranked', async () => {
    const none = await side('none', 1e-6)
    const [trial, ...others] = slow.trials
    const broken = {
      ...slow,
      trials: [{ ...trial!, verdict: { ...trial!.verdict, integrity: 'violated' as const } }, ...others],
    }
    const { first, headToHead, tone } = headlineOf(resultOf([fast, none, broken]))
    expect(tone).toBe('bad')
    expect(first).toStartWith('INTEGRITY VIOLATED: slow')
    expect(first).toContain('no sustainable rate found: none')
    const text = headToHead.flatMap(({ lines }) => lines).join(' ')
    expect(text).toContain('none is not ranked: no sustainable rate was found')
    expect(text).toContain('slow is not ranked: its integrity was violated')
  })
})

test('the table shows the trials at the rate found, each side at its own, and ranks nothing', () => {
  const { columns, groups } = compare(atRatesFound(both))
  expect(columns.map(({ side: label, rateHz }) => [label, rateHz])).toEqual([
    ['slow', slow.search!.rateHz!],
    ['fast', fast.search!.rateHz!],
  ])
  for (const { trials } of columns) expect(trials.length).toBeGreaterThanOrEqual(1)
  const marks = groups.flatMap(({ rows }) => rows.flatMap(({ cells }) => cells.map(({ mark }) => mark)))
  expect(marks).not.toContain('best')
  const source = benchSource(both, 'both', [], 'digest')
  expect(new Set(source.sides.flatMap(({ trials }) => trials.map(({ rateHz }) => rateHz)))).toEqual(
    new Set([slow.search!.rateHz!, fast.search!.rateHz!]),
  )
})

test('the curve has every rate that was tried, and what the search thought of it', () => {
  const [line] = curveOf(resultOf([fast]))
  const { steps } = fast.search!
  expect(line!.points.map(({ rateHz }) => rateHz)).toEqual(
    [...new Set(steps.map(({ rateHz }) => rateHz))].sort((a, b) => a - b),
  )
  for (const { rateHz, held } of line!.points) {
    expect(held).toBe(rateHz <= fast.search!.rateHz! ? 'held' : 'did not hold')
  }
})

test('every view has every step and why it was refused', () => {
  const terminal = renderTable(both, { columns: 100 })
  const text = terminal.join('\n').replaceAll(/\s+/g, ' ')
  const page = htmlView(both)
  for (const { label, rows } of stepRows(both)) {
    expect(text).toContain(`Steps of the search: ${label}`)
    const shown = page.searches.find((each) => each.label === label)!.rows
    expect(shown).toEqual([...rows])
    for (const { rate, reasons, outcome } of rows) {
      expect(text).toContain(`${rate} `)
      expect(outcome === 'refused').toBe(reasons.length > 0)
      for (const reason of reasons) expect(text).toContain(reason)
    }
  }
  for (const line of terminal) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(100)
  expect(page.curveCharts).toHaveLength(2)
})

test('a search that found its rate ends well, though steps were refused and did not drain', () => {
  expect(exitCodeOf({ ...both, partial: null })).toBe(0)
  const doubtful = (trial: SideResult['trials'][number]) => ({
    ...trial,
    verdict: { ...trial.verdict, integrity: 'unproven' as const },
  })
  const refused = fast.search!.steps.find(({ outcome }) => outcome === 'refused')!.place
  const held = fast.search!.steps.findLast(({ outcome }) => outcome === 'held')!.place
  const withDoubt = (place: number) => ({
    ...fast,
    trials: fast.trials.map((trial) => (trial.place === place ? doubtful(trial) : trial)),
  })
  expect(exitCodeOf({ ...both, sides: [withDoubt(refused)] })).toBe(0)
  expect(exitCodeOf({ ...both, sides: [withDoubt(held)] })).toBe(9)
})

test('the result file knows what a search is', () => {
  const again = JSON.parse(JSON.stringify(both))
  expect(checkResult(again, 'result.json')).toEqual(again)
  const broken = structuredClone(again)
  broken.sides[0].search.steps[0].purpose = 'guess'
  expect(() => checkResult(broken, 'result.json')).toThrow('sides.0.search.steps.0.purpose')
})
