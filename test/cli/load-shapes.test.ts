// Goal: loads that change over time go the whole way from the workload file to the report. Method: the real command against
// the fake system behind a socket; every book balances exactly, what was asked stands in result, terminal and page.
import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExperimentResult, TrialResult } from '../../src/result/result.ts'
import { benchHome, ROOT } from '../support/bench.ts'
import { expectOnlyLate, expectSound } from '../support/sound.ts'

// A deadline for a busy machine, not a measure.
setDefaultTimeout(120_000)

const home = benchHome()
const folder = mkdtempSync(join(tmpdir(), 'bench-shapes-'))
const FAKE = join(ROOT, 'test/support/drivers/fake.yaml')

afterAll(() => {
  home.remove()
  rmSync(folder, { recursive: true })
})

const BASE = `name: shapes
topics: 2
messageSize: 200
warmupDurationSeconds: 1
drivers: [${FAKE}]
`

async function run(text: string, args: readonly string[] = [], base = BASE) {
  const file = join(folder, 'shapes.yaml')
  writeFileSync(file, base + text)
  const finished = await home.run(['run', file, '--workers', '2', ...args])
  const result: ExperimentResult = await Bun.file(join(home.path, 'latest/result.json')).json()
  const page = await Bun.file(join(home.path, 'latest/report/index.html')).text()
  return { finished, result, trial: result.sides[0]!.trials[0]!, page }
}

/** Whether a page, too long to be printed by a failing test, has this text. */
function shows(page: string, text: string): boolean {
  return page.replaceAll(/\s+/g, ' ').includes(text)
}

/** Everything that was sent was acknowledged and came once. */
function expectBooks(trial: TrialResult, warmup: number, measure: number): void {
  const all = (count: number) => ({
    scheduled: count,
    sent: count,
    acknowledged: count,
    rejected: 0,
    unknown: 0,
  })
  expect(trial.phases.warmup.counts).toEqual(all(warmup))
  expect(trial.phases.measure.counts).toEqual(all(measure))
  const distinct = trial.audits.reduce((sum, audit) => sum + audit.distinct, 0)
  expect(distinct).toBe(warmup + measure)
  expect(trial.verdict.integrity).toBe('intact')
}

describe('a schedule', () => {
  test('of stages is sent as it is written, and shown', async () => {
    const { finished, result, trial, page } = await run(
      'schedule:\n  stages:\n    - {rate: 500, seconds: 2}\n    - {rate: 500, rampTo: 2500, seconds: 2}\n',
    )
    expectSound(finished, result)
    expectBooks(trial, 500, 1000 + 3000)
    expect(trial.rateHz).toBe(1000)
    expect(finished.stdout).toContain('500/s to 2,500/s in 2 s, msg/s published')
    expect(shows(page, 'schedule: 500/s for 2 s, then 500/s to 2,500/s in 2 s')).toBe(true)
    // A busy machine tells short seconds and long ones; their rates are those of the schedule all the same.
    const offeredHz = trial.intervals
      .filter(({ phase, startS, endS }) => phase === 'measure' && endS - startS > 0.2)
      .map(({ counts, startS, endS }) => counts.scheduled / (endS - startS))
    expect(Math.max(...offeredHz)).toBeGreaterThan(2 * Math.min(...offeredHz))
  })

  test('of a trace is sent as it was recorded', async () => {
    writeFileSync(join(folder, 'calls.csv'), 'time,count\n0,300\n1,0\n2,700\n3,0\n')
    const { finished, result, trial } = await run('schedule: {trace: calls.csv, warmupRate: 100}\n')
    expectSound(finished, result)
    expectBooks(trial, 100, 1000)
  })

  test('of Poisson arrivals is the same for the same seed', async () => {
    const text = 'schedule: poisson\nproducerRate: 1000\ntestDurationSeconds: 2\n'
    const counts: number[] = []
    for (const seed of ['5', '5']) {
      const { finished, result, trial } = await run(text, ['--seed', seed])
      expectSound(finished, result)
      const { warmup, measure } = trial.phases
      expectBooks(trial, warmup.counts.scheduled, measure.counts.scheduled)
      counts.push(measure.counts.scheduled)
    }
    expect(counts[0]).toBe(counts[1]!)
    // Six standard deviations.
    expect(Math.abs(counts[0]! - 2000)).toBeLessThan(270)
  })
})

