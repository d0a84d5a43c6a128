// Goal: a schedule is exact: never early, no drift, rate × time in all, however it is shared and split into phases.
// Method: properties over random rates, durations and shares, beside the rates at which integer intervals fail.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createPacer } from '../../src/engine/pacer.ts'
import { constantSchedule, countBefore } from '../../src/engine/schedule.ts'

const rates = fc.oneof(
  fc.integer({ min: 1, max: 3_000_000 }),
  fc.integer({ min: 1, max: 10_000 }).map((tenths) => tenths / 10),
  fc.double({ min: 0.01, max: 5_000_000, noNaN: true }),
)
const seconds = fc.integer({ min: 1, max: 3600 })

/** The next smaller double: what "just before" means. */
function justBefore(value: number): number {
  const bits = new BigInt64Array(new Float64Array([value]).buffer)
  bits[0]! -= 1n
  return new Float64Array(bits.buffer)[0]!
}

describe('constantSchedule', () => {
  test('a message is due at its instant and not before', () => {
    fc.assert(
      fc.property(rates, seconds, fc.integer({ min: 1, max: 16 }), fc.nat(), (rateHz, s, of, pick) => {
        const share = { index: pick % of, of }
        const schedule = constantSchedule({ rateHz, durationUs: s * 1e6, share })
        if (schedule.totalCount === 0) return
        const j = pick % schedule.totalCount
        const at = schedule.instantUs(j)
        expect(schedule.dueCount(at)).toBeGreaterThan(j)
        if (at > 0) expect(schedule.dueCount(justBefore(at))).toBeLessThanOrEqual(j)
      }),
      { numRuns: 2000 },
    )
  })

  test('due counts never fall, and end at the total', () => {
    fc.assert(
      fc.property(
        rates,
        seconds,
        fc.array(fc.double({ min: -10, max: 4e9, noNaN: true })),
        (rateHz, s, at) => {
          const schedule = constantSchedule({ rateHz, durationUs: s * 1e6, share: { index: 0, of: 1 } })
          let last = 0
          for (const us of at.sort((a, b) => a - b)) {
            const due = schedule.dueCount(us)
            expect(due).toBeGreaterThanOrEqual(last)
            last = due
          }
          expect(schedule.dueCount(s * 1e6)).toBe(schedule.totalCount)
        },
      ),
    )
  })

  test('all shares together send rate × time, for 1 to 16 producers', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3_000_000 }), seconds, (rateHz, s) => {
        for (let of = 1; of <= 16; of++) {
          let total = 0
          for (let index = 0; index < of; index++) {
            total += constantSchedule({ rateHz, durationUs: s * 1e6, share: { index, of } }).totalCount
          }
          expect(total).toBe(rateHz * s)
        }
      }),
    )
  })

  test.each([
    [3_000_000, 60, 180_000_000],
    [7_000_000, 86_400, 604_800_000_000],
    [1_500_000, 60, 90_000_000],
    [0.7, 10, 7],
    [0.1, 30, 3],
    [0.3, 10, 3],
    [1.1, 30, 33],
    [2.5, 3, 8],
    [1 / 3, 10, 4],
  ])('%p a second for %p s are %p messages', (rateHz, s, expected) => {
    const schedule = constantSchedule({ rateHz, durationUs: s * 1e6, share: { index: 0, of: 1 } })
    expect(schedule.totalCount).toBe(expected)
    expect(schedule.dueCount(s * 1e6)).toBe(expected)
  })

  test('the instants of all shares are those of the one schedule, in turn', () => {
    const whole = constantSchedule({ rateHz: 333.3, durationUs: 1e7, share: { index: 0, of: 1 } })
    const shares = [0, 1, 2].map((index) =>
      constantSchedule({ rateHz: 333.3, durationUs: 1e7, share: { index, of: 3 } }),
    )
    for (let k = 0; k < whole.totalCount; k++) {
      expect(shares[k % 3]!.instantUs(Math.floor(k / 3))).toBe(whole.instantUs(k))
    }
  })

  test('warm-up and measure split without a message in both or none', () => {
    fc.assert(
      fc.property(
        rates,
        seconds,
        seconds,
        fc.integer({ min: 1, max: 5 }),
        (rateHz, warmupS, measureS, of) => {
          let warmup = 0
          for (let index = 0; index < of; index++) {
            const share = { index, of }
            const both = constantSchedule({ rateHz, durationUs: (warmupS + measureS) * 1e6, share })
            const boundary = countBefore(both, warmupS * 1e6)
            expect(boundary).toBe(constantSchedule({ rateHz, durationUs: warmupS * 1e6, share }).totalCount)
            warmup += boundary
          }
          if (Number.isInteger(rateHz)) expect(warmup).toBe(rateHz * warmupS)
        },
      ),
    )
  })
})

test('the pacer gives capped batches of what is due, until all is sent', () => {
  const schedule = constantSchedule({ rateHz: 1000, durationUs: 2e6, share: { index: 0, of: 1 } })
  const pacer = createPacer(schedule, 500)
  expect(pacer.nextBatch(-1, 0)).toBe(0)
  expect(pacer.nextBatch(0, 0)).toBe(1)
  expect(pacer.debt(1e6, 0)).toBe(1001)
  const batches: number[] = []
  let sent = 0
  for (let n = pacer.nextBatch(9e6, sent); n > 0; n = pacer.nextBatch(9e6, sent)) {
    batches.push(n)
    sent += n
  }
  expect(batches).toEqual([500, 500, 500, 500])
  expect(pacer.finished(sent)).toBe(true)
  expect(pacer.finished(sent - 1)).toBe(false)
})
