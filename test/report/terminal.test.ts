// Goal: the terminal shows the verdicts first and an aligned table that fits, without colour unless asked for. Method:
// rendered lines of synthetic results are measured.
import { expect, test } from 'bun:test'
import { renderTable } from '../../src/report/terminal.ts'
import { sampleResult, sampleSide, sampleTrial } from '../result/sample-result.ts'

const sample = sampleResult()

test('the verdicts come first', () => {
  const lines = renderTable(sample, { columns: 120 })
  expect(lines[0]).toBe('Both sides held 1,000 msg/s; integrity intact.')
  expect(lines[1]).toStartWith('kafka (valid · intact): held 1,000 msg/s')
})

test('columns are aligned, also with wide characters in a label', () => {
  const lines = renderTable(sampleResult({ sides: [sampleSide('測試'), sampleSide('b')] }), { columns: 120 })
  const rows = lines.filter((line) => /^ {2}(p50|p95|p99|max|sent)/.test(line))
  expect(rows.length).toBeGreaterThan(15)
  const ends = rows.map((line) => Bun.stringWidth(line.replace(/ [*!]$/, '')))
  const header = lines.find((line) => line.startsWith('   ') && line.includes('測試'))!
  for (const end of ends) expect(Math.abs(end - Bun.stringWidth(header))).toBeLessThanOrEqual(2)
})

test('a narrow terminal gets the sides one below the other, no line too long', () => {
  const lines = renderTable(sample, { columns: 50 })
  for (const line of lines) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(50)
  expect(lines.filter((line) => line.trim() === 'Throughput')).toHaveLength(2)
})

test('no control sequence without colour, and none from labels ever', () => {
  const hostile = sampleResult({ sides: [sampleSide('a\u001b[31mb\nc', { trials: [sampleTrial()] })] })
  const ESCAPE = '\u001b'
  expect(renderTable(hostile, { columns: 100 }).join('')).not.toContain(ESCAPE)
  expect(renderTable(hostile, { columns: 100 }).join('')).not.toContain('\n')
  const colored = renderTable(sample, { columns: 100, color: true })
  expect(colored[0]).toContain(ESCAPE)
  expect(colored.map((line) => Bun.stripANSI(line))).toEqual(renderTable(sample, { columns: 100 }))
})
