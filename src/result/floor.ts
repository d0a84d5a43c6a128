import type { LatencyName } from '../engine/types.ts'
import type { ExperimentResult, LatencySummary } from './result.ts'

/** Latencies that have a floor; the parts of the schedule delay are the generator's own. */
export const FLOOR_LATENCIES = ['publish', 'service', 'endToEnd', 'scheduleDelay'] as const
export type FloorLatency = (typeof FLOOR_LATENCIES)[number]

/** Quantiles that have a floor: the largest value of a few seconds is no figure to hold others against. */
export const FLOOR_QUANTILES = ['p50', 'p95', 'p99', 'p999'] as const
export type FloorQuantile = (typeof FLOOR_QUANTILES)[number]

/** Microseconds. */
export type FloorFigures = Readonly<Record<FloorQuantile, number>>

/**
 * What bench shows of a system that costs nothing: an echo server on loopback, in the place of the broker. Nothing smaller
 * can be measured, and of what is not much larger an unknown part is bench's own.
 */
export interface NoiseFloor {
  /** ISO 8601. */
  readonly measuredAt: string
  /** `quick`: of a few seconds at the start of a run; `full`: of `bench calibrate`. */
  readonly kind: 'quick' | 'full'
  /** Load under which it was measured. */
  readonly rateHz: number
  readonly messageBytes: number
  readonly latencies: Readonly<Record<FloorLatency, FloorFigures>>
  /** Why it may not hold for the machine and version of this run, else null. */
  readonly stale: string | null
}

/** Below so many times the floor a latency is marked. */
export const FLOOR_FACTOR = 3

/** The floor of a quantile of a latency, µs; null where there is none. */
export function floorUs(floor: NoiseFloor | undefined, name: LatencyName, quantile: string): number | null {
  const figures = floor?.latencies[name as FloorLatency]
  return figures?.[quantile as FloorQuantile] ?? null
}

/** Whether a quantile is so small that an unknown part of it is bench's own. */
export function isNearFloor(
  floor: NoiseFloor | undefined,
  name: LatencyName,
  quantile: string,
  us: number,
): boolean {
  // The schedule delay says how late the generator was: it is a floor, not a figure of a system.
  if (name === 'scheduleDelay') return false
  const ownUs = floorUs(floor, name, quantile)
  return ownUs !== null && us < FLOOR_FACTOR * ownUs
}

/** Names of the marked quantiles of a summary. */
export function nearFloor(
  { floor }: Pick<ExperimentResult, 'floor'>,
  name: LatencyName,
  summary: LatencySummary,
): FloorQuantile[] {
  if (summary.count === 0) return []
  return FLOOR_QUANTILES.filter((quantile) => isNearFloor(floor, name, quantile, summary[quantile].us))
}
