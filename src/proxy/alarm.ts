import type { Clock } from '../clock/clock.ts'

/** Below this the runtime's timers, which know whole milliseconds, are too coarse. */
const TIMER_MS = 1
/** Naps of the last millisecond: short, since nothing is received meanwhile. */
const NAP_MS = 0.15

/** Something that is to be called at an instant. */
export interface Alarmed {
  /** µs of the clock; changes only while it is not set, or by `AlarmClock.reset`. */
  dueUs: number
  ring(nowUs: number): void
}

/**
 * One precise timer for many: rings each at its instant or at most some tenths of a millisecond later, never before. Costs
 * nothing while nobody waits; in the last millisecond before an instant it naps instead of spinning.
 */
export interface AlarmClock {
  /** Sets an alarm; it must not be set already. */
  set(alarmed: Alarmed): void
  /** All instants may have changed. */
  reset(): void
  close(): void
}

export function createAlarmClock(clock: Clock): AlarmClock {
  const heap: Alarmed[] = []
  const nap = new Int32Array(new SharedArrayBuffer(4))
  let timer: ReturnType<typeof setTimeout> | undefined
  let timerDueUs = Number.POSITIVE_INFINITY
  let isImmediate = false
  let isRinging = false
  let isClosed = false

  function wait(): void {
    const first = heap[0]
    if (first === undefined || isClosed || isImmediate || isRinging) return
    if (timer !== undefined && timerDueUs <= first.dueUs) return
    clearTimeout(timer)
    const restMs = (first.dueUs - clock.nowUs()) / 1000
    timerDueUs = first.dueUs
    if (restMs >= TIMER_MS) {
      timer = setTimeout(ringDue, Math.floor(restMs))
      return
    }
    timer = undefined
    isImmediate = true
    setImmediate(ringSoon)
  }

  function ringSoon(): void {
    isImmediate = false
    const first = heap[0]
    if (first === undefined || isClosed) return
    const restMs = (first.dueUs - clock.nowUs()) / 1000
    if (restMs > 0 && restMs < TIMER_MS) Atomics.wait(nap, 0, 0, Math.min(NAP_MS, restMs))
    ringDue()
  }

  function ringDue(): void {
    timer = undefined
    timerDueUs = Number.POSITIVE_INFINITY
    isRinging = true
    for (;;) {
      const nowUs = clock.nowUs()
      const first = heap[0]
      if (first === undefined || first.dueUs > nowUs) break
      takeFirst(heap)
      first.ring(nowUs)
    }
    isRinging = false
    wait()
  }

  return {
    set(alarmed) {
      heap.push(alarmed)
      siftUp(heap, heap.length - 1)
      wait()
    },
    reset() {
      for (let i = (heap.length >> 1) - 1; i >= 0; i--) siftDown(heap, i)
      wait()
    },
    close() {
      isClosed = true
      clearTimeout(timer)
      heap.length = 0
    },
  }
}

function takeFirst(heap: Alarmed[]): void {
  const last = heap.pop()!
  if (heap.length === 0) return
  heap[0] = last
  siftDown(heap, 0)
}

function siftUp(heap: Alarmed[], from: number): void {
  let i = from
  while (i > 0) {
    const parent = (i - 1) >> 1
    if (heap[parent]!.dueUs <= heap[i]!.dueUs) return
    swap(heap, i, parent)
    i = parent
  }
}

function siftDown(heap: Alarmed[], from: number): void {
  let i = from
  for (;;) {
    const left = 2 * i + 1
    if (left >= heap.length) return
    const right = left + 1
    const child = right < heap.length && heap[right]!.dueUs < heap[left]!.dueUs ? right : left
    if (heap[i]!.dueUs <= heap[child]!.dueUs) return
    swap(heap, i, child)
    i = child
  }
}

function swap(heap: Alarmed[], a: number, b: number): void {
  const held = heap[a]!
  heap[a] = heap[b]!
  heap[b] = held
}
