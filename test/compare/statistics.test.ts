// Goal: our statistics say what SciPy's say. Method: p values, shifts, intervals and Holm's adjustment are held to 1e-9
// against stored vectors (vectors/make-vectors.py made them); what has no vector is held against its definition.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import {
  benchstatLine,
  bootstrapInterval,
  canShowDifference,
  driftTest,
  hodgesLehmann,
  holm,
  leastP,
  MAX_TRIALS_PER_SIDE,
  mannWhitney,
  ratioInterval,
  smallestDetectable,
  spreadOf,
  testCount,
  tooFewSentence,
  trialNoise,
  trialsNeeded,
} from '../../src/compare/statistics/index.ts'
import { normal } from '../../src/compare/statistics/normal.ts'
import { newRandom } from '../../src/engine/random.ts'
import { msText } from '../../src/result/figures.ts'
import vectors from './vectors/statistics.json' with { type: 'json' }

const DIGITS = 9

/** Equal to 1e-9, and in small p values also to nine digits of their own. */
function same(got: number, expected: number): void {
  expect(Math.abs(got - expected)).toBeLessThanOrEqual(10 ** -DIGITS * Math.min(1, Math.abs(expected) || 1))
}

const figures = (least: number, most: number) =>
  fc.array(fc.double({ min: 0.01, max: 1e6, noNaN: true }), { minLength: least, maxLength: most })

for (const { from, first, second, u, p } of vectors.mannWhitney) {
  test(`Mann–Whitney of ${first.length}+${second.length} equals ${from} (p=${p.toPrecision(3)})`, () => {
    const got = mannWhitney(first, second)
    same(got.u, u)
    same(got.p, p)
  })
}

for (const { first, second, alpha, shift, low, high, level } of vectors.ratios) {
  test(`ratio of ${first.length}+${second.length} at ${alpha.toPrecision(2)} is the inverted test`, () => {
    const got = ratioInterval(first, second, alpha)
    same(Math.log(got.ratio), shift)
    same(Math.log(got.low), low)
    same(Math.log(got.high), high)
    same(got.level, level)
    same(hodgesLehmann(first.map(Math.log), second.map(Math.log)), shift)
  })
}

test('Holm equals statsmodels', () => {
  for (const { p, adjusted } of vectors.holm) {
    const got = holm(p)
    expect(got).toHaveLength(adjusted.length)
    got.forEach((value, i) => {
      same(value, adjusted[i]!)
    })
  }
})

for (const { from, sides, p } of vectors.drift) {
  test(`drift of ${sides.map(({ length }) => length).join(' and ')} trials equals ${from}`, () => {
    same(driftTest(sides.map((side) => side.map((value, place) => ({ place, value })))).p, p)
  })
}

test('drift is told as the change over the whole run, whatever lies between the sides', () => {
  const rising = (level: number, first: number) =>
    [0, 1, 2, 3, 4, 5].map((round) => ({
      place: 2 * round + first,
      value: level * 1.1 ** ((2 * round + first) / 11),
    }))
  const { p, change } = driftTest([rising(10, 0).toReversed(), rising(500, 1)])
  expect(change).toBeCloseTo(0.1, 9)
  expect(p).toBeLessThan(0.001)
  expect(driftTest([[{ place: 0, value: 3 }], [{ place: 1, value: 9 }]])).toEqual({ p: 1, change: 0 })
})

test('the test does not mind which side is named first, nor the unit', () => {
  fc.assert(
    fc.property(figures(1, 9), figures(1, 9), (first, second) => {
      const forth = mannWhitney(first, second)
      const back = mannWhitney(second, first)
      same(forth.p, back.p)
      expect(forth.u + back.u).toBe(first.length * second.length)
      const scaled = mannWhitney(
        first.map((value) => value * 1024),
        second.map((value) => value * 1024),
      )
      expect(scaled).toEqual(forth)
    }),
    { seed: 1 },
  )
})

test('without ties a ratio of 1 lies in the interval just when the test does not reject', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 1, max: 1e6 }), { minLength: 10, maxLength: 18 }),
      (values) => {
        const [first, second] = [values.slice(0, 5), values.slice(5)]
        const { low, high } = ratioInterval(first, second)
        expect(low < 1 && high > 1).toBe(mannWhitney(first, second).p > 0.05)
      },
    ),
    { seed: 2 },
  )
})

test('the interval covers the true ratio as often as its level says', () => {
  const random = newRandom(3)
  const runs = 2_000
  let covered = 0
  let level = 0
  for (let run = 0; run < runs; run++) {
    const draw = (centre: number) => Array.from({ length: 7 }, () => centre * Math.exp(0.05 * normal(random)))
    const interval = ratioInterval(draw(10), draw(8))
    level = interval.level
    if (interval.low <= 0.8 && 0.8 <= interval.high) covered++
  }
  expect(Math.abs(covered / runs - level)).toBeLessThan(3 * Math.sqrt((level * (1 - level)) / runs))
})

