// Goal: a run carries the noise floor that is kept for this machine, measures one where none is, and goes on without when
// it may not; bad options of `bench calibrate` are told. Method: the command line, a cache of the test's own, the fake system.
// Figures of time are not asked for: the machine is shared.
import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { thisMachine } from '../../src/calibrate/calibration.ts'
import { calibrationFile } from '../../src/calibrate/store.ts'
import type { ExperimentResult } from '../../src/result/result.ts'
import { sampleCalibration } from '../calibrate/sample-calibration.ts'
import { benchHome, ROOT } from '../support/bench.ts'

setDefaultTimeout(240_000)

const home = benchHome()
const cache = mkdtempSync(join(tmpdir(), 'bench-floor-'))
const SHORT = join(ROOT, 'test/support/short.yaml')
const FAKE = join(ROOT, 'test/support/drivers/fake.yaml')
const RUN = ['run', SHORT, '--drivers', FAKE, '--duration', '1s', '--rate', '500']

afterAll(() => {
  home.remove()
  rmSync(cache, { recursive: true, force: true })
})

async function run(name: string, args: readonly string[], calibrate = true) {
  const env = { BENCH_CACHE: join(cache, name), BENCH_NO_CALIBRATE: calibrate ? undefined : '1' }
  const finished = await home.run([...RUN, ...args], { env })
  const result: ExperimentResult = await Bun.file(join(home.path, 'latest/result.json')).json()
  return { ...finished, result, log: await Bun.file(join(home.path, 'latest/bench.log')).text() }
}

function keep(name: string, measuredAt: string): void {
  const folder = join(cache, name, 'calibration')
  mkdirSync(folder, { recursive: true })
  const calibration = { ...sampleCalibration(), machine: thisMachine(), measuredAt }
  writeFileSync(join(folder, basename(calibrationFile(thisMachine()))), JSON.stringify(calibration))
}

test('the floor that is kept goes into the result and is shown', async () => {
  keep('kept', new Date().toISOString())
  const { result, stdout, log } = await run('kept', [])
  expect(result.floor).toMatchObject({ kind: 'full', stale: null, latencies: { publish: { p99: 1_500 } } })
  expect(stdout).toContain('The noise floor of this machine')
  expect(log).not.toContain('calibrated')
})

test('an old one is used where none may be measured, and called old', async () => {
  keep('old', '2020-01-01T00:00:00.000Z')
  const { result, log } = await run('old', ['--no-calibrate'])
  expect(result.floor?.stale).toMatch(/it is \d+ days old/)
  expect(log).toContain('make it anew: bench calibrate')
})

test('without any a run goes on when it may not measure one', async () => {
  const { result } = await run('none', [], false)
  expect(result.floor).toBeUndefined()
  expect(result.sides[0]!.trials[0]!.phases.measure.counts.sent).toBe(500)
})

test('else it is measured once, or it is said why there is none', async () => {
  const { result, log } = await run('new', [])
  expect(log).toContain('this machine was never calibrated')
  expect(result.sides[0]!.trials).toHaveLength(1)
  if (result.floor === undefined) {
    // A machine that is too busy to keep the schedule has no floor.
    expect(log).toContain('no noise floor: ')
    return
  }
  expect(result.floor.kind).toBe('quick')
  expect(result.floor.latencies.publish.p50).toBeGreaterThan(0)
  expect(readdirSync(join(cache, 'new', 'calibration'))).toHaveLength(1)
})

test.each([
  [['--rate', 'fast'], /--rate: expected a whole number .*, got "fast"/],
  [['--rate', '0'], /--rate: expected/],
  [['--duration', '500ms'], /--duration: expected a duration from 1s to 600s, got "500ms"/],
] as const)('bench calibrate %p is refused', async (args, message) => {
  const { exitCode, stderr } = await home.run(['calibrate', ...args])
  expect(exitCode).toBe(2)
  expect(stderr).toMatch(message)
})
