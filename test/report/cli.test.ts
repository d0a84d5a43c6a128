// Goal: `bench report` makes a lost report anew from the result alone, and `bench list` tells every experiment. Method:
// both are run against a folder of experiments with a collecting output.
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runList } from '../../src/cli/list.ts'
import type { Output } from '../../src/cli/output.ts'
import { runReport } from '../../src/cli/report.ts'
import { createExperiment } from '../../src/result/experiment-folder.ts'
import { writeResult } from '../../src/result/store.ts'
import { sampleAudit, sampleResult, sampleSide, sampleTrial } from '../result/sample-result.ts'

// Files on a disk that others use, too.
setDefaultTimeout(30_000)

const AT = Date.UTC(2025, 9, 5, 14, 30, 56)
const before = process.env.BENCH_HOME
let home = ''

function collect(): Output & { readonly lines: string[]; readonly talk: string[] } {
  const lines: string[] = []
  const talk: string[] = []
  return {
    lines,
    talk,
    stdout: (line) => lines.push(line),
    stderr: (line) => talk.push(line),
    interactive: false,
    columns: 100,
  }
}

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'bench-verbs-'))
  process.env.BENCH_HOME = home
})
afterEach(async () => {
  if (before === undefined) delete process.env.BENCH_HOME
  else process.env.BENCH_HOME = before
  await rm(home, { recursive: true, force: true })
})

test("report: files are made anew, the table is on stdout, the exit code is the experiment's", async () => {
  const { id, directory } = await createExperiment(AT, home)
  const lossy = sampleTrial({}, { audits: [sampleAudit(25_000, { lost: 1, acknowledgedLost: 1 })] })
  await writeResult(sampleResult({ id, sides: [sampleSide('kafka', { trials: [lossy] })] }), home)
  const out = collect()
  expect(await runReport({ experimentId: 'latest', json: false, quiet: false }, out)).toBe(8)
  expect(out.lines[0]).toBe('INTEGRITY VIOLATED: kafka.')
  expect(out.talk).toEqual([`report: ${join(directory, 'report', 'index.html')}`])
  expect(await readdir(join(directory, 'report'))).toContain('metrics.csv')
})

test('report --json: one JSON text on stdout', async () => {
  const { id } = await createExperiment(AT, home)
  await writeResult(sampleResult({ id }), home)
  const out = collect()
  expect(await runReport({ experimentId: id, json: true, quiet: false }, out)).toBe(0)
  expect(out.lines).toHaveLength(1)
  expect(JSON.parse(out.lines[0]!)).toMatchObject({ id, sides: [{ label: 'kafka' }, { label: 'rabbitmq' }] })
})

test('list: newest first, broken ones as such', async () => {
  const older = await createExperiment(AT, home)
  const broken = await createExperiment(AT + 1_000, home)
  await writeResult(sampleResult({ id: older.id, partial: 'Ctrl-C' }), home)
  const out = collect()
  expect(await runList({ json: false, quiet: false }, out)).toBe(0)
  expect(out.lines[0]).toStartWith(`${broken.id}  unreadable: expected a result`)
  expect(out.lines[1]).toBe(
    `${older.id}  sample  kafka valid · intact, rabbitmq valid · intact  partial: Ctrl-C`,
  )
  const asData = collect()
  await runList({ json: true, quiet: false }, asData)
  expect(JSON.parse(asData.lines[0]!)).toMatchObject([
    { id: broken.id },
    { id: older.id, workload: 'sample' },
  ])
})

test('list without experiments says how to make one', async () => {
  const out = collect()
  expect(await runList({ json: false, quiet: false }, out)).toBe(0)
  expect(out.lines).toEqual([])
  expect(out.talk[0]).toContain('./bench run')
})
