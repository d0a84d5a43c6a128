import { performance } from 'node:perf_hooks'
import type { OutgoingBatch, Producer, ProducerSpec } from '../../driver/driver.ts'
import type { ProduceLink } from './clients/client.ts'
import { isIdempotent, type KafkaConfig } from './kafka-config.ts'
import { createKeyPartitioner } from './key-partitioner.ts'
import { addMessage, type MessageBatch, messageBytes, newBatch } from './message-batch.ts'
import { createSender } from './produce-sender.ts'

/** Share of the pending limit below which a refused engine is told that there is room again. */
const WRITABLE_SHARE = 0.75

/** The part of the configuration that shapes a producer, and the largest batch the broker takes. */
export interface ProducerOptions {
  readonly config: KafkaConfig
  readonly batchBytesLimit: number
}

/**
 * An accumulator in front of a link: one open batch a partition, sent after the linger time or when full. What it
 * holds unsettled is bounded in messages and bytes.
 */
export function createKafkaProducer(
  spec: ProducerSpec,
  link: ProduceLink,
  options: ProducerOptions,
): Producer {
  const { config } = options
  const batchBytes = Math.min(config.batchBytes, options.batchBytesLimit)
  const partitionOf = createKeyPartitioner(spec.partitions)
  let pendingMessages = 0
  let pendingBytes = 0
  let refused = false
  let closed = false
  let roundRobin = 0
  let lingerTimer: ReturnType<typeof setTimeout> | null = null

  const sender = createSender({
    link,
    partitions: spec.partitions,
    maxInFlightPerNode: config.maxInFlightRequests,
    deliveryTimeoutMs: config.deliveryTimeoutMs,
    idempotent: isIdempotent(config),
    onSettled(batch, outcome, reason) {
      pendingMessages -= batch.values.length
      pendingBytes -= batch.sizeBytes
      const runs = batch.runs
      for (let i = 0; i < runs.length; i += 2) spec.onSettled(runs[i]!, runs[i + 1]!, outcome, reason)
      if (refused && !closed && hasRoom(WRITABLE_SHARE)) {
        refused = false
        queueMicrotask(() => {
          if (!closed) spec.onWritable()
        })
      }
    },
  })

  function hasRoom(share: number): boolean {
    return (
      pendingMessages <= config.maxPendingMessages * share && pendingBytes <= config.maxPendingBytes * share
    )
  }

  function onLinger(): void {
    lingerTimer = null
    sender.release()
  }

  function accept(batch: OutgoingBatch): number {
    const nowMs = performance.now()
    const { keys, values, count } = batch
    let partition = batch.partition
    if (partition < 0 && keys === null) partition = roundRobin++ % spec.partitions
    let open: MessageBatch | null = null
    let taken = 0
    for (; taken < count; taken++) {
      const value = values[taken]!
      let key: Buffer | null = null
      if (keys !== null) {
        key = partitionOf.bytesOf(keys[taken]!)
        if (batch.partition < 0) partition = partitionOf.partitionOf(keys[taken]!)
      }
      const bytes = messageBytes(value, key)
      if (pendingMessages >= config.maxPendingMessages) break
      if (pendingBytes + bytes > config.maxPendingBytes && pendingMessages > 0) break
      if (open === null || open.partition !== partition || open.sealed)
        open = sender.openBatch(partition, keys !== null)
      if (open !== null && open.values.length > 0 && open.sizeBytes + bytes > batchBytes) {
        open.sealed = true
        open = null
      }
      if (open === null) {
        open = newBatch(partition, sender.nextOrder(), nowMs, keys !== null)
        sender.enqueue(open)
      }
      addMessage(open, batch.firstSequence + taken, value, key)
      if (open.sizeBytes >= batchBytes) open.sealed = true
      pendingMessages++
      pendingBytes += bytes
    }
    return taken
  }

  return {
    send(batch) {
      if (closed) return 0
      const taken = accept(batch)
      if (taken < batch.count) refused = true
      if (taken > 0) {
        sender.drain()
        if (lingerTimer === null && sender.hasLingering()) lingerTimer = setTimeout(onLinger, config.lingerMs)
      }
      return taken
    },
    flush() {
      sender.release()
    },
    async close(signal) {
      if (closed) return
      closed = true
      if (lingerTimer !== null) clearTimeout(lingerTimer)
      await sender.finish(signal)
      await link.close()
    },
  }
}
