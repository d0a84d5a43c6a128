import type { Clock } from './clock.ts'

/** The runtime's timers know whole milliseconds, and may be late by one more. */
const BLOCKED_MS = 2
const nothing = new Int32Array(new SharedArrayBuffer(4))

/**
 * Resolves at an instant of the clock, never before it and sooner after it than a timer would. For the few instants that
 * a result depends on: for the last two milliseconds the thread is blocked. Rejects with the signal's reason when it
 * aborts before that.
 *
 * @param us µs as the clock's `nowUs` counts them; an instant that is over is fine
 */
export async function sleepUntil(clock: Clock, us: number, signal?: AbortSignal): Promise<void> {
  const restMs = () => (us - clock.nowUs()) / 1000
  await clock.sleep(Math.max(0, restMs() - BLOCKED_MS), signal)
  const blockedMs = restMs()
  if (blockedMs > 0) Atomics.wait(nothing, 0, 0, Math.min(blockedMs, BLOCKED_MS))
  // A clock may run slower than the host's, or be a simulated one.
  if (restMs() > 0) await clock.sleep(restMs(), signal)
}
