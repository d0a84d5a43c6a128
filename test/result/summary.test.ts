// Goal: quantiles over what came and what never came are right, and marked where the truth may be larger.
// Method: properties against sorted lists, censored values taken as they are and as infinite.
import { expect, setDefaultTimeout, test } from 'bun:test'
import fc from 'fast-check'
import { EMPTY_HISTOGRAM, Recorder } from '../../src/engine/histogram.ts'
import type { EncodedHistogram } from '../../src/engine/types.ts'
import { summarise } from '../../src/result/summary.ts'

// A deadline for a busy machine, not a measure.
setDefaultTimeout(60_000)

function encoded(list: readonly number[]): EncodedHistogram {
  const recorder = new Recorder()
  for (const us of list) recorder.record(us)
  return recorder.encode()
}

/** Value of rank ⌈q·n⌉; q in ten-thousandths, so that the rank is exact. */
function naive(list: readonly number[], tenThousandths: number): number {
  const sorted = [...list].sort((a, b) => a - b)
  const rank = Math.ceil((tenThousandths * sorted.length) / 10_000)
  return sorted[Math.max(1, rank) - 1]!
}

const QUANTILES = [
  ['p50', 5000],
  ['p75', 7500],
  ['p95', 9500],
  ['p99', 9900],
  ['p999', 9990],
  ['p9999', 9999],
  ['max', 10_000],
] as const

test('quantiles are within a thousandth of the naive ones, and marked exactly where infinity would change them', () => {
  const lists = fc.array(fc.integer({ min: 0, max: 100_000_000 }), { maxLength: 400 })
  fc.assert(
    fc.property(
      lists,
      fc.array(fc.integer({ min: 0, max: 100_000_000 }), { maxLength: 30 }),
      (seen, censored) => {
        const summary = summarise(encoded(seen), encoded(censored))
        expect(summary.count).toBe(seen.length + censored.length)
        expect(summary.censored).toBe(censored.length)
        if (summary.count === 0) return
        for (const [name, q] of QUANTILES) {
          const atBound = naive([...seen, ...censored], q)
          const atInfinity = naive([...seen, ...censored.map(() => Number.POSITIVE_INFINITY)], q)
          const quantile = summary[name]
          expect(quantile.us).toBeGreaterThanOrEqual(atBound)
          expect(quantile.us - atBound).toBeLessThanOrEqual(atBound / 1000)
          // Different values may share a bucket, which prints the same; only those beyond it must be marked.
          if (atInfinity > quantile.us) expect(quantile.atLeast).toBe(true)
          if (atInfinity === atBound && name !== 'max') expect(quantile.atLeast).toBe(false)
        }
        expect(summary.max.atLeast).toBe(censored.length > 0)
      },
    ),
  )
})

test('nothing recorded gives zeros and no mean', () => {
  const summary = summarise(EMPTY_HISTOGRAM, EMPTY_HISTOGRAM)
  expect(summary).toMatchObject({ count: 0, meanUs: null, p99: { us: 0, atLeast: false } })
})

test('the mean is of what came', () => {
  expect(summarise(encoded([100, 300]), encoded([1_000_000])).meanUs).toBe(200)
})
