// Goal: every view of a comparison says the same, is well-formed in its format, and takes names of others as text. Method:
// one comparison with a regression and hostile names, printed in each format and read back.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import fc from 'fast-check'
import { compareSources, type SourceComparison } from '../../src/compare/comparison/index.ts'
import { parseGate } from '../../src/compare/gates/grammar.ts'
import { benchSource } from '../../src/compare/sources/bench-source.ts'
import { parseOmbRun } from '../../src/compare/sources/omb-result.ts'
import { ombSource } from '../../src/compare/sources/omb-source.ts'
import { AppError } from '../../src/errors/app-error.ts'
import { comparisonTable } from '../../src/report/comparison/csv.ts'
import { comparisonHtml } from '../../src/report/comparison/html.ts'
import { comparisonJson } from '../../src/report/comparison/json.ts'
import { comparisonJunit } from '../../src/report/comparison/junit.ts'
import { comparisonMarkdown, MARKDOWN_LIMIT } from '../../src/report/comparison/markdown.ts'
import { renderComparison } from '../../src/report/comparison/terminal.ts'
import { TEMPLATES } from '../../src/report/templates.ts'
import type { ExperimentResult, TrialResult } from '../../src/result/result.ts'
import { experimentOf, ombRun, trialsOf } from '../support/compared-results.ts'
import { parseXml, type XmlElement } from '../support/xml.ts'
import { parseCsv } from './parse-csv.ts'

// A machine that others use, too.
setDefaultTimeout(60_000)

/** Markup, a mention, a formula, a control character, a pipe. */
const HOSTILE = '<script>alert(1)</script> @all =1+1 | #1 & "x" `y` \u0007'

function compared(
  results: readonly ExperimentResult[],
  gates: readonly string[] = [],
  by: 'side' | 'source' | null = null,
): SourceComparison {
  const sources = results.map((result, i) => benchSource(result, 'ABC'[i]!, [], `${i}`))
  return compareSources(sources, { by, sides: [], gates: gates.map(parseGate), strict: false })
}

const pair = (label: string, factor: number, count = 7): ExperimentResult[] => {
  const sides = (first: readonly TrialResult[], second: readonly TrialResult[]) => ({
    [label]: first,
    b: second,
  })
  return [
    experimentOf('exp-1', sides(trialsOf(1, count), trialsOf(2, count, 1))),
    experimentOf('exp-2', sides(trialsOf(factor, count, 2), trialsOf(2, count, 3))),
  ]
}

const WORSE = compared(pair('a', 1.3), ['publish.p99>+5%', 'e2e.p50>+500%'])
const HOSTILE_ONE = compared(pair(HOSTILE, 1.3), ['publish.p99>+5%'])

describe('terminal', () => {
  test('what must be known first, then limits, verdicts and tables; every line fits', () => {
    const lines = renderComparison(WORSE, { columns: 100 })
    expect(lines[0]).toStartWith('REGRESSION: publish.p99 of a@B.')
    const at = (text: string) => lines.findIndex((line) => line.includes(text))
    expect(at('FAILED: publish.p99>+5%')).toBeLessThan(at('passed: e2e.p50>+500%'))
    expect(at('passed: e2e.p50>+500%')).toBeLessThan(at('a@A has the lower publish p99'))
    expect(at('a@A has the lower publish p99')).toBeLessThan(at('publish.p99, ms'))
    for (const line of lines) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(100)
  })

  test('the table tells tested, described and unknown changes apart', () => {
    const lines = renderComparison(WORSE, { columns: 100 })
    expect(lines.find((line) => line.includes('publish.p99, ms'))).toMatch(/\+30 % \(p=0\.00\d+\) !$/)
    expect(lines.find((line) => line.includes('publish.p50, ms'))).toMatch(/\(\+30 %\)$/)
    expect(lines.filter((line) => line.includes('publish.p99, ms'))[1]).toMatch(/~ \(p=[\d.]+\)$/)
  })

  test('no control character of a name reaches the terminal', () => {
    for (const line of renderComparison(HOSTILE_ONE, { columns: 100 })) expect(line).not.toMatch(/\p{Cc}/u)
  })
})

