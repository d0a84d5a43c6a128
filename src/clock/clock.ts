/**
 * The one clock of a run. `nowUs` is monotonic, shared by all processes of a host (same zero: the host's own), in
 * microseconds with fractions; the run's epoch is a value of it, and engines work with `nowUs() - epochUs`.
 */
export interface Clock {
  /** Microseconds since the host's monotonic zero. About 100 ns a call: read it once per batch, not per message. */
  nowUs(): number
  /** Wall time in milliseconds since 1970, for file names and logs; never for latencies. */
  wallMs(): number
  /** Resolves after at least `delayMs`; rejects with the signal's reason when it aborts. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>
  /** Calls `callback` once after about `delayMs` (timers of the runtime may be up to 1 ms early); the handle cancels it. */
  schedule(delayMs: number, callback: () => void): Timer
}

export interface Timer {
  cancel(): void
}
