// Runs everything that must hold: Biome, TypeScript, then each test file in a process of its own. What is quick runs in
// one lane, real brokers and browsers in another beside it, where there are cores for two (`--lanes 1`: one lane).
// Arguments choose files (and `biome`, `tsc`) by a part of their path. The last line is `N passed, N failed`.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { isSame, signalSame } from '../src/brokers/process/identity.ts'
import { LEDGER_VARIABLE } from '../src/brokers/process/watchdog.ts'
import { type FileCounts, parseJunit } from './support/junit.ts'
import { lanesOf, runLanes } from './support/lanes.ts'
import { type ChildResult, endChildren, runChild, type Show } from './support/run-child.ts'

const ROOT = resolve(import.meta.dir, '..')
const FILE_LIMIT_MS = 15 * 60_000
/** Of a test that names none of its own; generous, for a busy machine. */
const TEST_LIMIT_MS = 60_000
const CHECKS: Readonly<Record<string, readonly string[]>> = {
  biome: ['check', '--error-on-warnings', '.'],
  tsc: ['--noEmit'],
}

interface Row extends FileCounts {
  readonly name: string
  readonly durationS: number
  readonly skipReasons: readonly string[]
  readonly excerpts: readonly string[]
  /** Names of what it left in its temporary folder. */
  readonly litter: readonly string[]
}

const scratch = mkdtempSync(join(tmpdir(), 'bench-test-'))
const ledger = join(scratch, 'processes')
let folders = 0

/** A folder of its own, for a process that shares nothing but the list of servers with the others. */
function ownFolder(): { folder: string; temporary: string; env: NodeJS.ProcessEnv } {
  // Short names: sockets have at most 107 characters.
  const folder = join(scratch, `${++folders}`)
  const temporary = join(folder, 't')
  mkdirSync(temporary, { recursive: true })
  const env = {
    ...process.env,
    TMPDIR: temporary,
    [LEDGER_VARIABLE]: ledger,
    BENCH_HOME: join(folder, 'home'),
    CI: process.env.CI ?? '1',
    // Tests of it ask for it; the others have no seconds to spare.
    BENCH_NO_CALIBRATE: '1',
  }
  return { folder, temporary, env }
}

/** What is on its way to its end may still write. */
function remove(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  } catch (error) {
    console.log(`\n!!! ${folder} could not be removed: ${error}`)
  }
}

function testFiles(): string[] {
  return [...new Bun.Glob('test/**/*.test.ts').scanSync({ cwd: ROOT })].sort()
}

async function runRow(name: string, show: Show): Promise<Row> {
  const { folder, temporary, env } = ownFolder()
  const report = join(folder, 'report.xml')
  const check = CHECKS[name]
  const command =
    check === undefined
      ? [process.execPath, 'test', ...reportArgs(report), `--timeout=${TEST_LIMIT_MS}`, `./${name}`]
      : [process.execPath, '--bun', join(ROOT, 'node_modules', '.bin', name), ...check]
  const result = await runChild(command, { title: name, cwd: ROOT, env, limitMs: FILE_LIMIT_MS, show })
  const counts = check === undefined ? countsOf(report, result) : checkCounts(name, result)
  const litter = readdirSync(temporary)
  remove(folder)
  const { durationS, skipReasons, excerpts } = result
  return { name, durationS, skipReasons, excerpts, litter, ...counts }
}

function reportArgs(report: string): string[] {
  return ['--reporter=junit', `--reporter-outfile=${report}`]
}

function checkCounts(name: string, { code }: ChildResult): FileCounts {
  const failed = code === 0 ? 0 : 1
  return { passed: 1 - failed, failed, skipped: [], failures: failed ? [name] : [] }
}

// The exit status decides: a file that fails outside of its tests, or never ends, reports no failed test.
function countsOf(report: string, result: ChildResult): FileCounts {
  let counts: FileCounts = { passed: 0, failed: 0, skipped: [], failures: [] }
  try {
    counts = parseJunit(readFileSync(report, 'utf8'))
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
  return {
    ...{ name, durationS: 0, skipReasons: [], excerpts: [], litter: [] },
    ...{ passed, failed: failures.length, skipped: [], failures },
  }
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

function printLitter(rows: readonly Row[]): void {
  const littering = rows.filter((row) => row.litter.length > 0)
  if (littering.length > 0) console.log('\n!!! LEFT IN THE FOLDER FOR TEMPORARY FILES (removed now)')
  for (const { name, litter } of littering) console.log(`  ${name}: ${litter.join(' ')}`)
}

function printFailures(rows: readonly Row[]): void {
  const failing = rows.filter((row) => row.failed > 0)
  if (failing.length > 0) console.log('\n!!! FAILED')
  for (const row of failing) {
    for (const name of row.failures) console.log(`  ${row.name}: ${name}`)
    for (const excerpt of row.excerpts) console.log(excerpt.replaceAll(/^/gm, '    | '))
  }
}

function sum(rows: readonly Row[], count: (row: Row) => number): number {
  return rows.reduce((total, row) => total + count(row), 0)
}

async function main(args: readonly string[]): Promise<number> {
  const { filters, cores } = readArguments(args)
  const chosen = (name: string) => filters.length === 0 || filters.some((filter) => name.includes(filter))
  const lanes = lanesOf([...Object.keys(CHECKS), ...testFiles()].filter(chosen), cores)
  const show = lanes.length > 1 ? 'whole' : 'live'
  const startMs = performance.now()
  const rows = await runLanes(lanes, (name) => runRow(name, show))
  if (rows.length === 0)
    console.log(`expected a test file whose path contains ${filters.join(' or ')}, found none`)
  rows.push(leftovers())
  printTable(rows)
  const wallS = (performance.now() - startMs) / 1000
  console.log(`${wallS.toFixed(1).padStart(7)} s  in all; lanes: ${lanes.length}`)
  printSkipped(rows)
  printLitter(rows)
  printFailures(rows)
  const failed = sum(rows, (row) => row.failed) + (rows.length === 1 ? 1 : 0)
  const skipped = sum(rows, (row) => row.skipped.length)
  console.log(
    `\n${sum(rows, (row) => row.passed)} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`,
  )
  return failed === 0 ? 0 : 1
}

function readArguments(args: readonly string[]): { filters: readonly string[]; cores: number } {
  const at = args.indexOf('--lanes')
  if (at === -1) return { filters: args, cores: availableParallelism() }
  return { filters: args.toSpliced(at, 2), cores: Number(args[at + 1]) }
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.on(signal, async () => {
    await endChildren(signal)
    // Servers outlive a test that is killed by a moment, and write to the last.
    leftovers()
    remove(scratch)
    process.exit(code)
  })
}
const code = await main(process.argv.slice(2))
remove(scratch)
process.exit(code)