describe('html', () => {
  test('one page without scripts or addresses; verdict before tables; names are text', () => {
    const html = comparisonHtml(HOSTILE_ONE, '0.1.0')
    expect(html).not.toContain('<script')
    expect(html).not.toMatch(/(?:src|href)="(?!#|data:)/)
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
    expect(html.indexOf('REGRESSION')).toBeLessThan(html.indexOf('<table'))
    expect(html.match(/<table/g)).toHaveLength(2)
    expect(html.length).toBeLessThan(200_000)
  })

  test('the same sentences as the other views', () => {
    const html = comparisonHtml(WORSE, '0.1.0')
    const sentences = [
      WORSE.headline.first,
      ...WORSE.notes,
      ...WORSE.contests.flatMap(({ sections }) => sections.flatMap(({ lines }) => lines)),
    ]
    const seen = html
      .replaceAll('&quot;', '"')
      .replaceAll('&#x3D;', '=')
      .replaceAll('&gt;', '>')
      .replaceAll('&#x27;', "'")
    for (const sentence of sentences) expect(seen).toContain(sentence)
  })
})

describe('markdown', () => {
  test('verdict, limits and folded tables whose rows have the same number of cells', () => {
    const text = comparisonMarkdown(WORSE)
    expect(text).toStartWith('### ❌ bench compare\n\n**REGRESSION: publish.p99 of a@B.')
    expect(text).toContain('- FAILED: publish.p99&gt;+5%')
    expect(text).toContain('```text\npublish p99, a@A → a@B: ')
    expect(text.match(/<details>/g)).toHaveLength(2)
    expect(text.match(/<\/details>/g)).toHaveLength(2)
    const rows = text.split('\n').filter((line) => line.startsWith('|'))
    for (const row of rows) expect(row.replaceAll('\\|', '').match(/\|/g)).toHaveLength(5)
  })

  test('names make no markup, mention or reference', () => {
    const text = comparisonMarkdown(HOSTILE_ONE).replaceAll(/```text[\s\S]*?```/g, '')
    expect(text).not.toContain('<script>')
    expect(text).not.toMatch(/[^\w]@all/)
    expect(text).not.toMatch(/[^\\]#1/)
    expect(text).not.toMatch(/[^\\]`y/)
  })

  test('a comment that would be too long says what it leaves out', () => {
    const sides = Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [`side-${i}`, trialsOf(1 + i / 10, 1, i)]),
    )
    const many = compared([experimentOf('exp-1', sides), experimentOf('exp-2', sides)])
    const text = comparisonMarkdown(many)
    expect(text.length).toBeLessThanOrEqual(MARKDOWN_LIMIT)
    expect(text).toMatch(/too long for one comment/i)
  })
})

describe('json', () => {
  test('typed and versioned; the verdict of the statistics as it is', () => {
    const data = JSON.parse(JSON.stringify(comparisonJson(WORSE)))
    expect(data).toMatchObject({ kind: 'comparison', schemaVersion: 1, by: 'source', exitCode: 7 })
    expect(data.headToHead).toEqual(JSON.parse(JSON.stringify(WORSE.verdict)))
    expect(data.contests.map(({ load }: { load: number }) => load)).toEqual([0, 1])
    expect(data.contests[0].sides.map(({ label }: { label: string }) => label)).toEqual(['a@A', 'a@B'])
    const figure = data.contests[0].figures.find(({ name }: { name: string }) => name === 'publish.p99')
    expect(figure).toMatchObject({ unit: 'us', better: 'lower', changes: [{ outcome: 'shown' }] })
    expect(figure.values[1].median / figure.values[0].median).toBeCloseTo(1.3, 1)
    expect(data.gates.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
      'failed',
      'passed',
      'passed',
      'passed',
    ])
    expect(JSON.stringify(data).length).toBeLessThan(60_000)
  })
})

describe('csv', () => {
  test('a row a figure and side, numbers as numbers, names never as formulas', () => {
    const rows = parseCsv(TEMPLATES['report.csv'](comparisonTable(WORSE)))
    const [header, ...body] = rows
    for (const row of body) expect(row).toHaveLength(header!.length)
    const column = (name: string) => header!.indexOf(name)
    const p99 = body.filter(
      (row) => row[column('figure')] === 'publish.p99' && row[column('contest')] === 'a: B against A',
    )
    expect(p99.map((row) => row[column('side')])).toEqual(['a@A', 'a@B'])
    expect(Number(p99[1]![column('ratio_to_baseline')])).toBeCloseTo(1.3, 1)
    expect(p99[1]![column('outcome')]).toBe('shown')
    expect(p99[0]![column('ratio_to_baseline')]).toBe('')
    const formula = compared(pair('=1+1', 1))
    expect(TEMPLATES['report.csv'](comparisonTable(formula))).not.toMatch(/(^|,)"?=/m)
  })
})

describe('junit', () => {
  const casesOf = (comparison: SourceComparison): readonly XmlElement[] =>
    parseXml(comparisonJunit(comparison)).children.flatMap(({ children }) => children)
  const named = (cases: readonly XmlElement[], name: string) =>
    cases.find(({ attributes }) => attributes.name === name)!
  const childOf = ({ children }: XmlElement) => children[0]?.name

  test('well-formed, counts that are true, failures for limits that are exceeded', () => {
    const root = parseXml(comparisonJunit(WORSE))
    expect(root.children.map(({ name, attributes }) => [name, attributes.name])).toEqual([
      ['testsuite', 'a: B against A'],
      ['testsuite', 'b: B against A'],
    ])
    for (const element of [root, ...root.children]) {
      const cases = element === root ? root.children.flatMap(({ children }) => children) : element.children
      const count = (name: string) => cases.filter((each) => childOf(each) === name).length
      expect(element.attributes).toMatchObject({
        tests: String(cases.length),
        failures: String(count('failure')),
        errors: String(count('error')),
        skipped: String(count('skipped')),
      })
    }
    const cases = casesOf(WORSE)
    expect(childOf(named(cases, 'publish.p99>+5% of a@B'))).toBe('failure')
    expect(childOf(named(cases, 'publish.p99>+5% of b@B'))).toBe('system-out')
    expect(childOf(named(cases, 'publish p99 of a@B'))).toBe('system-out')
    expect(root.attributes.failures).toBe('1')
  })

  test('without limits a significant worsening fails, one that is better does not', () => {
    expect(childOf(named(casesOf(compared(pair('a', 1.3))), 'publish p99 of a@B'))).toBe('failure')
    expect(childOf(named(casesOf(compared(pair('a', 0.7))), 'publish p99 of a@B'))).toBe('system-out')
    expect(childOf(named(casesOf(compared(pair('a', 1.3), [], 'side')), 'publish p99 of b@A'))).toBe(
      'system-out',
    )
  })

  test('what cannot be judged is an error for a limit, skipped for a figure', () => {
    const few = casesOf(compared(pair('a', 1.3, 2), ['publish.p99>+5%']))
    expect(childOf(named(few, 'publish.p99>+5% of a@B'))).toBe('error')
    expect(childOf(named(few, 'publish p99 of a@B'))).toBe('skipped')
  })

  test('a side whose messages nobody checked is not called intact', () => {
    const unchecked = pair('a', 1).map((result) => ({
      ...result,
      sides: result.sides.map((side) => ({
        ...side,
        trials: side.trials.map((trial) => ({
          ...trial,
          verdict: { ...trial.verdict, integrity: 'unproven' as const },
        })),
      })),
    }))
    expect(childOf(named(casesOf(compared(unchecked)), 'integrity of a@B'))).toBe('skipped')
    expect(childOf(named(casesOf(WORSE), 'integrity of a@B'))).toBe('system-out')
  })

  test('hostile names are text', () => {
    const names = casesOf(HOSTILE_ONE).map(({ attributes }) => attributes.name!)
    expect(names.some((name) => name.includes('<script>alert(1)</script>'))).toBe(true)
  })
})

test('whatever a file of other programs holds: it is refused clearly, or every format is well-formed', () => {
  const strange = fc.oneof(
    fc.double(),
    fc.integer(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom(null, 'NaN', 0, -1, 1e308, HOSTILE),
    fc.array(fc.oneof(fc.double(), fc.constantFrom('NaN', null, 0, 1e308)), { maxLength: 4 }),
  )
  const names = Object.keys(ombRun())
  const changes = fc.dictionary(fc.constantFrom(...names), strange, { maxKeys: 4 })
  fc.assert(
    fc.property(changes, changes, (one, other) => {
      let comparison: SourceComparison
      try {
        const sources = [one, other].map((each, i) => {
          // As from a file: numbers that JSON has no form for are null there.
          const raw = JSON.parse(JSON.stringify(ombRun(each)))
          return ombSource([{ file: 'f.json', run: parseOmbRun(raw, 'f.json') }], 'AB'[i]!, String(i))
        })
        const gates = [parseGate('publish.p99>+5%')]
        comparison = compareSources(sources, { by: 'side', sides: [], gates, strict: false })
      } catch (error) {
        expect(error).toBeInstanceOf(AppError)
        return
      }
      parseXml(comparisonJunit(comparison))
      const [header, ...rows] = parseCsv(TEMPLATES['report.csv'](comparisonTable(comparison)))
      for (const row of rows) expect(row).toHaveLength(header!.length)
      expect(JSON.parse(JSON.stringify(comparisonJson(comparison)))).toMatchObject({ kind: 'comparison' })
      const texts = [
        comparisonMarkdown(comparison),
        comparisonHtml(comparison, '0.1.0'),
        ...renderComparison(comparison, { columns: 80 }),
      ]
      for (const text of texts) expect(text).not.toMatch(/undefined|\[object/)
      for (const { cells, changes } of comparison.contests.flatMap(({ rows }) => rows)) {
        for (const cell of cells) expect(Number.isFinite(cell?.median ?? 0)).toBe(true)
        for (const change of changes) expect(Number.isFinite(change?.ratio ?? 0)).toBe(true)
      }
    }),
    { numRuns: 300, seed: 6 },
  )
})
