import { messageOf } from '../errors/app-error.ts'
import type { Crew } from './crew.ts'
import { intervalBoundaries } from './intervals.ts'

/** From the decision until the schedule changes: time for every worker to hear of it. */
export const RETIME_LEAD_MS = 3_000

/** When warm-up and measure end; µs. */
export interface Timing {
  readonly warmupUs: number
  readonly measureUs: number
}

/** The first whole second, counted from the epoch, that every worker can still be told of. */
export function nextChangeUs(elapsedUs: number): number {
  return Math.ceil((elapsedUs + RETIME_LEAD_MS * 1000) / 1e6) * 1e6
}

/**
 * Tells all workers other ends of warm-up and measure. Null: all follow. A sentence: at least one does not, because it heard
 * of it too late or not at all, so that the trial has no common schedule any more.
 */
export async function retime(crew: Crew, timing: Timing, restUs: number): Promise<string | null> {
  const boundariesUs = intervalBoundaries(timing.warmupUs, timing.measureUs, restUs)
  try {
    await crew.askAll('retime', () => ({ ...timing, boundariesUs }), {
      signal: AbortSignal.any([AbortSignal.timeout(RETIME_LEAD_MS), crew.death]),
    })
    return null
  } catch (error) {
    return `the schedule could not be changed while it ran: ${messageOf(error)}`
  }
}
