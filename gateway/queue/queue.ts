import type { Clock, Timer } from '../../src/clock/clock.ts'
import type { Entry } from './entry.ts'
import { createShard, type Shard } from './shard.ts'
import { createGauge, type WaterMarks } from './water-marks.ts'

export interface QueueOptions {
  readonly shards: number
  /** Exports that may be under way at once. */
  readonly workers: number
  readonly marks: WaterMarks
  /** Longest stay at the door (between the high and the critical mark) before a request is refused. */
  readonly maxWaitMs: number
  /** Most requests that may stand at the door. */
  readonly maxWaiting: number
  readonly batch: { readonly maxEntries: number; readonly maxBytes: number }
  readonly clock: Clock
  /** Exports entries of one signal; owns them. It must not reject. */
  readonly handle: (entries: readonly Entry[]) => Promise<void>
}

export interface Queue {
  /** True: queued. False: refused. A promise: the request stands at the door. */
  push(entry: Entry): boolean | Promise<boolean>
  depth(): number
  waiting(): number
  /** Refuses whoever stands at the door and everything new; resolves when all that was queued is handled. */
  drain(): Promise<void>
  /** Takes out what no worker has begun, e.g. when the drain's time is over. */
  abandon(): Entry[]
}

interface Waiter {
  readonly entry: Entry
  readonly deadlineUs: number
  readonly resolve: (isQueued: boolean) => void
}

/** Bounded queue between the receivers and the upstream: shards are served in turn, a batch per worker. */
export function createQueue(options: QueueOptions): Queue {
  const shards: Shard[] = Array.from({ length: options.shards }, createShard)
  const gauge = createGauge(options.marks)
  let waiters: Waiter[] = []
  let waiterTimer: Timer | null = null
  let depth = 0
  let busyWorkers = 0
  let nextIn = 0
  let nextOut = 0
  let isClosing = false
  let onIdle: (() => void) | null = null

  function enter(entry: Entry): void {
    shards[nextIn]!.push(entry)
    nextIn = (nextIn + 1) % shards.length
    depth++
    if (busyWorkers < options.workers) void work()
  }

  function takeBatch(): Entry[] {
    for (let i = 0; i < shards.length && depth > 0; i++) {
      const shard = shards[nextOut]!
      nextOut = (nextOut + 1) % shards.length
      if (shard.length() === 0) continue
      const entries = shard.take(options.batch.maxEntries, options.batch.maxBytes)
      depth -= entries.length
      return entries
    }
    return []
  }

  async function work(): Promise<void> {
    busyWorkers++
    for (let entries = takeBatch(); entries.length > 0; entries = takeBatch()) {
      if (waiters.length > 0) admitWaiters()
      await options.handle(entries)
    }
    busyWorkers--
    if (busyWorkers === 0 && depth === 0) onIdle?.()
  }

  function admitWaiters(): void {
    let admitted = 0
    while (admitted < waiters.length && gauge.fell(depth) && depth < options.marks.high) {
      const waiter = waiters[admitted++]!
      enter(waiter.entry)
      waiter.resolve(true)
    }
    if (admitted > 0) waiters = waiters.slice(admitted)
  }

  /** All waiters stay equally long, so the first in line is the first to give up: one timer serves them all. */
  function armTimer(): void {
    if (waiterTimer !== null || waiters.length === 0) return
    const delayMs = (waiters[0]!.deadlineUs - options.clock.nowUs()) / 1000
    waiterTimer = options.clock.schedule(Math.max(0, delayMs), () => {
      waiterTimer = null
      const nowUs = options.clock.nowUs()
      let expired = 0
      while (expired < waiters.length && waiters[expired]!.deadlineUs <= nowUs)
        waiters[expired++]!.resolve(false)
      waiters = waiters.slice(expired)
      armTimer()
    })
  }

  function stand(entry: Entry): boolean | Promise<boolean> {
    if (waiters.length >= options.maxWaiting || options.maxWaitMs === 0) return false
    return new Promise((resolve) => {
      waiters.push({ entry, deadlineUs: options.clock.nowUs() + options.maxWaitMs * 1000, resolve })
      armTimer()
    })
  }

  return {
    push(entry) {
      if (isClosing) return false
      const admission = gauge.admit(depth)
      if (admission === 'enter') {
        enter(entry)
        return true
      }
      return admission === 'wait' ? stand(entry) : false
    },
    depth: () => depth,
    waiting: () => waiters.length,
    drain() {
      isClosing = true
      waiterTimer?.cancel()
      for (const waiter of waiters) waiter.resolve(false)
      waiters = []
      if (busyWorkers === 0 && depth === 0) return Promise.resolve()
      return new Promise((resolve) => {
        onIdle = resolve
      })
    },
    abandon() {
      const left: Entry[] = []
      for (const shard of shards) {
        while (shard.length() > 0) left.push(...shard.take(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER))
      }
      depth = 0
      return left
    },
  }
}
