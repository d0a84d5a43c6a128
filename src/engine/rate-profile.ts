/** A stretch of time in which the rate stays, or goes from one to another in a straight line. */
export interface RateSegment {
  readonly durationUs: number
  readonly fromHz: number
  readonly toHz: number
}

/**
 * The cumulative rate and its inverse. A _position_ is the number of messages that the rate has made due since the
 * begin, a real number; message k of an even schedule lies at position k. Pure, without allocation.
 */
export interface RateProfile {
  readonly durationUs: number
  /** Position at the end. */
  readonly total: number
  /** Position at an instant; 0 before the begin, `total` after the end. Never falls. */
  positionAt(us: number): number
  /** Instant of a position from 0 to below `total`: the inverse. Never falls. */
  instantUs(position: number): number
}

const MICROSECONDS = 1e6
/** An instant carries at most a few units in the last place of error; one that close to a whole microsecond is it. */
const INSTANT_ROUNDING = 1e-15
/** The same of a position, which is a sum over segments. */
const POSITION_ROUNDING = 1e-12

/**
 * Rates of adjoining segments that are the same make one segment, so that their instants are not rounded twice. With a
 * limit the profile ends there, and has the same instants before it.
 */
export function rateProfile(
  segments: readonly RateSegment[],
  limitUs = Number.POSITIVE_INFINITY,
): RateProfile {
  const merged = mergedSegments(segments)
  const size = merged.length
  const startsUs = new Float64Array(size + 1)
  const positions = new Float64Array(size + 1)
  for (const [i, { durationUs, fromHz, toHz }] of merged.entries()) {
    startsUs[i + 1] = startsUs[i]! + durationUs
    const own = (((fromHz + toHz) / 2) * durationUs) / MICROSECONDS
    positions[i + 1] = snapped(positions[i]! + own, POSITION_ROUNDING)
  }
  const fromHz = Float64Array.from(merged, (segment) => segment.fromHz)
  /** Change of the rate, in Hz a second. */
  const slopes = Float64Array.from(
    merged,
    (segment) => ((segment.toHz - segment.fromHz) * MICROSECONDS) / segment.durationUs,
  )
  const durationUs = Math.min(limitUs, startsUs[size]!)
  // Those who ask go forward, senders ahead of those who settle: both find their segment where it was last.
  let last = 0

  function segmentOf(bounds: Float64Array, value: number): number {
    if (bounds[last]! <= value && value < bounds[last + 1]!) return last
    last = lastNotAbove(bounds, value)
    return last
  }

  function positionAt(us: number): number {
    if (us <= 0 || size === 0) return 0
    if (us >= startsUs[size]!) return positions[size]!
    const i = segmentOf(startsUs, us)
    const s = (us - startsUs[i]!) / MICROSECONDS
    return Math.min(positions[i + 1]!, positions[i]! + s * (fromHz[i]! + (slopes[i]! * s) / 2))
  }

  return {
    durationUs,
    total: positionAt(durationUs),
    positionAt: (us) => positionAt(Math.min(us, durationUs)),
    instantUs(position) {
      const i = segmentOf(positions, position)
      const own = position - positions[i]!
      const rate = fromHz[i]!
      const slope = slopes[i]!
      const us =
        slope === 0
          ? (own * MICROSECONDS) / rate
          : // The root of slope·t²/2 + rate·t = own that does not cancel.
            (2 * own * MICROSECONDS) / (rate + Math.sqrt(Math.max(0, rate * rate + 2 * slope * own)))
      return Math.min(startsUs[i + 1]!, startsUs[i]! + (own === 0 ? 0 : snapped(us, INSTANT_ROUNDING)))
    },
  }
}

function mergedSegments(segments: readonly RateSegment[]): RateSegment[] {
  const merged: RateSegment[] = []
  for (const segment of segments) {
    if (segment.durationUs <= 0) continue
    const before = merged.at(-1)
    const goesOn =
      before !== undefined && isLevel(before) && isLevel(segment) && before.toHz === segment.fromHz
    if (goesOn) {
      merged[merged.length - 1] = { ...segment, durationUs: before.durationUs + segment.durationUs }
    } else merged.push(segment)
  }
  return merged
}

function isLevel({ fromHz, toHz }: RateSegment): boolean {
  return fromHz === toHz
}

function snapped(value: number, rounding: number): number {
  const whole = Math.round(value)
  return Math.abs(value - whole) <= Math.abs(value) * rounding ? whole : value
}

/** The last index but one whose bound is not above the value: of segments without width, the one after them. */
function lastNotAbove(bounds: Float64Array, value: number): number {
  let low = 0
  let high = bounds.length - 2
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (bounds[middle]! <= value) low = middle
    else high = middle - 1
  }
  return low
}
