import type { Clock, Timer } from './clock.ts'

/** A clock that is wrong in a known way. */
export interface ClockSkew {
  /** Ahead by so much at `fromUs` of the right clock. */
  readonly offsetUs: number
  readonly driftPpm: number
  readonly fromUs: number
}

/** Tests let worker processes have wrong clocks by it: JSON, name of the worker (`consumer-0`) → `ClockSkew`. */
export const SKEWS_VARIABLE = 'BENCH_TEST_CLOCK_SKEWS'

/** The skew of a worker; null in every run that is no test. */
export function skewOf(worker: string, environment = process.env): ClockSkew | null {
  const text = environment[SKEWS_VARIABLE]
  if (text === undefined) return null
  return (JSON.parse(text) as Readonly<Record<string, ClockSkew>>)[worker] ?? null
}

/** What a wrong clock shows when the right one shows `us`. */
export function skewed(us: number, { offsetUs, driftPpm, fromUs }: ClockSkew): number {
  return us + offsetUs + (driftPpm * (us - fromUs)) / 1e6
}

/** The same clock with a skew; its timers are right. */
export function skewedClock(clock: Clock, skew: ClockSkew): Clock {
  return {
    nowUs: () => skewed(clock.nowUs(), skew),
    wallMs: () => clock.wallMs(),
    sleep: (delayMs, signal) => clock.sleep(delayMs, signal),
    schedule: (delayMs, callback): Timer => clock.schedule(delayMs, callback),
  }
}
