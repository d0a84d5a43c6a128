import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from 'hdr-histogram-js'
import type { EncodedHistogram } from '../engine/types.ts'
import { bucketSum, type HistogramRange } from './bucket-sum.ts'

/** 24 h: the upper end of every histogram. */
export const HIGHEST_TRACKABLE_US = 86_400_000_000
const SIGNIFICANT_DIGITS = 3
// Doubles: exact to 2⁵³, where 32 bits would wrap without a word.
const BUCKET_BITS = 64

/** An empty histogram of the one range that all results share: whole µs, 1 µs – 24 h, 3 significant digits. */
export function emptyHistogram(): Histogram {
  return build({
    bitBucketSize: BUCKET_BITS,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_TRACKABLE_US,
    numberOfSignificantValueDigits: SIGNIFICANT_DIGITS,
    useWebAssembly: false,
  })
}

/** Reads the `hdr` text of a result. Throws when it is no HDR V2 compressed base64. */
export function decodeHistogram(hdr: string): Histogram {
  return decodeFromCompressedBase64(hdr, BUCKET_BITS, false)
}

/** The `hdr` text of a histogram. */
export function encodeHistogram(histogram: Histogram): string {
  return encodeIntoCompressedBase64(histogram)
}

/** The part of the library's class that its public type leaves out. */
interface IndexedHistogram extends Histogram {
  readonly countsArrayLength: number
  valueFromIndex(index: number): number
  highestEquivalentValue(value: number): number
  medianEquivalentValue(value: number): number
}

/** How often a value, in whole µs, was recorded. The value is the highest that its bucket may hold. */
export interface Bucket {
  readonly us: number
  readonly count: number
}

let ruler: IndexedHistogram | undefined
/** An empty histogram that tells which values are the same to all histograms. */
function theRuler(): IndexedHistogram {
  ruler ??= emptyHistogram() as IndexedHistogram
  return ruler
}

let sum: ((hdrs: Iterable<string>) => readonly Bucket[]) | undefined

/** Recorded values of all these `hdr` texts together, in rising order. An empty text stands for an empty histogram. */
export function summedBuckets(hdrs: Iterable<string>): readonly Bucket[] {
  sum ??= bucketSum(ourRange())
  return sum(hdrs)
}

function ourRange(): HistogramRange {
  const empty = theRuler()
  return {
    digits: SIGNIFICANT_DIGITS,
    lowest: 1,
    countsLength: empty.countsArrayLength,
    highestAt: (index) => empty.highestEquivalentValue(empty.valueFromIndex(index)),
  }
}

/** Mean of all values, each taken as the middle of its bucket, as the library does. 0 without any. */
export function meanOf(buckets: readonly Bucket[]): number {
  let [total, count] = [0, 0]
  for (const bucket of buckets) {
    total += theRuler().medianEquivalentValue(bucket.us) * bucket.count
    count += bucket.count
  }
  return count === 0 ? 0 : total / count
}

/** The sum of histograms as a new one. An empty text stands for an empty histogram. */
export function sumHistograms(hdrs: readonly string[]): Histogram {
  const histogram = emptyHistogram()
  for (const { us, count } of summedBuckets(hdrs)) histogram.recordValueWithCount(us, count)
  return histogram
}

/** Recorded values in rising order, decoded once so that many quantiles cost one walk each over few entries. */
export function bucketsOf(encoded: Pick<EncodedHistogram, 'hdr' | 'count'>): readonly Bucket[] {
  return encoded.count === 0 ? [] : summedBuckets([encoded.hdr])
}
