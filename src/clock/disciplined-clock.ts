import type { Clock, Timer } from './clock.ts'

/** What is known of a clock that is not the run's own: at the instant `atUs` of the run's clock it was ahead by this. */
export interface ClockLine {
  readonly atUs: number
  readonly offsetUs: number
  /** How much it gains, µs a µs of the run's clock. */
  readonly drift: number
}

/**
 * A host's clock that tells the run's time: it follows what the coordinator says of it. It never goes back: where it
 * would, it stands still until it is right. Until it is told anything it is the host's clock itself.
 */
export class DisciplinedClock implements Clock {
  readonly #raw: Clock
  #line: ClockLine | null = null
  #lastUs = Number.NEGATIVE_INFINITY

  constructor(raw: Clock) {
    this.#raw = raw
  }

  follow(line: ClockLine): void {
    // Its own time before the first line was another's: nothing of the run was measured in it.
    if (this.#line === null) this.#lastUs = Number.NEGATIVE_INFINITY
    this.#line = line
  }

  nowUs(): number {
    const rawUs = this.#raw.nowUs()
    const line = this.#line
    if (line === null) return rawUs
    const us = line.atUs + (rawUs - line.atUs - line.offsetUs) / (1 + line.drift)
    if (us > this.#lastUs) this.#lastUs = us
    return this.#lastUs
  }

  wallMs(): number {
    return this.#raw.wallMs()
  }

  async sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    const endUs = this.nowUs() + delayMs * 1000
    let restMs = delayMs
    do {
      await this.#raw.sleep(restMs, signal)
      restMs = (endUs - this.nowUs()) / 1000
    } while (restMs > 0)
  }

  schedule(delayMs: number, callback: () => void): Timer {
    return this.#raw.schedule(delayMs, callback)
  }
}
