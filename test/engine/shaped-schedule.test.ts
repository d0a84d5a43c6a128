// Goal: stages, ramps, chance and recorded traffic are as exact as a constant rate: never early, in order, the total known
// before the start, however they are shared and wherever they are cut. Method: properties over random shapes, the constant
// schedule as the reference where both can do the same, moments of the Poisson process.
import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { poissonArrivals } from '../../src/engine/arrivals.ts'
import { rateProfile } from '../../src/engine/rate-profile.ts'
import { constantSchedule, countBefore, type Schedule } from '../../src/engine/schedule.ts'
import { createSchedules, type ScheduleSpec } from '../../src/engine/shaped-schedule.ts'
import { meanRateHz, type RateSchedule, stagesDurationS } from '../../src/workload/rate-schedule.ts'

// A deadline for a busy machine, not a measure.
setDefaultTimeout(60_000)

const folder = mkdtempSync(join(tmpdir(), 'bench-shapes-'))
afterAll(() => rmSync(folder, { recursive: true }))

const WHOLE = { index: 0, of: 1 }

const stage = fc.record({
  fromHz: fc.integer({ min: 0, max: 50_000 }),
  toHz: fc.integer({ min: 0, max: 50_000 }),
  durationS: fc.integer({ min: 1, max: 20 }),
})
const level = stage.map(({ fromHz, durationS }) => ({ fromHz, toHz: fromHz, durationS }))
const stages = fc.array(fc.oneof(stage, level), { minLength: 1, maxLength: 8 })
const arrivals = fc.constantFrom('even' as const, 'poisson' as const)

const spec = fc
  .record({
    stages,
    arrivals,
    warmupS: fc.integer({ min: 0, max: 5 }),
    warmupRateHz: fc.integer({ min: 0, max: 20_000 }),
    seed: fc.nat(),
  })
  .map(({ stages: list, arrivals: kind, warmupS, warmupRateHz, seed }): ScheduleSpec => {
    const schedule: RateSchedule = { arrivals: kind, shape: { kind: 'stages', warmupRateHz, stages: list } }
    return {
      rateHz: meanRateHz(list),
      schedule,
      warmupUs: warmupS * 1e6,
      measureUs: stagesDurationS(list) * 1e6,
      seed,
    }
  })

/** Indices at which a schedule is looked at closely. */
function picks(schedule: Schedule, pick: number): number[] {
  const total = schedule.totalCount
  const some = [0, 1, pick % total, (pick * 7919) % total, total - 2, total - 1]
  return some.filter((k) => k >= 0 && k < total)
}

/** The next smaller double: what "just before" means. */
function justBefore(value: number): number {
  const bits = new BigInt64Array(new Float64Array([value]).buffer)
  bits[0]! -= 1n
  return new Float64Array(bits.buffer)[0]!
}

