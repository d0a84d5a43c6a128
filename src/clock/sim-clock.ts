import type { Clock, Timer } from './clock.ts'

interface PendingTimer {
  readonly atUs: number
  readonly order: number
  readonly callback: () => void
}

/**
 * A clock that moves only when told: deterministic tests of everything that waits. Timers fire in order of their
 * instants, ties in order of their making. A callback may call `spend` to model a thread that is blocked.
 */
export class SimClock implements Clock {
  #nowUs: number
  #order = 0
  #timers: PendingTimer[] = []

  constructor(startUs = 0) {
    this.#nowUs = startUs
  }

  nowUs(): number {
    return this.#nowUs
  }

  wallMs(): number {
    return this.#nowUs / 1000
  }

  /** Moves time forward without firing timers, as a call that blocks the thread does. */
  spend(durationUs: number): void {
    this.#nowUs += durationUs
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const timer = this.schedule(delayMs, resolve)
      signal?.addEventListener('abort', () => {
        timer.cancel()
        reject(signal.reason)
      })
    })
  }

  schedule(delayMs: number, callback: () => void): Timer {
    const timer = { atUs: this.#nowUs + Math.max(0, delayMs) * 1000, order: this.#order++, callback }
    this.#timers.push(timer)
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer)
      },
    }
  }

  /** Fires everything due until `untilUs`, in order, letting promises settle after each; then stands at `untilUs`. */
  async advanceTo(untilUs: number): Promise<void> {
    await settlePromises()
    for (let next = this.#next(untilUs); next !== undefined; next = this.#next(untilUs)) {
      this.#timers = this.#timers.filter((other) => other !== next)
      this.#nowUs = Math.max(this.#nowUs, next.atUs)
      next.callback()
      await settlePromises()
    }
    this.#nowUs = Math.max(this.#nowUs, untilUs)
  }

  #next(untilUs: number): PendingTimer | undefined {
    let first: PendingTimer | undefined
    for (const timer of this.#timers) {
      if (timer.atUs > untilUs) continue
      if (
        first === undefined ||
        timer.atUs < first.atUs ||
        (timer.atUs === first.atUs && timer.order < first.order)
      ) {
        first = timer
      }
    }
    return first
  }
}

/** Lets chains of already resolved promises run to their end. */
async function settlePromises(): Promise<void> {
  for (let i = 0; i < 8; i++) await Promise.resolve()
}
