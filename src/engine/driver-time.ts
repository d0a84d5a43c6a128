import { BusyLog } from './busy-log.ts'

/**
 * Splits lateness: how much of it the driver had the thread, or had refused the producer. Calls of any producer of the
 * process count, since one thread serves them all; refusals count for their own producer, without the calls within.
 */
export class DriverTime {
  readonly #calls: BusyLog
  readonly #refusals = new BusyLog()
  #refusedSinceUs = -1

  /** @param calls the driver calls of the whole process */
  constructor(calls: BusyLog) {
    this.#calls = calls
  }

  get refused(): boolean {
    return this.#refusedSinceUs >= 0
  }

  /** The driver took less than offered, in a call that ended now. */
  refuse(nowUs: number): void {
    if (this.#refusedSinceUs < 0) this.#refusedSinceUs = nowUs
  }

  /** The driver took something, in a call that began at `startUs`. */
  accept(startUs: number): void {
    const sinceUs = this.#refusedSinceUs
    if (sinceUs < 0) return
    const callsUs = this.#calls.totalAt(startUs) - this.#calls.totalAt(sinceUs)
    this.#refusals.record(sinceUs, startUs, Math.max(0, startUs - sinceUs - callsUs))
    this.#refusedSinceUs = -1
  }

  /** The driver's time until the instant. */
  totalAt(us: number): number {
    return this.#calls.totalAt(us) + this.#refusals.totalAt(us)
  }

  /** Earlier instants are not asked for any more. */
  forget(beforeUs: number): void {
    this.#refusals.forget(beforeUs)
  }
}