describe('any shape', () => {
  test('a message is due at its instant and not before; instants ascend and lie within the time', () => {
    fc.assert(
      fc.property(spec, fc.nat(), (of, pick) => {
        const schedule = createSchedules(of).share(WHOLE)
        for (const k of picks(schedule, pick)) {
          const at = schedule.instantUs(k)
          expect(at).toBeGreaterThanOrEqual(0)
          expect(at).toBeLessThan(of.warmupUs + of.measureUs)
          expect(schedule.dueCount(at)).toBeGreaterThan(k)
          if (at > 0) expect(schedule.dueCount(justBefore(at))).toBeLessThanOrEqual(k)
          if (k > 0) expect(schedule.instantUs(k - 1)).toBeLessThanOrEqual(at)
        }
        expect(schedule.dueCount(of.warmupUs + of.measureUs)).toBe(schedule.totalCount)
        expect(schedule.dueCount(-1)).toBe(0)
      }),
      { numRuns: 500 },
    )
  })

  test('the shares of all producers are the whole, message by message', () => {
    fc.assert(
      fc.property(spec, fc.integer({ min: 1, max: 7 }), fc.nat(), (shape, of, pick) => {
        const made = createSchedules(shape)
        const whole = made.share(WHOLE)
        // As in other processes: made anew of the same spec.
        const shares = Array.from({ length: of }, (_, index) => createSchedules(shape).share({ index, of }))
        expect(shares.reduce((sum, share) => sum + share.totalCount, 0)).toBe(whole.totalCount)
        for (const k of picks(whole, pick)) {
          expect(shares[k % of]!.instantUs(Math.floor(k / of))).toBe(whole.instantUs(k))
        }
        const at = (pick * 1000) % (shape.warmupUs + shape.measureUs)
        expect(shares.reduce((sum, share) => sum + share.dueCount(at), 0)).toBe(whole.dueCount(at))
      }),
      { numRuns: 200 },
    )
  })

  test('with other ends of warm-up and measure nothing moves that is due before them', () => {
    fc.assert(
      fc.property(spec, fc.nat(), fc.nat(), (shape, cutWarmup, cutMeasure) => {
        const made = createSchedules(shape)
        const before = made.share(WHOLE)
        const warmupUs = cutWarmup % (shape.warmupUs + 1)
        const shorter = made.retimed(warmupUs, shape.measureUs).share(WHOLE)
        const keptInWarmup = countBefore(before, warmupUs)
        expect(countBefore(shorter, warmupUs)).toBe(keptInWarmup)
        for (const k of picks(before, cutMeasure)) {
          if (k < keptInWarmup) expect(shorter.instantUs(k)).toBe(before.instantUs(k))
        }
        const measureUs = cutMeasure % (shape.measureUs + 1)
        const ended = made.retimed(shape.warmupUs, measureUs).share(WHOLE)
        expect(ended.totalCount).toBe(countBefore(before, shape.warmupUs + measureUs))
        for (const k of picks(before, cutWarmup)) {
          if (k < ended.totalCount) expect(ended.instantUs(k)).toBe(before.instantUs(k))
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe('stages', () => {
  test('send rate × time exactly, stage by stage', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            fromHz: fc.integer({ min: 0, max: 3_000_000 }),
            up: fc.integer({ min: 0, max: 500_000 }),
            durationS: fc.integer({ min: 1, max: 600 }),
          }),
          { minLength: 1, maxLength: 6 },
        ),
        (list) => {
          // An even rise makes the number of messages of each stage whole.
          const exact = list.map(({ fromHz, up, durationS }) => ({
            fromHz,
            toHz: fromHz + 2 * up,
            durationS,
          }))
          const schedule: RateSchedule = {
            arrivals: 'even',
            shape: { kind: 'stages', warmupRateHz: 0, stages: exact },
          }
          const measureUs = stagesDurationS(exact) * 1e6
          const whole = createSchedules({ rateHz: 1, schedule, warmupUs: 0, measureUs, seed: 1 }).share(WHOLE)
          let endS = 0
          let messages = 0
          for (const { fromHz, toHz, durationS } of exact) {
            endS += durationS
            messages += ((fromHz + toHz) / 2) * durationS
            expect(countBefore(whole, endS * 1e6)).toBe(messages)
          }
          expect(whole.totalCount).toBe(messages)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('one rate all along is the constant schedule, to the last bit', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.integer({ min: 1, max: 3_000_000 }),
          fc.integer({ min: 1, max: 10_000 }).map((tenths) => tenths / 10),
        ),
        fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 1, maxLength: 4 }),
        fc.nat(),
        (rateHz, durations, pick) => {
          const list = durations.map((durationS) => ({ fromHz: rateHz, toHz: rateHz, durationS }))
          const measureUs = stagesDurationS(list) * 1e6
          const shape = { kind: 'stages', warmupRateHz: rateHz, stages: list } as const
          const schedule: RateSchedule = { arrivals: 'even', shape }
          const share = { index: pick % 3, of: 3 }
          const made = createSchedules({ rateHz, schedule, warmupUs: 3e6, measureUs, seed: 1 }).share(share)
          const constant = constantSchedule({ rateHz, durationUs: 3e6 + measureUs, share })
          expect(made.totalCount).toBe(constant.totalCount)
          for (const k of picks(constant, pick)) expect(made.instantUs(k)).toBe(constant.instantUs(k))
        },
      ),
    )
  })

  test('a ramp has its rate at every instant', () => {
    const { positionAt, instantUs, total } = rateProfile([{ durationUs: 10e6, fromHz: 0, toHz: 1000 }])
    expect(total).toBe(5000)
    for (const s of [0, 1, 2.5, 5, 9.75, 10]) expect(positionAt(s * 1e6)).toBeCloseTo(50 * s * s, 6)
    for (const p of [0, 1, 1250, 4999]) expect(positionAt(instantUs(p))).toBeCloseTo(p, 6)
  })

  test('nothing is sent in a stage of rate 0, and the next begins on time', () => {
    const shape = {
      kind: 'stages',
      warmupRateHz: 0,
      stages: [
        { fromHz: 10, toHz: 10, durationS: 1 },
        { fromHz: 0, toHz: 0, durationS: 2 },
        { fromHz: 10, toHz: 10, durationS: 1 },
      ],
    } as const
    const schedule = { arrivals: 'even', shape } as const
    const whole = createSchedules({ rateHz: 5, schedule, warmupUs: 1e6, measureUs: 4e6, seed: 1 }).share(
      WHOLE,
    )
    expect(whole.totalCount).toBe(20)
    expect(whole.instantUs(0)).toBe(1e6)
    expect(whole.instantUs(9)).toBe(1.9e6)
    expect(whole.instantUs(10)).toBe(4e6)
    expect(whole.dueCount(3.9e6)).toBe(10)
  })
})

describe('Poisson arrivals', () => {
  test('gaps are exponential and counts have the variance of their mean', () => {
    const count = 200_000
    const { at, countBefore: before } = poissonArrivals(count, 7)
    const total = before(count)
    // Five standard deviations.
    expect(Math.abs(total - count)).toBeLessThan(5 * Math.sqrt(count))
    let sum = 0
    let squares = 0
    let longerThanMean = 0
    for (let k = 1; k < total; k++) {
      const gap = at(k) - at(k - 1)
      expect(gap).toBeGreaterThanOrEqual(0)
      sum += gap
      squares += gap * gap
      if (gap > 1) longerThanMean++
    }
    expect(sum / total).toBeCloseTo(1, 1)
    expect(squares / total).toBeCloseTo(2, 0)
    expect(longerThanMean / total).toBeCloseTo(Math.exp(-1), 2)
    for (const window of [10, 256, 1000]) {
      const windows = Math.floor(count / window)
      let deviation = 0
      for (let i = 0; i < windows; i++) {
        deviation += (before((i + 1) * window) - before(i * window) - window) ** 2
      }
      expect(deviation / windows / window).toBeGreaterThan(0.7)
      expect(deviation / windows / window).toBeLessThan(1.4)
    }
  })

  test('the same seed gives the same arrivals in whatever order they are asked for, another seed others', () => {
    const forward = poissonArrivals(50_000, 3)
    const backward = poissonArrivals(50_000, 3)
    const total = forward.countBefore(50_000)
    const asked = Array.from({ length: 500 }, (_, i) => (i * 7919) % total)
    const seen = new Map(asked.map((k) => [k, forward.at(k)]))
    for (const k of asked.toReversed()) expect(backward.at(k)).toBe(seen.get(k)!)
    expect(poissonArrivals(50_000, 4).at(100)).not.toBe(forward.at(100))
  })

  test('a billion messages take little time and memory to begin with', () => {
    const { countBefore: before, at } = poissonArrivals(1e9, 1)
    const total = before(1e9)
    expect(Math.abs(total - 1e9)).toBeLessThan(5 * Math.sqrt(1e9))
    expect(at(total - 1)).toBeLessThan(1e9)
    expect(at(total - 1)).toBeGreaterThan(1e9 - 100)
  })
})

describe('a trace', () => {
  const write = (name: string, text: string): { path: string; sha256: string } => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return { path, sha256: new Bun.CryptoHasher('sha256').update(text).digest('hex') }
  }

  test('of counts sends each count within its time', () => {
    const file = write('counts.csv', 'time,count\n100,5\n101,0\n103.5,7\n104,0\n')
    const shape = { kind: 'trace', warmupRateHz: 2, messages: 12, ...file } as const
    const schedule = { arrivals: 'even', shape } as const
    const whole = createSchedules({ rateHz: 3, schedule, warmupUs: 1e6, measureUs: 4e6, seed: 1 }).share(
      WHOLE,
    )
    expect(whole.totalCount).toBe(14)
    expect(countBefore(whole, 1e6)).toBe(2)
    expect(countBefore(whole, 2e6)).toBe(7)
    expect(countBefore(whole, 4.5e6)).toBe(7)
    expect(whole.instantUs(7)).toBe(4.5e6)
  })

  test('of timestamps sends every message at its own', () => {
    const file = write(
      'stamps.csv',
      'timestamp\n2026-01-01T00:00:00Z\n2026-01-01T00:00:00.250Z\n2026-01-01T00:00:01Z\n',
    )
    const shape = { kind: 'trace', warmupRateHz: 4, messages: 3, ...file } as const
    const schedule = { arrivals: 'even', shape } as const
    const made = createSchedules({ rateHz: 2, schedule, warmupUs: 1e6, measureUs: 1.5e6, seed: 1 })
    const whole = made.share(WHOLE)
    const instants = Array.from({ length: whole.totalCount }, (_, k) => whole.instantUs(k))
    expect(instants).toEqual([0, 250_000, 500_000, 750_000, 1e6, 1.25e6, 2e6])
    expect(made.share({ index: 1, of: 2 }).totalCount).toBe(3)
    expect(made.retimed(1e6, 0.5e6).share(WHOLE).totalCount).toBe(6)
  })

  test('that is not the one that was planned with is refused', () => {
    const { path } = write('other.csv', 'time,count\n0,5\n1,5\n')
    const shape = { kind: 'trace', warmupRateHz: 2, messages: 10, path, sha256: 'another' } as const
    const schedule = { arrivals: 'even', shape } as const
    expect(() => createSchedules({ rateHz: 5, schedule, warmupUs: 0, measureUs: 2e6, seed: 1 })).toThrow(
      'as it was planned with',
    )
  })
})
