// Goal: trials are interleaved fairly and repeatably, and a plan says truly what they can show. Method: properties over
// random numbers of sides, trials and seeds; the prospect against the exact test's own least p.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { leastP, MAX_TRIALS_PER_SIDE } from '../../src/compare/statistics/index.ts'
import type { Side } from '../../src/workload/model.ts'
import { prospectOf } from '../../src/workload/prospect.ts'
import { trialOrder } from '../../src/workload/trial-order.ts'

const someSides = fc.integer({ min: 1, max: 8 })
const someTrials = fc.integer({ min: 1, max: 20 })
const someSeed = fc.integer({ min: 0, max: 0xffff_ffff })

test('every round holds every side once, and the same seed gives the same order', () => {
  fc.assert(
    fc.property(someSides, someTrials, someSeed, (sides, perSide, seed) => {
      const order = trialOrder(sides, perSide, seed)
      expect(order).toHaveLength(sides * perSide)
      for (let round = 0; round < perSide; round++) {
        const sorted = order.slice(round * sides, (round + 1) * sides).sort((a, b) => a - b)
        expect(sorted).toEqual(Array.from({ length: sides }, (_, index) => index))
      }
      expect(trialOrder(sides, perSide, seed)).toEqual(order)
    }),
  )
})

test('one trial a side keeps the order in which sides were named', () => {
  fc.assert(
    fc.property(someSides, someSeed, (sides, seed) => {
      expect(trialOrder(sides, 1, seed)).toEqual([...Array(sides).keys()])
    }),
  )
})

test('over seeds each of the six orders of three sides comes as often as any other', () => {
  const seen = new Map<string, number>()
  const rounds = 6_000
  for (let seed = 0; seed < rounds / 2; seed++) {
    const order = trialOrder(3, 2, seed)
    for (const round of [order.slice(0, 3), order.slice(3)]) {
      const key = round.join('')
      seen.set(key, (seen.get(key) ?? 0) + 1)
    }
  }
  expect(seen.size).toBe(6)
  // Five standard deviations of a binomial count around a sixth.
  const deviation = 5 * Math.sqrt((rounds * 5) / 36)
  for (const count of seen.values()) expect(Math.abs(count - rounds / 6)).toBeLessThan(deviation)
})

const side = (local: boolean) => ({ servers: local ? null : ['h:1'] }) as unknown as Side
const sidesOf = (sides: number, local: boolean) => Array.from({ length: sides }, () => side(local))

test('a prospect promises a difference exactly where the smallest p of the report allows it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 6 }), someTrials, fc.boolean(), (sides, repeat, local) => {
      const prospect = prospectOf({ sides: sidesOf(sides, local), repeat })!
      const pairs = (sides * (sides - 1)) / 2
      expect(prospect.tests).toBe(pairs * (local ? 3 : 2))
      expect(prospect.enough).toBe(leastP(repeat, repeat) * prospect.tests <= 0.05)
      const needed = prospect.trialsNeeded!
      expect(leastP(needed, needed) * prospect.tests).toBeLessThanOrEqual(0.05)
      expect(needed).toBeLessThanOrEqual(MAX_TRIALS_PER_SIDE)
      expect(prospect.sentence.includes('cannot show a difference')).toBe(!prospect.enough)
    }),
  )
})

test('a prospect in words', () => {
  expect(prospectOf({ sides: sidesOf(1, true), repeat: 3 })).toBeNull()
  expect(prospectOf({ sides: sidesOf(3, true), repeat: 3 })!.sentence).toBe(
    '3 trials cannot show a difference at 5 % among the 9 tests of this report; --repeat 6 can',
  )
  expect(prospectOf({ sides: sidesOf(3, true), repeat: 7 })!.sentence).toBe(
    '7 trials of each side can show a difference at 5 % among the 9 tests of this report',
  )
})
