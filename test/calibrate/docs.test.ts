// Goal: what docs/trust.md shows works and says the numbers of the code. Method: its YAML is read, its options held against
// the command line, its figures against the constants.
import { afterAll, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { CALIBRATION_RATE_HZ, CALIBRATION_TIMES } from '../../src/calibrate/calibrate.ts'
import { MAX_AGE_DAYS } from '../../src/calibrate/calibration.ts'
import { MAX_SCHEDULE_DELAY_P99_US } from '../../src/calibrate/checks.ts'
import { MESSAGE_BYTES } from '../../src/calibrate/load.ts'
import { calibrationLines } from '../../src/calibrate/print.ts'
import { MAX_DRIFT, MAX_WANDER } from '../../src/clock/offset.ts'
import { FLOOR_MARK } from '../../src/compare/floor-notes.ts'
import { EXIT } from '../../src/errors/exit-codes.ts'
import { FLOOR_FACTOR } from '../../src/result/floor.ts'
import { THRESHOLDS } from '../../src/result/thresholds.ts'
import { SYNC } from '../../src/run/clock-sync.ts'
import { PRODUCT_FOLDER } from '../../src/workload/product-folder.ts'
import { readWorkload } from '../../src/workload/workload-file.ts'
import { benchHome } from '../support/bench.ts'
import { testFolder } from '../workload/files.ts'
import { sampleCalibration, samplePath } from './sample-calibration.ts'

const DOCS = readFileSync(resolve(PRODUCT_FOLDER, 'docs/trust.md'), 'utf8').replaceAll(/\s+/g, ' ')
const SOURCE = readFileSync(resolve(PRODUCT_FOLDER, 'docs/trust.md'), 'utf8')
const folder = testFolder()
const home = benchHome()
afterAll(() => {
  folder.remove()
  home.remove()
})

test('the workload is read and asks for one clock', async () => {
  const [, yaml] = /```yaml\n([\s\S]*?)```/.exec(SOURCE)!
  const { workload } = await readWorkload(folder.write('echo.yaml', yaml!), { lenient: false })
  expect(workload).toMatchObject({ topics: 4, endToEndClock: 'echo' })
})

test('numbers are those of the code', () => {
  for (const said of [
    `${CALIBRATION_RATE_HZ.toLocaleString('en-US')} msg/s of ${MESSAGE_BYTES.toLocaleString('en-US')} bytes for 60 s`,
    `more than ${MAX_AGE_DAYS} days ago`,
    `echo path for ${CALIBRATION_TIMES.warmupS + CALIBRATION_TIMES.quickS} s`,
    `schedule delay p99 below ${MAX_SCHEDULE_DELAY_P99_US / 1000} ms`,
    `below ${FLOOR_FACTOR} × the floor`,
    `\`${FLOOR_MARK}\``,
    `${EXIT.invalid} (measurement invalid)`,
    `drifts up to ${(MAX_DRIFT * 1e6).toLocaleString('en-US')} ppm that change by at most ${MAX_WANDER * 1e6} ppm`,
    `more than ${THRESHOLDS.clockFloorUs / 1000} ms as well`,
  ]) {
    expect(DOCS).toContain(said)
  }
  expect(1000 / SYNC.everyMs).toBe(2)
  expect(THRESHOLDS.clockShareOfEndToEndP50).toBe(0.1)
})

test('lines of the printed calibration are explained', () => {
  const stalls = { count: 1, p50Us: 1, p99Us: 1, maxUs: 1, hdr: '' }
  const lines = calibrationLines({
    ...sampleCalibration(),
    eventLoop: { idle: stalls, withGarbage: stalls, fullCollectionMs: 1 },
    highestRateHz: { null: 1, echo: 1 },
    paths: [samplePath({})],
  })
  for (const name of [
    'clock',
    'timers of 1 ms, idle',
    'timers beside garbage',
    'full garbage collection',
    'highest rate held',
  ]) {
    expect(lines.some((line) => line.trim().startsWith(name))).toBe(true)
    expect(SOURCE).toContain(`| ${name}`)
  }
})

test('options are those of the command line', async () => {
  const { stdout } = await home.run(['calibrate', '--help'])
  for (const option of ['--rate', '--duration', '--json']) expect(stdout).toContain(option)
  expect((await home.run(['run', '--help'])).stdout).toContain('--no-calibrate')
})
