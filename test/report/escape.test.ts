// Goal: nothing a user names can break out of a cell, a script element or a tag. Method: hostile examples, and
// properties over arbitrary text with parsers that are not ours where there is one.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { csvCell, fileSlug, scriptJson } from '../../src/report/escape.ts'
import { TEMPLATES } from '../../src/report/templates.ts'
import { renderHtml } from '../../src/report/write-report.ts'
import { sampleResult } from '../result/sample-result.ts'
import { parseCsv } from './parse-csv.ts'

test('cells that a spreadsheet would run are defused, numbers stay numbers', () => {
  for (const text of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1'])
    expect(csvCell(text).replace(/^"/, '')[0]).toBe("'")
  expect(csvCell(-1.5)).toBe('-1.5')
  expect(csvCell(null)).toBe('')
  expect(csvCell('a "b", c')).toBe('"a ""b"", c"')
})

test('property: any table comes back from CSV, apart from the apostrophe before formulas', () => {
  const table = fc.array(fc.array(fc.string({ unit: 'binary' }), { minLength: 2, maxLength: 4 }), {
    minLength: 1,
    maxLength: 5,
  })
  fc.assert(
    fc.property(table, (rows) => {
      const text = TEMPLATES['report.csv']({ header: ['a', 'b'], rows })
      const expected = rows.map((row) => row.map((cell) => (/^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell)))
      expect(parseCsv(text)).toEqual([['a', 'b'], ...expected])
    }),
  )
})

test('property: JSON in a script element means the same and cannot end the element', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = scriptJson(value)
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
      expect(text).not.toMatch(/[<>&\u2028\u2029]/)
    }),
  )
})

test('file names hold no path', () => {
  expect(fileSlug('kafka:kafkajs')).toBe('kafka-kafkajs')
  expect(fileSlug('../../etc/passwd')).toBe('etc-passwd')
  expect(fileSlug('…')).toBe('side')
})

test('a hostile name in every place a user can write is text in the page', () => {
  const hostile = '</script><script>alert(1)</script><img src=x onerror="alert(2)">'
  const sample = sampleResult()
  const side = sample.sides[0]!
  const trial = side.trials[0]!
  const html = renderHtml(
    {
      ...sample,
      id: hostile,
      workload: { ...sample.workload, name: hostile },
      workloadSource: hostile,
      command: [hostile],
      notes: [hostile],
      partial: hostile,
      host: { ...sample.host, cpuModel: hostile },
      sides: [
        {
          ...side,
          label: hostile,
          settings: { [hostile]: hostile },
          ignoredSettings: [hostile],
          trials: [
            {
              ...trial,
              server: {
                ...trial.server,
                version: hostile,
                notes: [hostile],
                settings: { [hostile]: hostile },
              },
              publishErrors: { [hostile]: 1 },
              interrupted: hostile,
              verdict: { ...trial.verdict, measurementReasons: [hostile] },
            },
          ],
        },
      ],
    },
    hostile,
    hostile,
  )
  expect(html).not.toContain('<script>alert')
  expect(html).not.toContain('<img')
  expect(html.match(/<script/g)).toHaveLength(5)
  expect(html).toContain('&lt;script&gt;alert(1)')
})

test('a template that names what is not there throws instead of leaving a gap', () => {
  expect(() => TEMPLATES['report.html']({ title: 'x' })).toThrow()
})
