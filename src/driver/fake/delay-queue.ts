import type { Clock, Timer } from '../../clock/clock.ts'

/** Holds items for one fixed time and hands over all that are due at once. */
export interface DelayQueue<T> {
  push(item: T): void
  /** Hands over everything now. */
  flush(): void
  /** Forgets everything. */
  clear(): void
}

/** Rounding of microseconds to timer milliseconds and back must not let a timer fire for nothing. */
const TOLERANCE_US = 0.5

/** One timer for the whole queue, not one an item. `take` is never called from inside `push`. */
export function delayQueue<T>(
  clock: Clock,
  delayMs: number,
  take: (items: readonly T[]) => void,
): DelayQueue<T> {
  let items: T[] = []
  let dueUs: number[] = []
  let timer: Timer | null = null

  function arm(): void {
    if (timer === null && dueUs.length > 0) {
      timer = clock.schedule(Math.max(0, (dueUs[0]! - clock.nowUs()) / 1000), fire)
    }
  }

  function fire(): void {
    timer = null
    const nowUs = clock.nowUs() + TOLERANCE_US
    let due = 0
    while (due < dueUs.length && dueUs[due]! <= nowUs) due++
    hand(due)
    arm()
  }

  function hand(due: number): void {
    if (due === 0) return
    const taken = due === items.length ? items : items.slice(0, due)
    items = items.slice(due)
    dueUs = dueUs.slice(due)
    take(taken)
  }

  return {
    push(item) {
      items.push(item)
      dueUs.push(clock.nowUs() + delayMs * 1000)
      arm()
    },
    flush() {
      hand(items.length)
    },
    clear() {
      items = []
      dueUs = []
      timer?.cancel()
      timer = null
    },
  }
}
