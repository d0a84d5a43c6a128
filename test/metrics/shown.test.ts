// Goal: custom figures stand in every output, errors beside them, and hostile text stays text. Method: the real renderers
// over a sample result with figures as they are stored.
import { expect, test } from 'bun:test'
import { customText } from '../../src/compare/custom-figures.ts'
import { compare } from '../../src/compare/table.ts'
import { jobSummary } from '../../src/publish/job-summary.ts'
import { customColumns } from '../../src/report/custom-columns.ts'
import { metricsModel, metricsTable } from '../../src/report/metrics.ts'
import { renderTable } from '../../src/report/terminal.ts'
import { reportContents } from '../../src/report/write-report.ts'
import { parseResult } from '../../src/result/parse-result.ts'
import type { CustomFigure, ExperimentResult } from '../../src/result/result.ts'
import { secretHider } from '../../src/workload/secret-values.ts'
import { sampleResult, sampleSide, sampleTrial } from '../result/sample-result.ts'

const HOSTILE = '<script>alert(1)</script>'

function figure(changes: Partial<CustomFigure>): CustomFigure {
  return { name: 'tail', unit: '×', better: null, note: null, values: [1], errors: [], ...changes }
}

function resultWith(first: readonly CustomFigure[], second: readonly CustomFigure[]): ExperimentResult {
  return sampleResult({
    sides: [
      sampleSide('a', {
        trials: [sampleTrial(), sampleTrial({ seed: 2 }), sampleTrial({ seed: 3 })],
        customFigures: first,
      }),
      sampleSide('b', { customFigures: second }),
    ],
    customFigures: { module: 'metrics/tail.ts', error: null },
  })
}

const RESULT = resultWith(
  [
    figure({ values: [1, 9, 3], better: 'lower', note: 'how long the slowest wait' }),
    figure({ name: HOSTILE, unit: '=1+1', values: [null, 2, null], errors: [`Error: ${HOSTILE}`] }),
  ],
  [
    figure({ values: [12_345.6] }),
    figure({ name: HOSTILE, unit: '=1+1', values: [null], errors: ['Error: x'] }),
  ],
)

test('the table shows the median over trials, and an error even beside values', () => {
  const group = compare(RESULT).groups.find(({ title }) => title === 'Custom figures')!
  expect(group.rows.map(({ title, unit, cells }) => [title, unit, ...cells.map(({ text }) => text)])).toEqual(
    [
      ['tail', '×', '3', '12,346'],
      [HOSTILE, '=1+1', '2, error', 'error'],
    ],
  )
  expect(group.rows[1]!.cells.map(({ mark }) => mark)).toEqual(['bad', 'bad'])
})

test('with several rates each column has the values of its own trials', () => {
  const at = (rateHz: number) => ({ ...sampleTrial(), rateHz })
  const { workload } = sampleResult()
  const result = sampleResult({
    workload: { ...workload, ratesHz: [500, 1_000] },
    sides: [
      sampleSide('a', {
        trials: [at(1_000), at(500), at(1_000)],
        customFigures: [figure({ values: [1, null, 5], errors: ['Error: x'] })],
      }),
    ],
  })
  const group = compare(result).groups.find(({ title }) => title === 'Custom figures')!
  expect(group.rows[0]!.cells.map(({ text }) => text)).toEqual(['error', '3'])
})

test('notes and errors stand under it', () => {
  const { footnotes } = compare(RESULT)
  expect(footnotes).toContain('tail: how long the slowest wait; lower is better.')
  expect(footnotes).toContain(`${HOSTILE} of b: Error: x`)
  expect(footnotes).toContain('Custom figures come from metrics/tail.ts: they describe, and are not tested.')
})

test('the terminal, CSV, JSON and the page hold them; the page as text', () => {
  const terminal = renderTable(RESULT, { columns: 100 }).join('\n')
  expect(terminal).toContain('Custom figures')
  expect(terminal).toContain('12,346')
  const files = new Map(reportContents(RESULT))
  const html = files.get('index.html')!
  expect(html).toContain('Custom figures')
  expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
  expect(html).not.toContain(HOSTILE)
  expect(files.get('metrics.csv')).toContain('custom_tail')
  expect(JSON.parse(files.get('metrics.json')!).sides[0].customFigures[0].values).toEqual([1, 9, 3])
  expect(JSON.parse(files.get('metrics.json')!).customFigures.module).toBe('metrics/tail.ts')
})

test('the job summary holds them, as text', () => {
  const markdown = jobSummary(RESULT, [], 200_000)
  expect(markdown).toContain('12,346')
  expect(markdown).toContain('how long the slowest wait')
  expect(markdown).not.toContain(HOSTILE)
})

test('a CSV has a column a figure and a value a trial', () => {
  const { header, rows } = metricsTable(RESULT)
  const columns = ['custom_tail', 'custom_script_alert_1_script_1_1'].map((name) => header.indexOf(name))
  expect(rows.map((row) => columns.map((column) => row[column]))).toEqual([
    [1, null],
    [9, 2],
    [3, null],
    [12_345.6, null],
  ])
})

test('columns of names that look the same differ', () => {
  const twins = resultWith([figure({ name: 'a b' }), figure({ name: 'a-b' }), figure({ name: '×' })], [])
  expect(customColumns(twins).map(({ header }) => header)).toEqual(['custom_a_b', 'custom_a_b_2', 'custom'])
})

test('a module that could not be loaded is told under the table', () => {
  const lost = sampleResult({ customFigures: { module: 'gone.ts', error: 'gone.ts: expected a module' } })
  expect(compare(lost).footnotes).toContain('Custom figures are missing: gone.ts: expected a module')
})

test('without a module nothing is said', () => {
  const plain = sampleResult()
  expect(compare(plain).groups.map(({ title }) => title)).not.toContain('Custom figures')
  expect(compare(plain).footnotes.join()).not.toContain('ustom')
  expect(metricsModel(plain).customFigures).toBeNull()
})

test('a secret that a module repeats is masked in its notes and errors', () => {
  const hider = secretHider([{ driver: 'none', config: { password: 'hush-hush-1' } }], [])
  const told = figure({ note: 'got hush-hush-1', errors: ['Error: hush-hush-1'] })
  const hidden = JSON.stringify(hider.data(resultWith([told], [])))
  expect(hidden).toContain('Error: ')
  expect(hidden).not.toContain('hush-hush-1')
})

test('they are read back as they were written', () => {
  expect(parseResult(JSON.stringify(RESULT), 'result.json').sides[0]!.customFigures).toEqual([
    ...RESULT.sides[0]!.customFigures!,
  ])
})

test.each([
  [0, '0'],
  [1 / 3, '0.3333'],
  [-12.345678, '-12.35'],
  [999.96, '1000'],
  [1_234.56, '1,235'],
  [-1e6, '-1,000,000'],
  [0.000123456, '0.0001235'],
  [1.5e-9, '1.50e-9'],
  [1e300, '1.00e+300'],
])('%p is written %s', (value, text) => {
  expect(customText(value)).toBe(text)
})
