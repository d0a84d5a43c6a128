// Goal: a calibration says truthfully whether the generator keeps its schedule, is found again on the same machine, and is
// told to be stale elsewhere or later. Method: pure functions on made figures; files in a cache of the test's own; the
// search against a model of a machine.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import {
  floorOf,
  MAX_AGE_DAYS,
  type Machine,
  parseCalibration,
  staleReason,
  unusableReason,
} from '../../src/calibrate/calibration.ts'
import { accuracyChecks } from '../../src/calibrate/checks.ts'
import { highestRate, SEARCH } from '../../src/calibrate/highest-rate.ts'
import { calibrationLines } from '../../src/calibrate/print.ts'
import { calibrationFile, findCalibration, storeCalibration } from '../../src/calibrate/store.ts'
import { MACHINE, sampleCalibration, samplePath } from './sample-calibration.ts'

const DAY_MS = 24 * 3600 * 1000
const MEASURED_MS = Date.parse(sampleCalibration().measuredAt)

describe('checks', () => {
  const words = (path: Parameters<typeof samplePath>[0]) =>
    accuracyChecks([samplePath(path)]).map(({ ok }) => (ok ? 'pass' : 'FAIL'))

  test('pass when all was sent, in time, and came', () => {
    expect(words({})).toEqual(['pass', 'pass', 'pass'])
  })

  test('one message too few, one too late percentile, one that never came', () => {
    expect(words({ sent: 199_999 })).toEqual(['FAIL', 'pass', 'pass'])
    expect(words({ scheduled: 200_001 })).toEqual(['FAIL', 'pass', 'pass'])
    expect(words({ scheduleDelayP99Us: 2_000 })).toEqual(['pass', 'FAIL', 'pass'])
    expect(words({ scheduleDelayP99Us: 1_999 })).toEqual(['pass', 'pass', 'pass'])
    expect(words({ delivered: 199_999 })).toEqual(['pass', 'pass', 'FAIL'])
    expect(words({ integrity: 'unproven' })).toEqual(['pass', 'pass', 'FAIL'])
  })

  test('are printed with their figures', () => {
    const checks = accuracyChecks([samplePath({ sent: 199_999 })])
    const lines = calibrationLines({ ...sampleCalibration(), checks })
    expect(lines).toContain(
      'FAIL  rate accuracy, echo path: 200,000 scheduled, 199,999 sent in 10 s at 20,000 msg/s',
    )
    expect(lines.filter((line) => line.startsWith('pass'))).toHaveLength(2)
  })
})

describe('what a calibration holds for', () => {
  test('this machine, for a month', () => {
    const calibration = sampleCalibration()
    expect(staleReason(calibration, MACHINE, MEASURED_MS + MAX_AGE_DAYS * DAY_MS)).toBeNull()
    expect(staleReason(calibration, MACHINE, MEASURED_MS + (MAX_AGE_DAYS + 1) * DAY_MS)).toBe(
      'it is 31 days old, at most 30 are relied on',
    )
  })

  test.each([
    ['cpuModel', 'other', 'processor'],
    ['cpus', 64, 'number of cores'],
    ['kernel', 'other', 'kernel'],
    ['bun', 'other', 'Bun version'],
    ['benchVersion', 'other', 'bench version'],
  ] as const)('not another %s', (key, value, words) => {
    const here: Machine = { ...MACHINE, [key]: value }
    expect(staleReason(sampleCalibration(), here, MEASURED_MS)).toContain(`another ${words}`)
  })

  test('a busy machine gives no floor', () => {
    expect(unusableReason(sampleCalibration())).toBeNull()
    const busy = {
      ...sampleCalibration(),
      paths: [samplePath({ measurement: 'invalid', reasons: ['late'] })],
    }
    expect(unusableReason(busy)).toBe('late (load of the machine before: 0.25)')
    expect(unusableReason({ ...sampleCalibration(), paths: [] })).toContain('nothing was measured')
  })

  test('the floor is that of the echo path', () => {
    const floor = floorOf(sampleCalibration(), null)
    expect(floor).toMatchObject({ kind: 'full', rateHz: 20_000, stale: null })
    expect(floor?.latencies.publish.p99).toBe(1_500)
    expect(floorOf({ ...sampleCalibration(), paths: [] }, null)).toBeNull()
  })
})

describe('files', () => {
  const before = process.env.BENCH_CACHE
  let cache = ''
  beforeEach(() => {
    cache = mkdtempSync(join(tmpdir(), 'bench-calibration-'))
    process.env.BENCH_CACHE = cache
  })
  afterEach(() => {
    if (before === undefined) delete process.env.BENCH_CACHE
    else process.env.BENCH_CACHE = before
    rmSync(cache, { recursive: true, force: true })
  })

  test('the own one is found, an other one is told', async () => {
    expect(await findCalibration(MACHINE, MEASURED_MS)).toBeNull()
    const calibration = sampleCalibration()
    await storeCalibration(calibration)
    expect(await findCalibration(MACHINE, MEASURED_MS)).toEqual({ calibration, stale: null })
    const other = { ...MACHINE, bun: '9.9.9' }
    expect((await findCalibration(other, MEASURED_MS))?.stale).toContain('Bun version')
    const own = { ...calibration, machine: other }
    await storeCalibration(own)
    expect(await findCalibration(other, MEASURED_MS)).toEqual({ calibration: own, stale: null })
  })

  test('damaged files and those of other versions count as none', async () => {
    const calibration = sampleCalibration()
    const file = await storeCalibration(calibration)
    expect(file).toBe(calibrationFile(MACHINE))
    for (const text of ['', '{', '[]', JSON.stringify({ ...calibration, schemaVersion: 2 })]) {
      expect(parseCalibration(text)).toBeNull()
      writeFileSync(file, text)
      expect(await findCalibration(MACHINE, MEASURED_MS)).toBeNull()
    }
  })

  test('a bounded number is kept, the newest', async () => {
    for (let i = 0; i < 20; i++) {
      const measuredAt = new Date(MEASURED_MS + i * 1000).toISOString()
      const machine = { ...MACHINE, kernel: `kernel ${i}` }
      await storeCalibration({ ...sampleCalibration(), measuredAt, machine })
    }
    expect(readdirSync(join(cache, 'calibration'))).toHaveLength(16)
    expect((await findCalibration(MACHINE, MEASURED_MS))?.calibration.machine.kernel).toBe('kernel 19')
  })
})

test('the highest rate is found within its precision, in few steps, on any machine', async () => {
  await fc.assert(
    fc.asyncProperty(fc.double({ min: 100, max: 10e6, noNaN: true }), async (capacityHz) => {
      const tried: number[] = []
      const found = await highestRate(async (rateHz) => {
        tried.push(rateHz)
        return rateHz <= capacityHz
      })
      expect(tried.length).toBeLessThanOrEqual(11)
      expect(found).toBeLessThanOrEqual(capacityHz)
      if (capacityHz < SEARCH.leastHz) expect(found).toBe(0)
      else if (capacityHz >= SEARCH.leastHz * 2 && capacityHz < SEARCH.mostHz) {
        expect(found * SEARCH.precision * 1.001).toBeGreaterThanOrEqual(capacityHz)
      }
      expect(new Set(tried).size).toBe(tried.length)
    }),
    { numRuns: 500 },
  )
})
