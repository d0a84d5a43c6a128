// Goal: trials are interleaved fairly and repeatably, and a plan says truly what they can show. Method: properties over
// random numbers of sides, trials and seeds; the prospect against the exact test's own least p.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { leastP, MAX_TRIALS_PER_SIDE } from '../../src/compare/statistics/index.ts'
import type { PlannedTrial, Side } from '../../src/workload/model.ts'
import { prospectOf, trialsForVerdict } from '../../src/workload/prospect.ts'
import { trialOrder } from '../../src/workload/trial-order.ts'

const someSides = fc.integer({ min: 1, max: 8 })
const someRates = fc.uniqueArray(fc.integer({ min: 1, max: 9_999_999 }), { minLength: 1, maxLength: 5 })
const someTrials = fc.integer({ min: 1, max: 20 })
const someSeed = fc.integer({ min: 0, max: 0xffff_ffff })
const keysOf = (trials: readonly PlannedTrial[]) => trials.map(({ side, rateHz }) => `${side}@${rateHz}`)

test('every round holds every side at every rate once, and the same seed gives the same order', () => {
  fc.assert(
    fc.property(someSides, someRates, someTrials, someSeed, (sides, rates, perSide, seed) => {
      const order = trialOrder(sides, rates, perSide, seed)
      const length = sides * rates.length
      expect(order).toHaveLength(length * perSide)
      const all = rates
        .flatMap((rate) => Array.from({ length: sides }, (_, side) => `${side}@${rate}`))
        .sort()
      for (let round = 0; round < perSide; round++) {
        expect(keysOf(order.slice(round * length, (round + 1) * length)).sort()).toEqual(all)
      }
      expect(trialOrder(sides, rates, perSide, seed)).toEqual(order)
    }),
  )
})

test('one trial each keeps the order in which rates and sides were named', () => {
  expect(keysOf(trialOrder(2, [10, 20], 1, 7))).toEqual(['0@10', '1@10', '0@20', '1@20'])
  fc.assert(
    fc.property(someSides, someSeed, (sides, seed) => {
      expect(trialOrder(sides, [5], 1, seed).map(({ side }) => side)).toEqual([...Array(sides).keys()])
    }),
  )
})

test('over seeds each of the six orders of three trials comes as often as any other', () => {
  const rounds = 6_000
  const evenly = (orderOf: (seed: number) => readonly string[]) => {
    const seen = new Map<string, number>()
    for (let seed = 0; seed < rounds / 2; seed++) {
      const order = orderOf(seed)
      for (const round of [order.slice(0, 3), order.slice(3)]) {
        const key = round.join()
        seen.set(key, (seen.get(key) ?? 0) + 1)
      }
    }
    expect(seen.size).toBe(6)
    // Five standard deviations of a binomial count around a sixth.
    const deviation = 5 * Math.sqrt((rounds * 5) / 36)
    for (const count of seen.values()) expect(Math.abs(count - rounds / 6)).toBeLessThan(deviation)
  }
  evenly((seed) => keysOf(trialOrder(3, [5], 2, seed)))
  evenly((seed) => keysOf(trialOrder(1, [5, 6, 7], 2, seed)))
})

const side = (local: boolean) => ({ servers: local ? null : ['h:1'] }) as unknown as Side
const sidesOf = (sides: number, local: boolean) => Array.from({ length: sides }, () => side(local))

const someContest = fc.tuple(fc.integer({ min: 2, max: 6 }), fc.integer({ min: 1, max: 5 }))

test('a prospect promises a difference exactly where the smallest p of the report allows it', () => {
  fc.assert(
    fc.property(someContest, someTrials, fc.boolean(), ([sides, rates], repeat, local) => {
      const prospect = prospectOf({ sides: sidesOf(sides, local), rates, repeat })!
      const pairs = (sides * (sides - 1)) / 2
      expect(prospect.tests).toBe(rates * pairs * (local ? 3 : 2))
      expect(prospect.enough).toBe(leastP(repeat, repeat) * prospect.tests <= 0.05)
      const needed = prospect.trialsNeeded!
      expect(leastP(needed, needed) * prospect.tests).toBeLessThanOrEqual(0.05)
      expect(needed).toBeLessThanOrEqual(MAX_TRIALS_PER_SIDE)
      expect(trialsForVerdict({ sides: sidesOf(sides, local), rates })).toBe(needed)
      expect(prospect.sentence.includes('cannot show a difference')).toBe(!prospect.enough)
    }),
  )
})

test('a prospect in words', () => {
  const three = { sides: sidesOf(3, true), rates: 1 }
  expect(prospectOf({ sides: sidesOf(1, true), rates: 1, repeat: 3 })).toBeNull()
  expect(prospectOf({ ...three, repeat: 3 })!.sentence).toBe(
    '3 trials cannot show a difference at 5 % among the 9 tests of this report; --repeat auto takes 6',
  )
  expect(prospectOf({ ...three, repeat: 7 })!.sentence).toBe(
    '7 trials of each side can show a difference at 5 % among the 9 tests of this report; --repeat auto takes 6',
  )
  expect(prospectOf({ ...three, rates: 3, repeat: 7 })!.sentence).toBe(
    '7 trials of each side at each rate can show a difference at 5 % among the 27 tests of this report; --repeat auto takes 7',
  )
})
