import { countText, msText } from '../result/figures.ts'
import type { Second } from './events.ts'

/** Every figure of the test that ends an automatic warm-up. docs/load-shapes.md names them. */
export const STEADY = {
  /** Two windows of so many seconds are held against each other. */
  windowS: 5,
  /** What is due must come back: this share of it, in the later window. */
  keptShare: 0.98,
  /** Rates may differ by this share … */
  rateShare: 0.03,
  /** … or by as much as chance makes of so many standard deviations of a Poisson number. */
  rateDeviations: 4,
  /** Medians over the seconds' p50 may differ by this share, or by this much. */
  p50Share: 0.1,
  p50Us: 200,
  /** The same of p99. */
  p99Share: 0.25,
  p99Us: 1_000,
} as const

/** The part of a second that is looked at. */
export type SteadySecond = Pick<
  Second,
  'scheduledHz' | 'acknowledgedHz' | 'receivedHz' | 'publish' | 'endToEnd'
>

/** Seconds that are needed at least. */
export const STEADY_SECONDS = 2 * STEADY.windowS

/**
 * Why a load has not settled yet, or null: it has. Looks at the last two windows: what is due must come back in the later
 * one, and rates, median and 99th percentile of both latencies must be alike in both. Pure.
 */
export function unsettled(seconds: readonly SteadySecond[], subscriptions: number): string | null {
  if (seconds.length < STEADY_SECONDS) {
    return `only ${seconds.length} s were seen, ${STEADY_SECONDS} s are needed`
  }
  const before = seconds.slice(-STEADY_SECONDS, -STEADY.windowS)
  const after = seconds.slice(-STEADY.windowS)
  const rates = [
    ['acknowledgements', ({ acknowledgedHz }: SteadySecond) => acknowledgedHz],
    ['deliveries', ({ receivedHz }: SteadySecond) => receivedHz / subscriptions],
  ] as const
  const dueHz = mean(after.map(({ scheduledHz }) => scheduledHz))
  if (dueHz === 0) return 'nothing was due'
  for (const [name, read] of rates) {
    const reason = rateReason(name, mean(before.map(read)), mean(after.map(read)), dueHz)
    if (reason !== null) return reason
  }
  return latencyReason('publish', before, after) ?? latencyReason('endToEnd', before, after)
}

function rateReason(name: string, beforeHz: number, afterHz: number, dueHz: number): string | null {
  // The mean of a window has this deviation where arrivals come by chance.
  const chanceHz = STEADY.rateDeviations * Math.sqrt(dueHz / STEADY.windowS)
  const rate = `${countText(afterHz)} ${name}/s`
  if (afterHz < STEADY.keptShare * dueHz - chanceHz) return `${rate} of ${countText(dueHz)} due`
  const allowedHz = Math.max(STEADY.rateShare * beforeHz, Math.SQRT2 * chanceHz)
  return Math.abs(afterHz - beforeHz) <= allowedHz
    ? null
    : `${rate} after ${countText(beforeHz)}/s in the ${STEADY.windowS} s before`
}

function latencyReason(
  name: 'publish' | 'endToEnd',
  before: readonly SteadySecond[],
  after: readonly SteadySecond[],
): string | null {
  const title = name === 'publish' ? 'publish' : 'end-to-end'
  for (const [key, quantile, share, leastUs] of [
    ['p50Us', 'p50', STEADY.p50Share, STEADY.p50Us],
    ['p99Us', 'p99', STEADY.p99Share, STEADY.p99Us],
  ] as const) {
    const middle = (window: readonly SteadySecond[]) =>
      median(window.flatMap((second) => second[name]?.[key] ?? []))
    const [beforeUs, afterUs] = [middle(before), middle(after)]
    if (beforeUs === null || afterUs === null) return `no ${title} latency was seen`
    if (Math.abs(afterUs - beforeUs) > Math.max(share * beforeUs, leastUs)) {
      return `${title} ${quantile} ${msText(afterUs)} after ${msText(beforeUs)} in the ${STEADY.windowS} s before`
    }
  }
  return null
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null
  const ordered = values.toSorted((a, b) => a - b)
  const middle = ordered.length >> 1
  return ordered.length % 2 === 1 ? ordered[middle]! : (ordered[middle - 1]! + ordered[middle]!) / 2
}
