import { SimClock } from '../src/clock/sim-clock.ts'

/** A simulated clock for one who waits alone: sleeping moves the time, and whoever follows it is told. */
export class JumpClock extends SimClock {
  #follow: (nowUs: number) => void = () => {}

  /** Who moves with the time, called whenever it has moved; one at a time. */
  follow(follower: (nowUs: number) => void): void {
    this.#follow = follower
  }

  override async sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    this.spend(Math.max(0, delayMs) * 1000)
    this.#follow(this.nowUs())
    signal?.throwIfAborted()
  }
}
