import { performance } from 'node:perf_hooks'
import type { Outcome } from '../../driver/driver.ts'
import type { BatchResult, ProduceLink } from './clients/client.ts'
import type { MessageBatch } from './message-batch.ts'

/** How long a failed partition waits before it is tried again. */
const RETRY_BACKOFF_MS = 100
/** How often deadlines are looked at while anything is outstanding. */
const SWEEP_MS = 250
/** Most bytes in one request, over all its partitions (Java: max.request.size). */
const REQUEST_BYTES_LIMIT = 1_048_576

export interface SenderOptions {
  readonly link: ProduceLink
  readonly partitions: number
  readonly maxInFlightPerNode: number
  readonly deliveryTimeoutMs: number
  readonly idempotent: boolean
  readonly onSettled: (batch: MessageBatch, outcome: Outcome, reason?: string) => void
}

/** Queues batches per partition and keeps the permitted number of requests under way to each leader. */
export interface Sender {
  /** The partition's last batch, if it still takes messages. */
  openBatch(partition: number, keyed: boolean): MessageBatch | null
  nextOrder(): number
  enqueue(batch: MessageBatch): void
  /** Sends whatever is ready. */
  drain(): void
  /** Makes everything queued ready, and sends it. */
  release(): void
  /** Whether something waits for the linger time. */
  hasLingering(): boolean
  /** Sends all, waits until all is settled or the signal aborts (the rest is unknown then). */
  finish(signal: AbortSignal): Promise<void>
}

interface PartitionQueue {
  readonly waiting: MessageBatch[]
  inFlight: number
  /** Failed batches go one at a time until this is over. */
  recovering: boolean
  notBeforeMs: number
}

