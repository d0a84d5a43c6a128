import type { Clock } from '../../../src/clock/clock.ts'
import { SystemClock } from '../../../src/clock/system-clock.ts'

/** Real time, whose wall clock can be moved on: days of a bill pass in no time. */
export interface ShiftedClock extends Clock {
  /** Moves the wall clock on, and leaves waits as they are. */
  skip(ms: number): void
}

/** A clock that starts at `wallMs`. */
export function shiftedClock(wallMs: number): ShiftedClock {
  const real = new SystemClock()
  let shiftMs = wallMs - real.wallMs()
  return {
    nowUs: () => real.nowUs(),
    wallMs: () => real.wallMs() + shiftMs,
    sleep: (delayMs, signal) => real.sleep(delayMs, signal),
    schedule: (delayMs, callback) => real.schedule(delayMs, callback),
    skip: (ms) => {
      shiftMs += ms
    },
  }
}
