import type { Clock } from '../../../src/clock/clock.ts'
import { SystemClock } from '../../../src/clock/system-clock.ts'

/** Real time, whose wall clock can be moved on: days of a bill pass in no time. */
export interface ShiftedClock extends Clock {
  /** Moves the wall clock on, and leaves waits as they are. */
  skip(ms: number): void
  /** Delays that are scheduled from now on pass so many times faster; 1 at first. */
  speed: number
}

/** A clock that starts at `wallMs`. */
export function shiftedClock(wallMs: number): ShiftedClock {
  const real = new SystemClock()
  let shiftMs = wallMs - real.wallMs()
  const clock: ShiftedClock = {
    speed: 1,
    nowUs: () => real.nowUs(),
    wallMs: () => real.wallMs() + shiftMs,
    sleep: (delayMs, signal) => real.sleep(delayMs, signal),
    schedule: (delayMs, callback) => real.schedule(delayMs / clock.speed, callback),
    skip: (ms) => {
      shiftMs += ms
    },
  }
  return clock
}

/** Real time, but every second of it counts as `speed` seconds: long limits pass soon. */
export function fastClock(speed: number): Clock {
  const real = new SystemClock()
  const startMs = real.wallMs()
  return {
    nowUs: () => real.nowUs() * speed,
    wallMs: () => startMs + (real.wallMs() - startMs) * speed,
    sleep: (delayMs, signal) => real.sleep(delayMs / speed, signal),
    schedule: (delayMs, callback) => real.schedule(delayMs / speed, callback),
  }
}
