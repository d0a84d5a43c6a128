import { scramble } from './random.ts'

/** Where messages lie among the positions of a rate profile. Pure: the same arguments give the same numbers. */
export interface Arrivals {
  /** Messages at positions before `limit`. */
  countBefore(limit: number): number
  /** Position of message k; never falls. */
  at(k: number): number
}

/** Message k at position k: evenly spaced at the rate of the moment. */
export const EVEN_ARRIVALS: Arrivals = {
  countBefore: (limit) => Math.max(0, Math.ceil(limit)),
  at: (k) => k,
}

/** Positions of a slice: its arrivals are made when they are asked for, and forgotten again. */
const SLICE_POSITIONS = 256
/** Slices of the longest schedule; a longer one has longer slices. */
const MAX_SLICES = 2 ** 20
/** Slices kept: those that are sent from and those that are settled lie far apart, each group close together. */
const KEPT_SLICES = 64

/**
 * A Poisson process of one arrival a position, up to `total` positions: exact in law at every scale, and any arrival is
 * known without those before it. The numbers in slices are Poisson; given its number, the arrivals of a slice are uniform.
 * Takes 8 bytes a slice, at most 8 MiB, whatever the number of messages.
 */
export function poissonArrivals(total: number, seed: number): Arrivals {
  const slicePositions = Math.max(SLICE_POSITIONS, Math.ceil(total / MAX_SLICES))
  const slices = Math.ceil(total / slicePositions)
  const draw = newDraws()
  /** Arrivals before each slice. */
  const before = new Float64Array(slices + 1)
  for (let slice = 0; slice < slices; slice++) {
    draw.begin(seed, 2 * slice)
    before[slice + 1] = before[slice]! + poissonCount(slicePositions, draw.uniform)
  }
  const kept = Array.from({ length: KEPT_SLICES }, () => ({ slice: -1, positions: new Float64Array(0) }))
  let last = 0

  function arrivalsOf(slice: number): Float64Array {
    const entry = kept[slice % KEPT_SLICES]!
    if (entry.slice !== slice) {
      const count = before[slice + 1]! - before[slice]!
      if (entry.positions.length < count) entry.positions = new Float64Array(2 * count)
      fillUniform(entry.positions, count, slice * slicePositions, slicePositions, draw, seed, 2 * slice + 1)
      entry.slice = slice
    }
    return entry.positions
  }

  function sliceOf(k: number): number {
    if (before[last]! <= k && k < before[last + 1]!) return last
    let low = 0
    let high = slices - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (before[middle]! <= k) low = middle
      else high = middle - 1
    }
    last = low
    return low
  }

  return {
    countBefore(limit) {
      if (limit <= 0) return 0
      const slice = Math.floor(limit / slicePositions)
      if (slice >= slices) return before[slices]!
      const positions = arrivalsOf(slice)
      let low = 0
      let high = before[slice + 1]! - before[slice]!
      while (low < high) {
        const middle = (low + high) >> 1
        if (positions[middle]! < limit) low = middle + 1
        else high = middle
      }
      return before[slice]! + low
    },
    at(k) {
      const slice = sliceOf(k)
      return arrivalsOf(slice)[k - before[slice]!]!
    },
  }
}

/** Ordered uniform numbers are sums of exponential ones, divided by the sum of one more: nothing is sorted. */
function fillUniform(
  positions: Float64Array,
  count: number,
  from: number,
  width: number,
  draw: Draws,
  seed: number,
  number: number,
): void {
  draw.begin(seed, number)
  let sum = 0
  for (let i = 0; i < count; i++) {
    sum -= Math.log(draw.uniform())
    positions[i] = sum
  }
  const scale = width / (sum - Math.log(draw.uniform()))
  for (let i = 0; i < count; i++) positions[i] = from + positions[i]! * scale
}

interface Draws {
  /** Begins the numbers that belong to a slice of a seed. */
  begin(seed: number, number: number): void
  /** Between 0 and 1, neither of them. */
  readonly uniform: () => number
}

function newDraws(): Draws {
  let state = 0
  return {
    begin(seed, number) {
      state = scramble(scramble(seed >>> 0) ^ Math.imul(number + 1, 0x9e3779b1))
    },
    uniform() {
      state = (state + 0x6d2b79f5) >>> 0
      return (scramble(state) + 0.5) / 2 ** 32
    },
  }
}

/** A Poisson number of a mean of at least 10: W. Hörmann, "The transformed rejection method …" (PTRS), 1993. */
function poissonCount(mean: number, uniform: () => number): number {
  const b = 0.931 + 2.53 * Math.sqrt(mean)
  const a = -0.059 + 0.02483 * b
  const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4)
  const acceptance = 0.9277 - 3.6224 / (b - 2)
  for (;;) {
    const u = uniform() - 0.5
    const v = uniform()
    const us = 0.5 - Math.abs(u)
    const k = Math.floor(((2 * a) / us + b) * u + mean + 0.43)
    if (us >= 0.07 && v <= acceptance) return k
    if (k < 0 || (us < 0.013 && v > us)) continue
    const left = Math.log(v * inverseAlpha) - Math.log(a / (us * us) + b)
    if (left <= k * Math.log(mean) - mean - logFactorial(k)) return k
  }
}

const SMALL = 16

/** Stirling's series; of small numbers the sum itself. */
function logFactorial(k: number): number {
  if (k < SMALL) {
    let sum = 0
    for (let i = 2; i <= k; i++) sum += Math.log(i)
    return sum
  }
  const n = k + 1
  return (n - 0.5) * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * n) - 1 / (360 * n ** 3)
}