/** A sender over a link; see `Sender`. */
export function createSender(options: SenderOptions): Sender {
  const { link } = options
  const queues: PartitionQueue[] = Array.from({ length: options.partitions }, () => ({
    waiting: [],
    inFlight: 0,
    recovering: false,
    notBeforeMs: 0,
  }))
  const inFlightOfNode = new Map<number, number>()
  const underWay = new Set<MessageBatch>()
  let order = 0
  let releasedOrder = 0
  let queued = 0
  let outstanding = 0
  let renewing = false
  let ended = false
  let finished: (() => void) | null = null
  let sweepTimer: ReturnType<typeof setTimeout> | null = null
  let firstPartition = 0

  function settle(batch: MessageBatch, outcome: Outcome, reason?: string): void {
    if (batch.settled) return
    batch.settled = true
    outstanding--
    options.onSettled(batch, outcome, reason)
    if (outstanding === 0) finished?.()
  }

  function isReady(batch: MessageBatch): boolean {
    return batch.sealed || batch.order < releasedOrder
  }

  /** The partition's next batch that may go now, if any. */
  function candidate(queue: PartitionQueue, nowMs: number): MessageBatch | null {
    const batch = queue.waiting[0]
    if (batch === undefined || !isReady(batch)) return null
    if (queue.recovering && (queue.inFlight > 0 || nowMs < queue.notBeforeMs)) return null
    return queue.inFlight < link.inFlightPerPartition ? batch : null
  }

  function drain(): void {
    if (queued === 0 || renewing) return
    const nowMs = performance.now()
    for (;;) {
      const requests = collect(nowMs)
      if (requests.size === 0) break
      for (const [node, batches] of requests) dispatch(node, batches)
    }
    if (sweepTimer === null && outstanding > 0) sweepTimer = setTimeout(sweep, SWEEP_MS)
  }

  /** One request for each leader with a free slot. Starts at another partition each time, so that none starves. */
  function collect(nowMs: number): Map<number, MessageBatch[]> {
    const requests = new Map<number, MessageBatch[]>()
    const bytesOf = new Map<number, number>()
    firstPartition = (firstPartition + 1) % queues.length
    for (let i = 0; i < queues.length; i++) {
      const queue = queues[(firstPartition + i) % queues.length]!
      const batch = candidate(queue, nowMs)
      if (batch === null) continue
      const node = link.leaderOf(batch.partition)
      if (node < 0) {
        fail(queue, nowMs)
        continue
      }
      if ((inFlightOfNode.get(node) ?? 0) >= options.maxInFlightPerNode) continue
      const request = requests.get(node)
      const bytes = (bytesOf.get(node) ?? 0) + batch.sizeBytes
      if (request === undefined) requests.set(node, [batch])
      else if (request.length < link.partitionsPerRequest && bytes <= REQUEST_BYTES_LIMIT) request.push(batch)
      else continue
      bytesOf.set(node, bytes)
      queue.waiting.shift()
      queued--
    }
    return requests
  }

  function dispatch(node: number, batches: readonly MessageBatch[]): void {
    inFlightOfNode.set(node, (inFlightOfNode.get(node) ?? 0) + 1)
    for (const batch of batches) {
      batch.sealed = true
      batch.attempts++
      queues[batch.partition]!.inFlight++
      underWay.add(batch)
    }
    void link.send(node, batches).then((results) => onResults(node, batches, results))
  }

  function onResults(node: number, batches: readonly MessageBatch[], results: readonly BatchResult[]): void {
    inFlightOfNode.set(node, inFlightOfNode.get(node)! - 1)
    let failed = false
    for (let i = 0; i < batches.length; i++) {
      const batch = batches[i]!
      const queue = queues[batch.partition]!
      queue.inFlight--
      underWay.delete(batch)
      const result = results[i]!
      if (result.ok) {
        if (queue.waiting.length === 0 || queue.waiting[0]!.attempts === 0) queue.recovering = false
        settle(batch, 'acknowledged')
      } else {
        failed = true
        onFailure(batch, queue, result)
      }
    }
    if (failed) afterFailure()
    drain()
  }

  function onFailure(batch: MessageBatch, queue: PartitionQueue, result: BatchResult & { ok: false }): void {
    if (result.maybeWritten) batch.maybeWritten = true
    if (batch.settled) return
    const nowMs = performance.now()
    const expired = nowMs - batch.createdMs >= options.deliveryTimeoutMs
    // Without sequence numbers a second try could duplicate what was written, or overtake a batch under way.
    const safe = options.idempotent || (!batch.maybeWritten && queue.inFlight === 0)
    if (result.retriable && safe && !expired) {
      requeue(queue, batch)
      fail(queue, nowMs)
      return
    }
    if (options.idempotent) renewing = true
    settle(batch, batch.maybeWritten ? 'unknown' : 'rejected', result.kind)
  }

  function requeue(queue: PartitionQueue, batch: MessageBatch): void {
    let at = 0
    while (at < queue.waiting.length && queue.waiting[at]!.order < batch.order) at++
    queue.waiting.splice(at, 0, batch)
    queued++
  }

  function fail(queue: PartitionQueue, nowMs: number): void {
    queue.recovering = true
    queue.notBeforeMs = nowMs + RETRY_BACKOFF_MS
    if (refreshing === null) {
      refreshing = link.refresh().finally(() => {
        refreshing = null
        setTimeout(drain, RETRY_BACKOFF_MS)
      })
    }
  }
  let refreshing: Promise<void> | null = null

  /** A numbered batch that is given up leaves a gap: once nothing is under way, a new sequence starts. */
  function afterFailure(): void {
    if (!renewing || underWay.size > 0 || ended) return
    for (const queue of queues) {
      while (
        queue.waiting[0] !== undefined &&
        queue.waiting[0].attempts > 0 &&
        queue.waiting[0].maybeWritten
      ) {
        const batch = queue.waiting.shift()!
        queued--
        settle(batch, 'unknown', 'sequence given up')
      }
      for (const batch of queue.waiting) batch.encoded = null
    }
    link.renew().then(
      () => {
        renewing = false
        drain()
      },
      () => {
        setTimeout(afterFailure, RETRY_BACKOFF_MS)
      },
    )
  }

  /** Gives up what is past its deadline and is not under way, and lets recovering partitions go on. */
  function sweep(): void {
    sweepTimer = null
    const nowMs = performance.now()
    let sequenced = false
    for (const queue of queues) {
      for (let first = queue.waiting[0]; first !== undefined; first = queue.waiting[0]) {
        if (nowMs - first.createdMs < options.deliveryTimeoutMs) break
        queue.waiting.shift()
        queued--
        sequenced ||= options.idempotent && first.attempts > 0
        settle(first, first.maybeWritten ? 'unknown' : 'rejected', 'delivery timeout')
      }
    }
    if (sequenced && !renewing) {
      renewing = true
      afterFailure()
    }
    drain()
    if (sweepTimer === null && outstanding > 0) sweepTimer = setTimeout(sweep, SWEEP_MS)
  }

  return {
    openBatch(partition, keyed) {
      const queue = queues[partition]!.waiting
      const last = queue[queue.length - 1]
      return last === undefined || last.sealed || (last.keys !== null) !== keyed ? null : last
    },
    nextOrder: () => order++,
    enqueue(batch) {
      queues[batch.partition]!.waiting.push(batch)
      queued++
      outstanding++
    },
    drain,
    release() {
      releasedOrder = order
      drain()
    },
    hasLingering() {
      for (const queue of queues) {
        const last = queue.waiting[queue.waiting.length - 1]
        if (last !== undefined && !isReady(last)) return true
      }
      return false
    },
    async finish(signal) {
      releasedOrder = order
      drain()
      if (outstanding > 0 && !signal.aborted) {
        await new Promise<void>((resolve) => {
          finished = resolve
          signal.addEventListener('abort', () => resolve(), { once: true })
        })
      }
      ended = true
      if (sweepTimer !== null) clearTimeout(sweepTimer)
      for (const batch of underWay) settle(batch, 'unknown', 'closed')
      for (const queue of queues) {
        for (const batch of queue.waiting.splice(0))
          settle(batch, batch.maybeWritten ? 'unknown' : 'rejected', 'closed')
      }
      queued = 0
    },
  }
}
