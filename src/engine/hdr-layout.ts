/**
 * The counts array of an HdrHistogram of 1 µs – 24 h with 3 significant digits, as its authors lay it out: 2,048
 * counters of 1 µs, then 1,024 counters for each doubling of the value.
 */
export const HDR_HIGHEST_US = 86_400_000_000
export const HDR_DIGITS = 3
const HALF = 1024
const HALF_BITS = 10
const LINEAR = 2 * HALF
const TWO_POW_31 = 2 ** 31
const TWO_POW_20 = 2 ** 20

/** Index of the counter of a value: whole microseconds, 0 … HDR_HIGHEST_US. */
export function hdrIndex(us: number): number {
  if (us < LINEAR) return us
  if (us < TWO_POW_31) {
    const shift = 31 - HALF_BITS - Math.clz32(us)
    return shift * HALF + (us >>> shift)
  }
  const shift = 51 - HALF_BITS - Math.clz32(us / TWO_POW_20)
  return shift * HALF + Math.floor(us / 2 ** shift)
}

/** Smallest value counted by a counter. */
export function hdrLowestUs(index: number): number {
  if (index < LINEAR) return index
  const shift = Math.floor(index / HALF) - 1
  return (index - shift * HALF) * 2 ** shift
}

/** Largest value counted by a counter: what HdrHistogram gives as a quantile. */
export function hdrHighestUs(index: number): number {
  return hdrLowestUs(index + 1) - 1
}

/** Counters in all. */
export const HDR_LENGTH = Math.ceil((hdrIndex(HDR_HIGHEST_US) + 1) / HALF) * HALF
