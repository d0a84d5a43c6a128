/**
 * How far another host's clock is from ours, from exchanges over a channel whose delays are unknown, differ by direction
 * and jitter. Everything here is an interval that surely holds the truth, never a mere estimate with an error bar:
 *
 * - An exchange says that the other's stamp was taken between our sending and our receiving. So the offset lay between
 *   `remote − received` and `remote − sent`, however the round trip was divided.
 * - Of the exchanges of a burst the intersection is kept: the fastest way there gives the upper end, the fastest way
 *   back the lower one.
 * - Two bursts bound the drift between them. With the drift bounded, every burst says something about every instant:
 *   its interval, wider by the drift's own uncertainty × its age. Again the intersection is kept.
 *
 * All instants are µs of our clock; offsets are the other clock minus ours.
 */

/** Our clock when we asked, the other's when it answered, and ours when the answer came; µs. */
export interface Exchange {
  readonly sentUs: number
  readonly remoteUs: number
  readonly receivedUs: number
}

export interface OffsetEstimate {
  /** Instant that it holds for. */
  readonly atUs: number
  readonly offsetUs: number
  /** The offset at `atUs` is surely not further away. */
  readonly boundUs: number
  /** How much the other clock gains, µs a µs. */
  readonly drift: number
  /** The drift is surely not further away. */
  readonly driftBound: number
}

export interface OffsetEstimator {
  /** Exchanges one soon after another, at least one. Bursts come in the order of their instants. */
  addBurst(exchanges: readonly Exchange[]): void
  /** Null without any burst. */
  estimate(atUs: number): OffsetEstimate | null
  /** How often the clock did what no steady clock does (it was set, or slewed), so that what was known had to go. */
  readonly restarts: number
}

/** Two clocks, each of which its kernel may slew by 500 ppm. */
export const MAX_DRIFT = 1e-3
/** How far the drift may be from a constant while bursts are remembered: crystals follow the temperature. */
export const MAX_WANDER = 1e-6
/** Bursts remembered; the oldest goes first. */
export const MAX_BURSTS = 120

/** The offset at `atUs` lay between `lowUs` and `highUs`. */
interface Interval {
  readonly atUs: number
  readonly lowUs: number
  readonly highUs: number
}

interface Range {
  readonly low: number
  readonly high: number
}

export function createOffsetEstimator(): OffsetEstimator {
  let known: Interval[] = []
  let drift: Range = { low: -MAX_DRIFT, high: MAX_DRIFT }
  let restarts = 0

  /** Forgets what contradicts the newest burst, and whatever came before that. */
  function forgetContradictions(): void {
    const newest = known.at(-1)!
    for (let first = known.length - 2; first >= 0; first--) {
      const range = driftOf(known.slice(first))
      const at = range === null ? null : offsetAt(known.slice(first), range, newest.atUs)
      if (at !== null) continue
      known = known.slice(first + 1)
      restarts++
      break
    }
    drift = driftOf(known) ?? { low: -MAX_DRIFT, high: MAX_DRIFT }
  }

  return {
    addBurst(exchanges) {
      known.push(intervalOf(exchanges))
      if (known.length > MAX_BURSTS) known.shift()
      const range = driftOf(known)
      if (range !== null && offsetAt(known, range, known.at(-1)!.atUs) !== null) drift = range
      else forgetContradictions()
    },
    estimate(atUs) {
      if (known.length === 0) return null
      const range = offsetAt(known, drift, atUs)
      // The newest burst alone holds, whatever the older ones say of instants far away.
      const { low, high } = range ?? offsetAt(known.slice(-1), drift, atUs)!
      return {
        atUs,
        offsetUs: (low + high) / 2,
        boundUs: (high - low) / 2,
        drift: (drift.low + drift.high) / 2,
        driftBound: (drift.high - drift.low) / 2,
      }
    },
    get restarts() {
      return restarts
    },
  }
}

/** What a burst says of the instant of its fastest exchange. */
function intervalOf(exchanges: readonly Exchange[]): Interval {
  const roundTrip = ({ sentUs, receivedUs }: Exchange) => receivedUs - sentUs
  const fastest = exchanges.reduce((best, each) => (roundTrip(each) < roundTrip(best) ? each : best))
  const atUs = (fastest.sentUs + fastest.receivedUs) / 2
  const all = exchanges.map((exchange) => intervalAt(exchange, atUs))
  const lowUs = Math.max(...all.map((interval) => interval.lowUs))
  const highUs = Math.min(...all.map((interval) => interval.highUs))
  // The clock was set within the burst: only one exchange can be believed.
  return lowUs <= highUs ? { atUs, lowUs, highUs } : intervalAt(fastest, atUs)
}

function intervalAt({ sentUs, remoteUs, receivedUs }: Exchange, atUs: number): Interval {
  const slackUs = MAX_DRIFT * Math.max(Math.abs(atUs - sentUs), Math.abs(atUs - receivedUs))
  return { atUs, lowUs: remoteUs - receivedUs - slackUs, highUs: remoteUs - sentUs + slackUs }
}

/** Between what the drift surely lay, by every pair of bursts; null when they contradict one another. */
function driftOf(known: readonly Interval[]): Range | null {
  let low = -MAX_DRIFT
  let high = MAX_DRIFT
  for (const [j, later] of known.entries()) {
    for (let i = 0; i < j; i++) {
      const earlier = known[i]!
      const spanUs = later.atUs - earlier.atUs
      if (spanUs <= 0) continue
      // The mean over the span may be this far from the mean over any other.
      low = Math.max(low, (later.lowUs - earlier.highUs) / spanUs - 2 * MAX_WANDER)
      high = Math.min(high, (later.highUs - earlier.lowUs) / spanUs + 2 * MAX_WANDER)
    }
  }
  return low <= high ? { low, high } : null
}

/** Between what the offset at an instant surely lay; null when the bursts contradict one another. */
function offsetAt(known: readonly Interval[], drift: Range, atUs: number): Range | null {
  let low = Number.NEGATIVE_INFINITY
  let high = Number.POSITIVE_INFINITY
  for (const { atUs: knownUs, lowUs, highUs } of known) {
    const ageUs = atUs - knownUs
    low = Math.max(low, lowUs + Math.min(drift.low * ageUs, drift.high * ageUs))
    high = Math.min(high, highUs + Math.max(drift.low * ageUs, drift.high * ageUs))
  }
  return low <= high ? { low, high } : null
}
