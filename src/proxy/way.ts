import type { Clock } from '../clock/clock.ts'
import type { AlarmClock } from './alarm.ts'
import { CLEAR_WAY, type WayCondition } from './condition.ts'
import {
  MAX_PIECE_BYTES,
  MAX_PIPE_BYTES,
  MIN_PIECE_BYTES,
  MIN_ROUTER_BYTES,
  PIECE_S,
  ROUTER_QUEUE_S,
} from './limits.ts'
import type { Pipe } from './pipe.ts'

/** Bytes that all links of a process hold. */
export interface Held {
  bytes: number
}

/** One direction of a link: its condition, and when the next bytes come through. */
export class Way {
  readonly clock: Clock
  readonly alarms: AlarmClock
  readonly held: Held
  readonly pipes = new Set<Pipe>()
  #condition = CLEAR_WAY
  /** When the bandwidth is free again, µs of the clock. */
  #freeUs = 0

  constructor(clock: Clock, alarms: AlarmClock, held: Held) {
    this.clock = clock
    this.alarms = alarms
    this.held = held
  }

  get condition(): WayCondition {
    return this.#condition
  }

  /** Bytes pass as they come. */
  get isClear(): boolean {
    return this.#condition === CLEAR_WAY
  }

  /** Holds from now on, also for what is under way: nothing of it comes later than it would under the new condition. */
  change(condition: WayCondition): void {
    const isClear = !condition.blackHole && condition.delayMs === 0 && condition.bytesPerS === null
    this.#condition = isClear ? CLEAR_WAY : condition
    const nowUs = this.clock.nowUs()
    this.#freeUs = nowUs
    const latestUs = nowUs + (condition.delayMs + condition.jitterMs) * 1000
    for (const pipe of this.pipes) pipe.hasten(latestUs)
    this.alarms.reset()
    for (const pipe of [...this.pipes]) pipe.pump(nowUs)
  }

  /** When so many bytes that came now are through. */
  dueUs(bytes: number, nowUs: number): number {
    const { delayMs, jitterMs, bytesPerS } = this.#condition
    let outUs = nowUs
    if (bytesPerS !== null) {
      outUs = Math.max(nowUs, this.#freeUs) + (bytes / bytesPerS) * 1e6
      this.#freeUs = outUs
    }
    const jitter = jitterMs === 0 ? 0 : (2 * Math.random() - 1) * jitterMs
    return outUs + (delayMs + jitter) * 1000
  }

  /** Largest piece that passes at once. */
  get pieceBytes(): number {
    const { bytesPerS } = this.#condition
    if (bytesPerS === null) return Number.POSITIVE_INFINITY
    return Math.round(Math.min(MAX_PIECE_BYTES, Math.max(MIN_PIECE_BYTES, bytesPerS * PIECE_S)))
  }

  /** Bytes that one connection may have under way. */
  get pipeBytes(): number {
    const { bytesPerS } = this.#condition
    if (bytesPerS === null) return MAX_PIPE_BYTES
    return Math.min(MAX_PIPE_BYTES, Math.max(MIN_ROUTER_BYTES, bytesPerS * ROUTER_QUEUE_S))
  }
}
