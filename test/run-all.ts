// Runs everything that must hold: Biome, TypeScript, then each test file in a process of its own, one after the other.
// Arguments choose files (and `biome`, `tsc`) by a part of their path. The last line is `N passed, N failed`.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { isSame, signalSame } from '../src/brokers/process/identity.ts'
import { LEDGER_VARIABLE } from '../src/brokers/process/watchdog.ts'
import { type FileCounts, parseJunit } from './support/junit.ts'
import { type ChildResult, endChild, runChild } from './support/run-child.ts'

const ROOT = resolve(import.meta.dir, '..')
const FILE_LIMIT_MS = 15 * 60_000
/** Of a test that names none of its own; generous, for a busy machine. */
const TEST_LIMIT_MS = 60_000

interface Row extends FileCounts {
  readonly name: string
  readonly durationS: number
  readonly skipReasons: readonly string[]
}

const scratch = mkdtempSync(join(tmpdir(), 'bench-test-'))
const ledger = join(scratch, 'processes')
const env = {
  ...process.env,
  [LEDGER_VARIABLE]: ledger,
  BENCH_HOME: join(scratch, 'home'),
  CI: process.env.CI ?? '1',
}

/** Every test file; those with real brokers last: what is quick should fail first. */
function testFiles(): string[] {
  const files = [...new Bun.Glob('test/**/*.test.ts').scanSync({ cwd: ROOT })]
  const late = (file: string) => (file.startsWith('test/broker/') ? 1 : 0)
  return files.sort((a, b) => late(a) - late(b) || (a < b ? -1 : 1))
}

async function checkRow(name: string, args: readonly string[]): Promise<Row> {
  console.log(`\n=== ${name}`)
  const command = [process.execPath, '--bun', join(ROOT, 'node_modules', '.bin', name), ...args]
  const result = await runChild(command, { cwd: ROOT, env, limitMs: FILE_LIMIT_MS })
  const failed = result.code === 0 ? 0 : 1
  return { name, ...result, passed: 1 - failed, failed, skipped: [], failures: failed ? [name] : [] }
}

async function fileRow(file: string): Promise<Row> {
  console.log(`\n=== ${file}`)
  const report = join(scratch, 'report.xml')
  const reporter = ['--reporter=junit', `--reporter-outfile=${report}`]
  const command = [process.execPath, 'test', ...reporter, `--timeout=${TEST_LIMIT_MS}`, `./${file}`]
  const result = await runChild(command, { cwd: ROOT, env, limitMs: FILE_LIMIT_MS })
  return {
    name: file,
    durationS: result.durationS,
    skipReasons: result.skipReasons,
    ...countsOf(report, result),
  }
}

// The exit status decides: a file that fails outside of its tests, or never ends, reports no failed test.
function countsOf(report: string, result: ChildResult): FileCounts {
  let counts: FileCounts = { passed: 0, failed: 0, skipped: [], failures: [] }
  try {
    counts = parseJunit(readFileSync(report, 'utf8'))
    rmSync(report)
  } catch {
    // It died before it could report.
  }
  if (result.code === 0 || counts.failed > 0) return counts
  return { ...counts, failed: 1, failures: [`status ${result.code}, outside of any test`] }
}

/** Servers that a test started and left: each is a failure, and is ended. */
function leftovers(): Row {
  let lines: string[] = []
  try {
    lines = readFileSync(ledger, 'utf8').trim().split('\n')
  } catch {
    // No server was started.
  }
  const started = lines
    .map((line) => line.split(' '))
    .map(([pid, start]) => ({ pid: Number(pid), start: start ?? '' }))
  const left = started.filter(isSame)
  for (const identity of left) signalSame(identity, 'SIGKILL')
  const failures = left.map(({ pid }) => `process ${pid} was left running`)
  const passed = failures.length === 0 ? 1 : 0
  const name = `no server left running (${started.length} started)`
  return { name, durationS: 0, skipReasons: [], passed, failed: failures.length, skipped: [], failures }
}

function printTable(rows: readonly Row[]): void {
  console.log('\n=== durations')
  for (const row of rows) {
    const counts = `${row.passed} passed${row.failed ? `, ${row.failed} FAILED` : ''}`
    const skipped = row.skipped.length ? `, ${row.skipped.length} skipped` : ''
    console.log(`${row.durationS.toFixed(1).padStart(7)} s  ${row.name}: ${counts}${skipped}`)
  }
}

function printSkipped(rows: readonly Row[]): void {
  const skipping = rows.filter((row) => row.skipped.length > 0 || row.skipReasons.length > 0)
  if (skipping.length > 0) console.log('\n!!! NOT TESTED HERE')
  for (const row of skipping) {
    console.log(`  ${row.name}`)
    for (const reason of new Set(row.skipReasons)) console.log(`    because: ${reason}`)
    for (const name of row.skipped) console.log(`    skipped: ${name}`)
  }
}

function printFailures(rows: readonly Row[]): void {
  const failing = rows.filter((row) => row.failed > 0)
  if (failing.length > 0) console.log('\n!!! FAILED')
  for (const row of failing) for (const name of row.failures) console.log(`  ${row.name}: ${name}`)
}

function sum(rows: readonly Row[], count: (row: Row) => number): number {
  return rows.reduce((total, row) => total + count(row), 0)
}

async function main(filters: readonly string[]): Promise<number> {
  const chosen = (name: string) => filters.length === 0 || filters.some((filter) => name.includes(filter))
  const rows: Row[] = []
  if (chosen('biome')) rows.push(await checkRow('biome', ['check', '--error-on-warnings', '.']))
  if (chosen('tsc')) rows.push(await checkRow('tsc', ['--noEmit']))
  for (const file of testFiles().filter(chosen)) rows.push(await fileRow(file))
  if (rows.length === 0)
    console.log(`expected a test file whose path contains ${filters.join(' or ')}, found none`)
  rows.push(leftovers())
  printTable(rows)
  printSkipped(rows)
  printFailures(rows)
  const failed = sum(rows, (row) => row.failed) + (rows.length === 1 ? 1 : 0)
  const skipped = sum(rows, (row) => row.skipped.length)
  console.log(
    `\n${sum(rows, (row) => row.passed)} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`,
  )
  return failed === 0 ? 0 : 1
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.on(signal, () => {
    endChild(signal)
    rmSync(scratch, { recursive: true, force: true })
    process.exit(code)
  })
}
const code = await main(process.argv.slice(2))
rmSync(scratch, { recursive: true, force: true })
process.exit(code)
