// Goal: `bench compare` agrees with the report, writes every format, and its exit code tells a script what to do. Method:
// the command line over stored results; a planted regression, too few trials, a violation, and mistakes in writing.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EXIT } from '../../src/errors/exit-codes.ts'
import type { ExperimentResult } from '../../src/result/result.ts'
import { sampleAudit, sampleTrial } from '../result/sample-result.ts'
import { benchHome } from '../support/bench.ts'
import { experimentOf, ombRun, trialsOf } from '../support/compared-results.ts'
import { parseXml } from '../support/xml.ts'

setDefaultTimeout(120_000)
const home = benchHome()
const OLD = 'exp-20261121-100000'
const SLOWER = 'exp-20261121-110000'
const SINGLE = 'exp-20261121-120000'
const LOSSY = 'exp-20261121-130000'

beforeAll(() => {
  store(experimentOf(OLD, { a: trialsOf(1), b: trialsOf(2, 7, 1) }))
  store(experimentOf(SLOWER, { a: trialsOf(1.3, 7, 2), b: trialsOf(2, 7, 3) }))
  store(experimentOf(SINGLE, { a: trialsOf(9, 1), b: trialsOf(9, 1, 1) }))
  const lossy = sampleTrial(
    { seed: 11, warmupS: 1, measureS: 2 },
    { audits: [sampleAudit(3_000, { lost: 1, acknowledgedLost: 1 })] },
  )
  store(experimentOf(LOSSY, { a: [...trialsOf(1, 6, 2), { ...lossy, place: 13 }], b: trialsOf(2, 7, 3) }))
})
afterAll(() => home.remove())

function store(result: ExperimentResult): void {
  mkdirSync(join(home.path, result.id), { recursive: true })
  writeFileSync(join(home.path, result.id, 'result.json'), JSON.stringify(result))
}

const compare = (...args: readonly string[]) => home.run(['compare', ...args])
const LIMIT = ['--fail-on', 'publish.p99>+5%']

describe('one experiment', () => {
  test('the same verdict as its report: as data, and in words', async () => {
    const report = await home.run(['report', '--experiment-id', OLD, '--json'])
    const compared = await compare(OLD, '--json')
    expect(compared.exitCode).toBe(0)
    const data = JSON.parse(compared.stdout)
    expect(data.headToHead).toEqual(JSON.parse(report.stdout).headToHead)
    expect(data.headToHead.loads[0].figures[0].winner).toBe('a')

    const printed = (await home.run(['report', '--experiment-id', OLD])).stdout
    const verdict = (text: string) =>
      text.slice(text.indexOf('Head to head'), text.indexOf('How sure this is'))
    expect(verdict(printed)).toContain('a has the lower publish p99')
    expect(verdict((await compare(OLD)).stdout)).toBe(verdict(printed))
  })
})

describe('exit codes', () => {
  const cases: readonly (readonly [string, readonly string[], number, string])[] = [
    ['no limit', [OLD, SLOWER], EXIT.ok, 'a@B is worse in publish p99'],
    ['a limit that is exceeded', [OLD, SLOWER, ...LIMIT], EXIT.regression, 'REGRESSION: publish.p99 of a@B.'],
    ['the other way round', [SLOWER, OLD, ...LIMIT], EXIT.ok, 'All limits kept.'],
    ['a side without the regression', [OLD, SLOWER, '--side', 'b', ...LIMIT], EXIT.ok, 'All limits kept.'],
    [
      'by side: the others against the first',
      [OLD, ...LIMIT],
      EXIT.regression,
      'REGRESSION: publish.p99 of b.',
    ],
    ['one trial', [OLD, SINGLE, ...LIMIT], EXIT.partial, 'CANNOT BE JUDGED: publish.p99>+5% of a@B'],
    ['a broken promise', [OLD, LOSSY], EXIT.violated, 'INTEGRITY VIOLATED: a@B (1 of 7 trials)'],
    ['a broken promise in the baseline', [LOSSY, OLD], EXIT.ok, 'INTEGRITY VIOLATED: a@A (1 of 7 trials)'],
    ['the gravest of several', [OLD, LOSSY, ...LIMIT], EXIT.violated, 'CANNOT BE JUDGED'],
  ]
  for (const [name, args, exitCode, says] of cases) {
    test(name, async () => {
      const { stdout, ...finished } = await compare(...args, '--quiet')
      expect(finished).toMatchObject({ exitCode })
      expect(stdout.split('\n')[0]).toContain(says)
    })
  }
})

