// Goal: a job summary says the verdict first, keeps to GitHub's limit whatever happened, and shows names as text.
// Method: the Markdown of sample results is read; sizes are those of the file that GitHub would read.
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tellJobSummary } from '../../src/cli/job-summary.ts'
import type { Output } from '../../src/cli/output.ts'
import { appendJobSummary } from '../../src/publish/github.ts'
import { jobSummary } from '../../src/publish/job-summary.ts'
import { sampleResult, sampleSide, sampleTrial } from '../result/sample-result.ts'

const MAX_BYTES = 200_000
const LINKS = [{ text: 'Report', address: 'https://bench.example/exp-1/index.html' }]

let folder = ''
let file = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bench-summary-'))
  file = join(folder, 'summary.md')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** As many sides and reasons as there may be. */
function huge() {
  const reason = 'r'.repeat(9_000)
  const trial = sampleTrial()
  const verdict = { ...trial.verdict, integrityReasons: Array.from({ length: 30 }, () => reason) }
  return sampleResult({
    sides: Array.from({ length: 32 }, (_, n) => sampleSide(`side-${n}`, { trials: [{ ...trial, verdict }] })),
  })
}

test('the verdict first, then the link, then the table', () => {
  const lines = jobSummary(sampleResult(), LINKS, MAX_BYTES).split('\n')
  expect(lines[0]).toBe('## ✅ sample')
  expect(lines[2]).toBe('**Both sides held 1,000 msg/s; integrity intact.**')
  const link = lines.findIndex((line) => line.includes('[Report](<https://bench.example/exp-1/index.html>)'))
  const table = lines.indexOf('|  | kafka | rabbitmq |')
  expect(link).toBeGreaterThan(2)
  expect(table).toBeGreaterThan(link)
  expect(lines[table + 1]).toBe('| --- | ---: | ---: |')
  expect(lines.find((line) => line.startsWith('| p99, ms |'))).toMatch(
    /^\| p99, ms \| \*\*[\d.]+\*\* ✓ \| [\d.]+ \|$/,
  )
})

test('every row of a table has the cells of its head', () => {
  const rows = jobSummary(huge(), LINKS, 1e9)
    .split('\n')
    .filter((line) => line.startsWith('|'))
  expect(rows.length).toBeGreaterThan(40)
  for (const row of rows) expect(row.split(' |').length).toBe(34)
})

test('what does not fit is left out, and that is said', () => {
  const text = jobSummary(huge(), LINKS, MAX_BYTES)
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_BYTES)
  expect(text).toContain('Cut here')
  expect(text).toContain('| measurement |')
  expect(jobSummary(huge(), LINKS, 100)).toBe('')
})

test('names are text: no markup, no link, no cell of a table comes out of them', () => {
  const name = '<img src=x>|`a`*b*_c_[d](http://e)![f](g)#1 $h$ ~~i~~\\\nnext'
  const sample = sampleResult()
  const text = jobSummary(
    { ...sample, workload: { ...sample.workload, name }, sides: [sampleSide(name), sampleSide('b')] },
    [],
    MAX_BYTES,
  )
  const shown =
    '&lt;img src=x&gt;\\|\\`a\\`\\*b\\*\\_c\\_\\[d\\](http:&#47;/e)\\!\\[f\\](g)\\#1 \\$h\\$ \\~\\~i\\~\\~\\\\ next'
  expect(text.split('\n')[0]).toBe(`## ✅ ${shown}`)
  expect(text).toContain(`|  | ${shown} | b |`)
  expect(text).not.toContain('<img')
})

test('an address that is none of the web is no link', () => {
  expect(
    jobSummary(sampleResult(), [{ text: 'Report', address: 'javascript:alert(1)' }], MAX_BYTES),
  ).not.toContain('](')
})

test('the whole file keeps to the limit, however often it is appended to', async () => {
  writeFileSync(file, `${'x'.repeat(150_000)}\n`)
  for (let i = 0; i < 30; i++) await appendJobSummary(file, sampleResult(), LINKS)
  expect(await appendJobSummary(file, sampleResult(), LINKS)).toBe(false)
  expect(statSync(file).size).toBeLessThanOrEqual(MAX_BYTES)
  expect(readFileSync(file, 'utf8')).toStartWith('x'.repeat(150_000))
})

test('secrets are masked', async () => {
  const sides = [
    sampleSide('a', {
      trials: [],
      error: { message: 'no answer of amqp://u:hunter2hunter2@host', hint: null },
    }),
  ]
  await appendJobSummary(file, sampleResult({ sides }), [])
  expect(readFileSync(file, 'utf8')).toContain('no answer of amqp:&#47;/u:\\*\\*\\*@\u200bhost')
  expect(readFileSync(file, 'utf8')).not.toContain('hunter2')
})

test('in Actions a run tells its summary, and one that cannot be written changes nothing', async () => {
  const talk: string[] = []
  const out: Output = {
    stdout: () => {},
    stderr: (line) => talk.push(line),
    interactive: false,
    columns: 100,
  }
  const before = process.env.GITHUB_STEP_SUMMARY
  try {
    process.env.GITHUB_STEP_SUMMARY = file
    await tellJobSummary(sampleResult(), out)
    expect(readFileSync(file, 'utf8')).toStartWith('## ✅ sample')
    process.env.GITHUB_STEP_SUMMARY = join(folder, 'absent', 'summary.md')
    await tellJobSummary(sampleResult(), out)
    expect(talk).toEqual([expect.stringContaining('note: could not write the job summary')])
  } finally {
    if (before === undefined) delete process.env.GITHUB_STEP_SUMMARY
    else process.env.GITHUB_STEP_SUMMARY = before
  }
})
