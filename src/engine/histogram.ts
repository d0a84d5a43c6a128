import { AppError } from '../errors/app-error.ts'
import { decodeCounts, encodeCounts } from './hdr-codec.ts'
import { HDR_HIGHEST_US, HDR_LENGTH, hdrIndex } from './hdr-layout.ts'
import type { EncodedHistogram } from './types.ts'

// Counters up to about 16 s; more are added when a value needs them.
const INITIAL_LENGTH = 15 * 1024

/**
 * A histogram of whole microseconds (1 µs – 24 h, 3 significant digits) that never loses a value: negative ones count
 * as 0 and are counted apart, larger ones count at the upper end and are counted apart, fractions are cut off. It
 * counts in HdrHistogram's own layout, in doubles: a counter is exact up to 2⁵³ and can't wrap.
 */
export class Recorder {
  #counts = new Float64Array(INITIAL_LENGTH)
  #maxIndex = -1
  #count = 0
  #saturated = 0
  #negative = 0
  #minimumUs = 0

  get count(): number {
    return this.#count
  }

  record(us: number): void {
    this.recordCount(us, 1)
  }

  /** Records the value `n` times. @throws AppError('CONTRACT') for what is no number: a defect of the caller. */
  recordCount(us: number, n: number): void {
    const index = us >= 0 && us < HDR_HIGHEST_US ? hdrIndex(Math.floor(us)) : this.#outside(us, n)
    if (index >= this.#counts.length) this.#grow(index)
    this.#counts[index]! += n
    this.#count += n
    if (index > this.#maxIndex) this.#maxIndex = index
  }

  /** Adds all that another recorder holds. */
  add(other: Recorder): void {
    if (other.#maxIndex >= this.#counts.length) this.#grow(other.#maxIndex)
    const mine = this.#counts
    const theirs = other.#counts
    for (let i = 0; i <= other.#maxIndex; i++) mine[i]! += theirs[i]!
    this.#maxIndex = Math.max(this.#maxIndex, other.#maxIndex)
    this.#count += other.#count
    this.#addGuards(other.#saturated, other.#negative, other.#minimumUs)
  }

  /** Adds an encoded histogram, `times` times. */
  addEncoded(encoded: EncodedHistogram, times = 1): void {
    decodeCounts(encoded.hdr, (index, count) => {
      if (index >= this.#counts.length) this.#grow(index)
      this.#counts[index]! += count * times
      this.#count += count * times
      if (index > this.#maxIndex) this.#maxIndex = index
    })
    this.#addGuards(encoded.saturated * times, encoded.negative * times, encoded.minimumUs)
  }

  /** Calls `visit` for each counter in use, in rising order; see `hdrLowestUs` and `hdrHighestUs` for its values. */
  forEachCount(visit: (index: number, count: number) => void): void {
    for (let i = 0; i <= this.#maxIndex; i++) {
      const count = this.#counts[i]!
      if (count > 0) visit(i, count)
    }
  }

  encode(): EncodedHistogram {
    if (this.#count === 0) return EMPTY_HISTOGRAM
    return {
      hdr: encodeCounts(this.#counts, this.#maxIndex),
      count: this.#count,
      saturated: this.#saturated,
      negative: this.#negative,
      minimumUs: this.#minimumUs,
    }
  }

  reset(): void {
    this.#counts.fill(0, 0, this.#maxIndex + 1)
    this.#maxIndex = -1
    this.#count = 0
    this.#saturated = 0
    this.#negative = 0
    this.#minimumUs = 0
  }

  #outside(us: number, n: number): number {
    if (us < 0) {
      this.#addGuards(0, n, Math.floor(us))
      return 0
    }
    if (!(us >= HDR_HIGHEST_US)) throw new AppError('CONTRACT', `expected microseconds, got ${us}`)
    if (us >= HDR_HIGHEST_US + 1) this.#saturated += n
    return hdrIndex(HDR_HIGHEST_US)
  }

  #addGuards(saturated: number, negative: number, minimumUs: number): void {
    this.#saturated += saturated
    this.#negative += negative
    this.#minimumUs = Math.min(this.#minimumUs, minimumUs)
  }

  #grow(index: number): void {
    const counts = new Float64Array(Math.min(HDR_LENGTH, Math.max(index + 1, this.#counts.length * 2)))
    counts.set(this.#counts)
    this.#counts = counts
  }
}

/** A histogram without values. */
export const EMPTY_HISTOGRAM: EncodedHistogram = Object.freeze({
  hdr: encodeCounts(new Float64Array(0), -1),
  count: 0,
  saturated: 0,
  negative: 0,
  minimumUs: 0,
})

/** All values of all histograms in one, without loss: the same as recording every value into one recorder. */
export function mergeHistograms(list: readonly EncodedHistogram[]): EncodedHistogram {
  const filled = list.filter((encoded) => encoded.count > 0)
  if (filled.length <= 1) return filled[0] ?? EMPTY_HISTOGRAM
  const recorder = new Recorder()
  for (const encoded of filled) recorder.addEncoded(encoded)
  return recorder.encode()
}
