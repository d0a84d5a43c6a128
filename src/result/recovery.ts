import type { IntervalResult } from './result.ts'

/** When a side counts as recovered from a fault: what one second of measure must show. */
export const RECOVERY = {
  /** At least this share of what was scheduled in the second is acknowledged in it … */
  leastAcknowledgedShare: 0.9,
  /** … and the 99th percentile of publish latency is at most this many times that before the fault … */
  latencyFactor: 2,
  /** … or at most this much more than it, whichever is larger. */
  latencyMarginUs: 10_000,
} as const

/** An interval may begin this much before a fault's end and count as after it: both are at a whole second, about. */
const SAME_INSTANT_S = 0.05

/** Whether, and when, a side came back to what it did before a fault. Seconds. */
export interface Recovery {
  /** From the fault's end to the begin of the first second within bounds after it; null = none until measure ended. */
  readonly afterEndS: number | null
  /** From the fault's begin to that of the first second back within bounds while the fault was still on; null = none. */
  readonly duringS: number | null
  /** Largest 99th percentile of publish latency that counts as recovered, µs. */
  readonly p99LimitUs: number
  /** Time between the fault's end and the end of measure: how long it was waited for. */
  readonly waitedS: number
}

/**
 * Looks for the recovery from a fault in the seconds of measure. Null where nothing was measured before it, warm-up
 * included, or nothing after it: then nobody can tell.
 */
export function recoveryOf(
  intervals: readonly IntervalResult[],
  { startS, endS }: { readonly startS: number; readonly endS: number },
): Recovery | null {
  const measure = intervals.filter(({ phase }) => phase === 'measure')
  const before = measure.filter((each) => each.endS <= startS + SAME_INSTANT_S)
  const p99Us = medianP99Us(before.length > 0 ? before : intervals.filter(({ phase }) => phase === 'warmup'))
  const after = measure.filter((each) => each.startS >= endS - SAME_INSTANT_S)
  if (p99Us === null || after.length === 0) return null
  const p99LimitUs = Math.max(RECOVERY.latencyFactor * p99Us, p99Us + RECOVERY.latencyMarginUs)
  const isWithin = (interval: IntervalResult) => isWithinBounds(interval, p99LimitUs)
  const found = after.find(isWithin)
  const during = measure.filter(
    (each) => each.startS >= startS - SAME_INSTANT_S && each.endS <= endS + SAME_INSTANT_S,
  )
  const hit = during.findIndex((each) => !isWithin(each))
  const back = hit < 0 ? undefined : during.slice(hit).find(isWithin)
  return {
    afterEndS: found === undefined ? null : Math.max(0, found.startS - endS),
    duringS: back === undefined ? null : back.startS - startS,
    p99LimitUs,
    waitedS: Math.max(0, after.at(-1)!.endS - endS),
  }
}

function isWithinBounds({ counts, latencies }: IntervalResult, p99LimitUs: number): boolean {
  if (counts.acknowledged < RECOVERY.leastAcknowledgedShare * counts.scheduled) return false
  return counts.scheduled === 0 || (latencies.publish?.p99Us ?? Number.POSITIVE_INFINITY) <= p99LimitUs
}

function medianP99Us(intervals: readonly IntervalResult[]): number | null {
  const values = intervals.flatMap(({ latencies }) => latencies.publish?.p99Us ?? []).sort((a, b) => a - b)
  return values[Math.floor(values.length / 2)] ?? null
}
