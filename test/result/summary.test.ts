// Goal: quantiles over completed and censored values, and `atLeast` exactly where counting the censored as infinite
// would change the value. Method: hand-made cases, and a property test against sorted arrays of raw values.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { summarise } from '../../src/result/summary.ts'
import { encoded } from './sample-result.ts'

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

test('quantiles by nearest rank, exact below 2048 µs', () => {
  const summary = summarise(encoded(range(1, 1_000)), encoded([]))
  expect(summary.p50).toEqual({ us: 500, atLeast: false })
  expect(summary.p99).toEqual({ us: 990, atLeast: false })
  expect(summary.p999).toEqual({ us: 999, atLeast: false })
  expect(summary.max).toEqual({ us: 1_000, atLeast: false })
  expect(summary.meanUs).toBeCloseTo(500.5, 3)
})

test('nothing recorded: no mean, zero counts, nothing marked', () => {
  const summary = summarise(encoded([]), encoded([]))
  expect(summary).toMatchObject({ count: 0, censored: 0, meanUs: null, p50: { us: 0, atLeast: false } })
})

test('two in a hundred never came: p99 and max are lower bounds, p95 is not', () => {
  const summary = summarise(encoded(range(1, 98)), encoded([1_500, 1_600]))
  expect(summary.p95).toEqual({ us: 95, atLeast: false })
  expect(summary.p99).toEqual({ us: 1_500, atLeast: true })
  expect(summary.max).toEqual({ us: 1_600, atLeast: true })
  expect(summary).toMatchObject({ count: 100, censored: 2 })
})

test('a lower bound below completed values moves the quantile, so it is marked', () => {
  const summary = summarise(encoded([100, 200, 300]), encoded([50]))
  expect(summary.p50).toEqual({ us: 100, atLeast: true })
})

test('counts of negative and saturated values are carried', () => {
  const summary = summarise(encoded([1], { negative: 3, saturated: 2 }), encoded([5], { saturated: 1 }))
  expect(summary).toMatchObject({ negative: 3, saturated: 3 })
})

test('property: equals the sorted raw values, with infinities in place of the censored', () => {
  const values = fc.array(fc.integer({ min: 0, max: 2_047 }), { maxLength: 60 })
  fc.assert(
    fc.property(values, values, (completed, censored) => {
      const summary = summarise(encoded(completed), encoded(censored))
      const all = [...completed, ...censored].sort((a, b) => a - b)
      const infinite = [...completed, ...censored.map(() => Number.POSITIVE_INFINITY)].sort((a, b) => a - b)
      if (all.length === 0) return
      for (const [name, parts] of [
        ['p50', 5_000],
        ['p95', 9_500],
        ['p99', 9_900],
        ['max', 10_000],
      ] as const) {
        const index = Math.max(1, Math.ceil((parts * all.length) / 10_000)) - 1
        expect(summary[name]).toEqual({ us: all[index]!, atLeast: infinite[index] !== all[index] })
      }
    }),
  )
})
