import { seconds } from './life.ts'

/** The time from apply to ready that the lab wants to stay below. */
const GOAL_MS = 120_000

/** `95 s after the apply began (goal: 120 s)`. */
export function readyText(applyToReadyMs: number): string {
  return `${seconds(applyToReadyMs)} after the apply began (goal: ${GOAL_MS / 1000} s)`
}