test('an objective that was missed is exit code 5, and told; one that was met is shown', async () => {
  const { finished, result, page } = await run(
    "producerRate: 500\ntestDurationSeconds: 1\nslo: ['publish.p50 < 1us', 'lost == 0']\n",
  )
  const late = expectOnlyLate(result)
  expect(finished.exitCode).toBe(late ? 6 : 5)
  expect(finished.stdout).toContain('lost == 0')
  expect(shows(page, 'Objectives (slo)')).toBe(true)
  if (late) return
  expect(finished.stdout).toContain('objective (slo) missed: fake')
  expect(shows(page, 'objective (slo) missed: fake')).toBe(true)
})

test('an automatic warm-up ends when the load has settled, for all workers at the same second', async () => {
  const { finished, result, trial, page } = await run(
    'producerRate: 500\ntestDurationSeconds: 2\nwarmup: auto\n',
    [],
    BASE.replace('warmupDurationSeconds: 1', 'warmupDurationSeconds: 40'),
  )
  expectSound(finished, result)
  const { warmup, measure } = trial.phases
  expect(trial.warmup).toMatchObject({ maximumS: 40 })
  expect(Number.isInteger(warmup.durationS)).toBe(true)
  expect(warmup.durationS).toBeWithin(10, 41)
  if (trial.warmup!.settled) expect(trial.warmup!.reason).toBeNull()
  expect(measure.durationS).toBe(2)
  expectBooks(trial, 500 * warmup.durationS, 1000)
  expect(shows(page, trial.warmup!.settled ? `${warmup.durationS} s, settled` : 'not settled')).toBe(true)
})

test('a backlog is built with consumers paused, drained while producing, and every message is audited', async () => {
  const { finished, result, trial, page } = await run(
    'producerRate: 2000\ntestDurationSeconds: 2\nbacklog: {messages: 8000}\nsubscriptionsPerTopic: 2\n',
  )
  expectSound(finished, result)
  const { backlog, phases } = trial
  expect(backlog).toMatchObject({ targetMessages: 8000, build: { reached: true }, drain: { drained: true } })
  expect(backlog!.build.messages).toBeGreaterThanOrEqual(8000)
  const { scheduled } = phases.measure.counts
  expect(scheduled).toBe(2000 * phases.measure.durationS)
  expect(phases.measure.counts).toMatchObject({ sent: scheduled, acknowledged: scheduled })
  const distinct = trial.audits.reduce((sum, audit) => sum + audit.distinct, 0)
  expect(distinct).toBe(2 * (2000 + scheduled))
  // Nothing came while it was built: what waited did so in the system.
  const building = trial.intervals.filter(
    ({ startS, endS }) => startS > backlog!.build.startS + 1 && endS < backlog!.build.endS,
  )
  for (const { received } of building) expect(received).toBe(0)
  expect(finished.stdout).toContain('catch-up rate')
  expect(shows(page, 'catch-up rate')).toBe(true)
})

test('Ctrl-C while a backlog builds: consumers go on, and what waited is delivered before it is called lost', async () => {
  const file = join(folder, 'cut.yaml')
  writeFileSync(file, `${BASE}producerRate: 1000\ntestDurationSeconds: 1\nbacklog: {messages: 100000}\n`)
  const running = home.start(['run', file, '--workers', '2'])
  await running.seen('a backlog of 100000 messages builds')
  running.signal('SIGINT')
  const { exitCode } = await running.finished
  expect(exitCode).toBe(130)
  const result: ExperimentResult = await Bun.file(join(home.path, 'latest/result.json')).json()
  const trial = result.sides[0]!.trials[0]!
  expect(trial.interrupted).not.toBeNull()
  expect(trial.backlog).toBeUndefined()
  for (const { sent, distinct, lost } of trial.audits) expect([distinct, lost]).toEqual([sent, 0])
})
