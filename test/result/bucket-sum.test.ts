// Goal: the fast sum of encoded histograms tells the same as the library. Method: random histograms over the whole range
// are encoded by the library, summed by both, and every bucket and quantile is compared; broken texts are refused.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { build, type Histogram } from 'hdr-histogram-js'
import {
  type Bucket,
  decodeHistogram,
  emptyHistogram,
  encodeHistogram,
  HIGHEST_TRACKABLE_US,
  meanOf,
  sumHistograms,
  summedBuckets,
} from '../../src/result/histogram.ts'

const value = fc.oneof(
  fc.integer({ min: 0, max: 5_000 }),
  fc.integer({ min: 0, max: 100_000_000 }),
  fc.integer({ min: 0, max: HIGHEST_TRACKABLE_US }),
)
const recorded = fc.array(fc.tuple(value, fc.integer({ min: 1, max: 5_000_000_000 })), { maxLength: 40 })

function encodedOf(values: readonly (readonly [number, number])[]): string {
  const histogram = emptyHistogram()
  for (const [us, count] of values) histogram.recordValueWithCount(us, count)
  return encodeHistogram(histogram)
}

/** The part of the library's class that its public type leaves out. */
interface IndexedHistogram extends Histogram {
  readonly countsArrayLength: number
  getCountAtIndex(index: number): number
  valueFromIndex(index: number): number
  highestEquivalentValue(value: number): number
}

function bucketsByLibrary(histogram: Histogram): Bucket[] {
  const indexed = histogram as IndexedHistogram
  return Array.from({ length: indexed.countsArrayLength }, (_, index) => ({
    us: indexed.highestEquivalentValue(indexed.valueFromIndex(index)),
    count: indexed.getCountAtIndex(index),
  })).filter(({ count }) => count > 0)
}

test('the same buckets and quantiles as the library, however many are summed', () => {
  fc.assert(
    fc.property(fc.array(recorded, { maxLength: 5 }), (lists) => {
      const hdrs = lists.map(encodedOf)
      const library = emptyHistogram()
      for (const hdr of hdrs) library.add(decodeHistogram(hdr))
      expect(summedBuckets(hdrs)).toEqual(bucketsByLibrary(library))
      expect(meanOf(summedBuckets(hdrs))).toBeCloseTo(library.mean, 3)
      const ours = sumHistograms(hdrs)
      expect(ours.totalCount).toBe(library.totalCount)
      expect(ours.maxValue).toBe(library.maxValue)
      for (const percent of [0, 50, 99, 99.9, 100]) {
        expect(ours.getValueAtPercentile(percent)).toBe(library.getValueAtPercentile(percent))
      }
    }),
    { numRuns: 60 },
  )
})

test('empty texts are empty histograms', () => {
  expect(summedBuckets([])).toEqual([])
  expect(summedBuckets(['', ''])).toEqual([])
})

test('what is no such histogram is refused, and leaves nothing behind', () => {
  const good = encodedOf([[1_000, 3]])
  const other = build({ numberOfSignificantValueDigits: 2, highestTrackableValue: 1_000_000 })
  other.recordValue(7)
  for (const bad of ['AAAA', 'bm8gaGlzdG9ncmFt', encodeHistogram(other), good.slice(0, -12)]) {
    expect(() => summedBuckets([good, bad])).toThrow()
  }
  expect(summedBuckets([good])).toEqual([{ us: 1_000, count: 3 }])
})