test('least p values and the trials a report needs', () => {
  expect(leastP(3, 3)).toBeCloseTo(0.1, 12)
  expect(leastP(5, 5)).toBeCloseTo(2 / 252, 12)
  expect(leastP(6, 6)).toBeCloseTo(2 / 924, 12)
  expect([1, 23, 24, 85, 86].map(trialsNeeded)).toEqual([6, 6, 7, 7, 8])
  expect(canShowDifference(3, 3, 1)).toBe(false)
  expect(canShowDifference(4, 4, 1)).toBe(true)
  expect(canShowDifference(6, 6, 24)).toBe(false)
  expect(testCount(3, 4)).toBe(12)
  expect(tooFewSentence(3, 3)).toBe('3 trials cannot show a difference at 5 %')
  expect(tooFewSentence(1, 1)).toBe('1 trial cannot show a difference at 5 %')
  expect(tooFewSentence(3, 2)).toBe('3+2 trials cannot show a difference at 5 %')
})

test('too few trials give an interval over everything, with the little that it is worth', () => {
  const { low, high, level } = ratioInterval([10, 11, 12], [20, 22, 30])
  expect(level).toBeCloseTo(0.9, 12)
  expect(low).toBeCloseTo(20 / 12, 12)
  expect(high).toBeCloseTo(3, 12)
})

test('a difference of the smallest detectable size is found about four times in five', () => {
  const [n, noise, tests, runs] = [7, 0.05, 9, 1_000]
  const ratio = 1 + smallestDetectable(n, n, noise, tests)!
  const random = newRandom(5)
  let found = 0
  for (let run = 0; run < runs; run++) {
    const draw = (centre: number) =>
      Array.from({ length: n }, () => centre * Math.exp(noise * normal(random)))
    if (mannWhitney(draw(1), draw(ratio)).p <= 0.05 / tests) found++
  }
  expect(found / runs).toBeGreaterThan(0.75)
  expect(found / runs).toBeLessThan(0.85)
  expect(smallestDetectable(3, 3, noise, 1)).toBeNull()
})

test('spread: the median with its own interval, and none below six trials', () => {
  expect(spreadOf([10, 11, 9, 10, 10, 12, 8])).toEqual({ median: 10, n: 7, share: 0.2 })
  expect(spreadOf([1, 2, 3, 4, 5]).share).toBeNull()
  // The sign test at n = 9 leaves out one at each end: 2 × (1 + 9) / 2^9 = 0.039.
  expect(spreadOf([1, 80, 90, 100, 100, 100, 110, 120, 900]).share).toBeCloseTo(0.2, 12)
  expect(trialNoise([1, Math.E ** 2], [5, 5 * Math.E ** 2])).toBeCloseTo(Math.SQRT2, 12)
  expect(trialNoise([1], [2])).toBeNull()
})

test('the bootstrap asks for ten trials, is seeded, and holds the ratio of medians', () => {
  const random = newRandom(11)
  const draw = (n: number, centre: number) =>
    Array.from({ length: n }, () => centre * Math.exp(0.05 * normal(random)))
  expect(bootstrapInterval(draw(9, 1), draw(12, 1), newRandom(1))).toBeNull()
  const [first, second] = [draw(11, 10), draw(13, 8)]
  const interval = bootstrapInterval(first, second, newRandom(1))!
  expect(bootstrapInterval(first, second, newRandom(1))).toEqual(interval)
  expect(interval.ratio).toBeCloseTo(spreadOf(second).median / spreadOf(first).median, 9)
  expect(interval.low).toBeLessThan(interval.ratio)
  expect(interval.high).toBeGreaterThan(interval.ratio)
  expect(interval.high).toBeLessThan(1)
})

test('the benchstat line', () => {
  const line = {
    first: { median: 12_300, n: 7, share: 0.041 },
    second: { median: 9_800, n: 7, share: 0.03 },
    ratio: 0.7967,
    p: 2 / 3432,
    shown: true,
    text: msText,
  }
  expect(benchstatLine(line)).toBe('12.3 ms ± 4 %  →  9.80 ms ± 3 %  −20 % (p=0.0006, n=7+7)')
  expect(benchstatLine({ ...line, p: 0.38, shown: false })).toEndWith('  ~ (p=0.38, n=7+7)')
  expect(benchstatLine({ ...line, first: { median: 12_300, n: 3, share: null } })).toStartWith(
    '12.3 ms ± ∞  →',
  )
})

test('samples that cannot be tested are refused by name', () => {
  expect(() => mannWhitney([], [1])).toThrow('expected 1 to 100 trials of a side, got 0')
  expect(() => mannWhitney([1], new Array(MAX_TRIALS_PER_SIDE + 1).fill(1))).toThrow('got 101')
  expect(() => mannWhitney([Number.NaN], [1])).toThrow('expected a finite figure')
  expect(() => ratioInterval([0, 1], [1, 2])).toThrow('above 0')
})