describe('formats', () => {
  test('files by their names, several at once; limits are told on stderr', async () => {
    const files = ['c.html', 'c.md', 'c.json', 'c.xml', 'c.csv', 'c.txt'].map((name) =>
      join(home.path, 'out', name),
    )
    const finished = await compare(OLD, SLOWER, ...LIMIT, ...files.flatMap((file) => ['--output', file]))
    expect(finished.exitCode).toBe(EXIT.regression)
    expect(finished.stdout).toBe('')
    expect(finished.stderr).toContain(`comparison: ${files[0]}`)
    expect(finished.stderr).toContain('FAILED: publish.p99>+5%, a@B against a@A')
    const [html, markdown, json, junit, csv, text] = files.map((file) => readFileSync(file, 'utf8'))
    expect(html).toStartWith('<!doctype html>')
    expect(markdown).toStartWith('### ❌ bench compare')
    expect(JSON.parse(json!)).toMatchObject({ kind: 'comparison', exitCode: 7 })
    expect(parseXml(junit!).attributes).toMatchObject({ failures: '1' })
    expect(csv).toStartWith('contest,')
    expect(text).toStartWith('REGRESSION')
  })

  test('--format on stdout; --json is one line', async () => {
    expect(parseXml((await compare(OLD, SLOWER, '--format', 'junit')).stdout).name).toBe('testsuites')
    const { stdout } = await compare(OLD, SLOWER, '--json')
    expect(stdout.trimEnd().split('\n')).toHaveLength(1)
  })

  test('--json prints JSON beside files of other formats', async () => {
    const file = join(home.path, 'beside.md')
    const { stdout } = await compare(OLD, SLOWER, '--json', '--output', file)
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'comparison' })
    expect(readFileSync(file, 'utf8')).toStartWith('### ')
  })

  test('a result is never written over, nor what is no file', async () => {
    const result = join(home.path, OLD, 'result.json')
    const before = readFileSync(result, 'utf8')
    const over = await compare(OLD, SLOWER, '--output', result)
    expect(over).toMatchObject({ exitCode: EXIT.usage, stdout: '' })
    expect(over.stderr).toContain('which is read as A')
    expect(readFileSync(result, 'utf8')).toBe(before)
    const device = await compare(OLD, '--format', 'csv', '--output', '/dev/null')
    expect(device).toMatchObject({ exitCode: EXIT.usage })
    expect(device.stderr).toContain('which is something else')
  })

  test('an output that cannot be written', async () => {
    const finished = await compare(OLD, SLOWER, '--output', join(home.path, OLD, 'result.json', 'x.md'))
    expect(finished).toMatchObject({ exitCode: EXIT.unexpected })
    expect(finished.stderr).toContain('could not write')
  })
})

test('results of the OpenMessaging Benchmark against one another', async () => {
  const file = (name: string, changes: Record<string, unknown>) => {
    const path = join(home.path, name)
    writeFileSync(path, JSON.stringify(ombRun(changes)))
    return path
  }
  const finished = await compare(file('log.json', { driver: 'Log' }), file('queue.json', { driver: 'Queue' }))
  expect(finished.exitCode).toBe(0)
  expect(finished.stdout).toContain('1 trial cannot show a difference at 5 %')
  expect(finished.stdout).toContain('publish.p99, ms')
})

test.each([
  [['--fail-on', 'publish.p99>5%'], 2, '--fail-on "publish.p99>5%", character 13: expected + after >'],
  [['--by', 'broker'], 2, 'expected --by to be side or source'],
  [['--format', 'pdf'], 2, 'expected --format to be one of'],
  [['--output', 'x.pdf'], 2, 'expected --output to end in'],
  [['--side', 'c'], 2, 'expected --side to be one of a and b'],
  [['none.json'], 3, 'which is not there'],
])('%p is refused', async (args, exitCode, says) => {
  const finished = await compare(OLD, ...args)
  expect(finished).toMatchObject({ exitCode, stdout: '' })
  expect(finished.stderr).toContain(says)
  expect(finished.stderr).not.toMatch(/\n {4}at /)
})

test('nothing to compare', async () => {
  const finished = await compare()
  expect(finished).toMatchObject({ exitCode: EXIT.usage })
  expect(finished.stderr).toContain('sources')
})
