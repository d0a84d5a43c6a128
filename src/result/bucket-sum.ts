import { inflateSync } from 'node:zlib'
import type { Bucket } from './histogram.ts'

/**
 * Reads the wire form of histograms (HdrHistogram's V2 encoding, compressed, base64) straight into sums of counts. A
 * report reads tens of thousands of them, a few hundred counts each: the library would fill an array of 200 kB for each.
 */

const COMPRESSED_COOKIE = 0x1c849304
const COOKIE = 0x1c849303
/** The low digit of a cookie's second nibble is the word size, which says nothing here. */
const COOKIE_MASK = ~0xf0
const COMPRESSED_HEADER_BYTES = 8
const HEADER_BYTES = 40

/** What fixes the value of each index. */
export interface HistogramRange {
  readonly digits: number
  readonly lowest: number
  readonly countsLength: number
  /** Highest value that counts at an index may stand for, whole µs. */
  highestAt(index: number): number
}

/** Sums up histograms of one range; buckets in rising order. Throws for a text that is not such a histogram. */
export function bucketSum(range: HistogramRange): (hdrs: Iterable<string>) => readonly Bucket[] {
  // Shared by all calls, and all zeros between them.
  const counts = new Float64Array(range.countsLength)
  return (hdrs) => {
    let end = 0
    try {
      for (const hdr of hdrs) if (hdr !== '') end = Math.max(end, addCounts(hdr, counts, range))
      return bucketsUpTo(end, counts, range)
    } finally {
      counts.fill(0)
    }
  }
}

function bucketsUpTo(end: number, counts: Float64Array, range: HistogramRange): Bucket[] {
  const buckets: Bucket[] = []
  for (let index = 0; index < end; index++) {
    const count = counts[index]!
    if (count > 0) buckets.push({ us: range.highestAt(index), count })
  }
  return buckets
}

/** Adds one histogram; returns the index behind its last count. */
function addCounts(hdr: string, counts: Float64Array, range: HistogramRange): number {
  const bytes = payloadOf(hdr, range)
  let index = 0
  for (let at = 0; at < bytes.length; ) {
    // A count, or the negative length of a run of zeros: zigzag, seven bits a byte, at most nine bytes.
    let word = 0
    let factor = 1
    let byte: number
    do {
      byte = bytes[at++]!
      word += (byte & 0x7f) * factor
      factor *= 128
    } while (byte >= 0x80 && at < bytes.length)
    if (word % 2 === 1) index += (word + 1) / 2
    else if (index < counts.length) counts[index++]! += word / 2
    else throw new Error(`expected a histogram of at most ${counts.length} counts, found more`)
  }
  return Math.min(index, counts.length)
}

function payloadOf(hdr: string, { digits, lowest }: HistogramRange): Buffer {
  const outer = Buffer.from(hdr, 'base64')
  if (outer.length < COMPRESSED_HEADER_BYTES || cookieOf(outer) !== COMPRESSED_COOKIE) {
    throw new Error('expected an HdrHistogram (V2, compressed), found something else')
  }
  const inner = inflateSync(outer.subarray(COMPRESSED_HEADER_BYTES))
  if (inner.length < HEADER_BYTES || cookieOf(inner) !== COOKIE) {
    throw new Error('expected an HdrHistogram (V2), found something else')
  }
  if (inner.readInt32BE(12) !== digits || inner.readBigInt64BE(16) !== BigInt(lowest)) {
    throw new Error(`expected a histogram with ${digits} significant digits from ${lowest} µs, found another`)
  }
  const length = inner.readInt32BE(4)
  return inner.subarray(HEADER_BYTES, HEADER_BYTES + length)
}

function cookieOf(bytes: Buffer): number {
  return bytes.readInt32BE(0) & COOKIE_MASK
}
