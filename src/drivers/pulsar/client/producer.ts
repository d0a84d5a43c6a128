import type { Outcome, OutgoingBatch, Producer } from '../../../driver/driver.ts'
import type { FailureKind } from './errors.ts'
import { createPartitionProducer, type PartitionProducer, type ProducerOwner } from './partition-producer.ts'
import type { ProducerOptions } from './producer-options.ts'
import { createRouter, javaStringHash } from './router.ts'
import type { ClientContext } from './session.ts'
import { addRun, noRuns, type TokenRuns } from './token-runs.ts'

/** Room in a frame for what a message needs besides its value and key. */
const ENVELOPE_BYTES = 64
/** How finely send time-outs are watched, as a share of them, within these limits. */
const WATCH_SHARE = 8
const MIN_WATCH_MS = 10
const MAX_WATCH_MS = 1000

function refusalOf(producer: PartitionProducer, value: Buffer, key: string | null): FailureKind | null {
  if (producer.failure !== null) return producer.failure.kind
  const keyBytes = key === null ? 0 : Buffer.byteLength(key)
  return value.length + keyBytes + ENVELOPE_BYTES > producer.maxMessageBytes ? 'message too large' : null
}

/** Full name of a partition's own topic. */
export function partitionTopic(topic: string, partition: number): string {
  return `${topic}-partition-${partition}`
}

/**
 * Publishes to all partitions of a topic. Rejects with a `ClientError` when the broker refuses; nothing is left behind
 * then.
 */
export async function createProducer(
  options: ProducerOptions,
  context: ClientContext,
  signal: AbortSignal,
): Promise<Producer> {
  const count = Math.max(1, options.partitions)
  const router = createRouter(count, javaStringHash(options.name) % count, options.keyHash)
  const acknowledged: TokenRuns = noRuns()
  const lingering = new Set<PartitionProducer>()
  let lastTaken: PartitionProducer | null = null
  let pendingMessages = 0
  let pendingBytes = 0
  let refused = false
  let lingerTimer: ReturnType<typeof setTimeout> | null = null
  /** Whether the end of this turn of the event loop is waited for. */
  let endsTurn = false
  /** When a batch left last, and whether one has since that was looked at. */
  let leftAtMs = Number.NEGATIVE_INFINITY
  let anyLeft = false
  let closing: Promise<void> | null = null
  let whenIdle: (() => void) | null = null

  const owner: ProducerOwner = {
    settled(batch, outcome, reason) {
      pendingMessages -= batch.count
      pendingBytes -= batch.valueBytes
      const { firsts, counts } = batch.runs
      if (outcome === 'acknowledged') {
        for (let i = 0; i < firsts.length; i++) addRun(acknowledged, firsts[i]!, counts[i]!)
      } else tell(batch.runs, outcome, reason)
    },
    endOfRead() {
      if (acknowledged.firsts.length > 0) {
        const { firsts, counts } = acknowledged
        for (let i = 0; i < firsts.length; i++) options.onSettled(firsts[i]!, counts[i]!, 'acknowledged')
        firsts.length = 0
        counts.length = 0
      }
      afterSettling()
    },
  }

  function tell({ firsts, counts }: TokenRuns, outcome: Outcome, reason: FailureKind | undefined): void {
    for (let i = 0; i < firsts.length; i++) options.onSettled(firsts[i]!, counts[i]!, outcome, reason)
  }

  function afterSettling(): void {
    if (pendingMessages === 0) whenIdle?.()
    if (!refused || closing !== null) return
    if (pendingMessages >= options.maxPendingMessages || pendingBytes >= options.maxPendingBytes) return
    refused = false
    options.onWritable()
  }

  const topics =
    options.partitions === 0
      ? [options.topic]
      : Array.from({ length: options.partitions }, (_, partition) => partitionTopic(options.topic, partition))
  const made = await Promise.allSettled(
    topics.map((topic) => createPartitionProducer(topic, options.name, options, context, owner, signal)),
  )
  const producers = made.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const failed = made.find((one) => one.status === 'rejected')
  if (failed !== undefined) {
    await Promise.all(producers.map((producer) => producer.close(AbortSignal.timeout(1000))))
    throw failed.reason
  }

  const watch = setInterval(
    () => {
      const beforeMs = performance.now() - options.sendTimeoutMs
      for (const producer of producers) producer.expire(beforeMs)
      owner.endOfRead()
    },
    Math.min(MAX_WATCH_MS, Math.max(MIN_WATCH_MS, options.sendTimeoutMs / WATCH_SHARE)),
  )

  function flush(): void {
    if (lingerTimer !== null) clearTimeout(lingerTimer)
    lingerTimer = null
    for (const producer of lingering) producer.flush()
    if (lingering.size > 0) leftAtMs = performance.now()
    lingering.clear()
    lastTaken = null
  }

  /**
   * No more than one batch a delay leaves before it is full. So when none has for that long, the next one goes as soon
   * as the turn of the event loop ends, with what was sent in it; to wait for more would add the delay to all latencies.
   */
  function linger(): void {
    if (options.batchDelayMs === 0) {
      flush()
      return
    }
    if (anyLeft) leftAtMs = performance.now()
    anyLeft = false
    if (endsTurn || lingerTimer !== null) return
    endsTurn = true
    setImmediate(flushWhenDue)
  }

  function flushWhenDue(): void {
    endsTurn = false
    if (lingering.size === 0 || lingerTimer !== null) return
    const waitMs = leftAtMs + options.batchDelayMs - performance.now()
    if (waitMs <= 0) flush()
    else lingerTimer = setTimeout(flush, waitMs)
  }

  /** Settles a message that cannot be sent at all, but not before `send` has returned. */
  function reject(token: number, reason: FailureKind): void {
    queueMicrotask(() => options.onSettled(token, 1, 'rejected', reason))
  }

  function take(token: number, value: Buffer, key: string | null, partition: number): void {
    const producer = producers[partition]!
    const refusal = refusalOf(producer, value, key)
    if (refusal !== null) {
      reject(token, refusal)
      return
    }
    pendingMessages++
    pendingBytes += value.length
    if (producer.add(token, value, key)) anyLeft = true
    // Mostly the one of the message before.
    if (producer === lastTaken) return
    lastTaken = producer
    lingering.add(producer)
  }

  function send(batch: OutgoingBatch): number {
    if (closing !== null) return 0
    const room = Math.min(batch.count, options.maxPendingMessages - pendingMessages)
    const { keys } = batch
    const common = batch.partition >= 0 ? batch.partition % count : keys === null ? router.next() : -1
    let taken = 0
    for (; taken < room; taken++) {
      const value = batch.values[taken]!
      // One message is always taken when nothing is pending, however large.
      if (pendingBytes + value.length > options.maxPendingBytes && pendingMessages > 0) break
      const key = keys === null ? null : keys[taken]!
      take(batch.firstSequence + taken, value, key, common >= 0 ? common : router.ofKey(key!))
    }
    if (taken < batch.count) refused = true
    linger()
    return taken
  }

  async function close(abort: AbortSignal): Promise<void> {
    flush()
    if (pendingMessages > 0 && !abort.aborted) {
      await new Promise<void>((resolve) => {
        whenIdle = resolve
        abort.addEventListener('abort', () => resolve(), { once: true })
      })
    }
    clearInterval(watch)
    await Promise.all(producers.map((producer) => producer.close(abort)))
  }

  return {
    send,
    flush,
    close(abort) {
      closing ??= close(abort)
      return closing
    },
  }
}
