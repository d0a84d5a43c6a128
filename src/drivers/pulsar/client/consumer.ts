import type { Consumer } from '../../../driver/driver.ts'
import type { ConsumerOptions } from './consumer-options.ts'
import { type ConsumerOwner, createPartitionConsumer } from './partition-consumer.ts'
import { partitionTopic } from './producer.ts'
import { createCollector } from './received-batch.ts'
import type { ClientContext } from './session.ts'
import type { SeekTarget } from './wire/commands.ts'

/** A consumer that can also be moved, and can end its subscription. */
export interface SubscribedConsumer extends Consumer {
  /** Goes back or forward; what is with the application already is not taken back. */
  seek(target: SeekTarget, signal: AbortSignal): Promise<void>
  /** Deletes the subscription with all its state. */
  unsubscribe(signal: AbortSignal): Promise<void>
}

/** Reads partitions of a topic. Rejects with a `ClientError` when the broker refuses; nothing is left behind then. */
export async function createConsumer(
  options: ConsumerOptions,
  context: ClientContext,
  signal: AbortSignal,
): Promise<SubscribedConsumer> {
  const collector = createCollector()
  let paused = false
  let closed = false
  /** Closed, and all that its end could still tell is told. */
  let ended = false
  /** Deliveries wait until the caller has its consumer. */
  let ready = false
  let delivering = false

  const owner: ConsumerOwner = {
    arrived: deliver,
    failed(kind) {
      if (!ended) options.onError(kind)
    },
  }
  const parts = options.partitions ?? [-1]
  const made = await Promise.allSettled(
    parts.map((partition) => {
      const topic = options.partitions === null ? options.topic : partitionTopic(options.topic, partition)
      return createPartitionConsumer(topic, partition, options, context, owner, signal)
    }),
  )
  const consumers = made.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const failed = made.find((one) => one.status === 'rejected')
  if (failed !== undefined) {
    await Promise.all(consumers.map((consumer) => consumer.close(AbortSignal.timeout(1000))))
    throw failed.reason
  }

  function deliver(): void {
    if (paused || closed || !ready || delivering) return
    delivering = true
    try {
      for (const consumer of consumers) consumer.drain(collector.add)
      if (collector.count === 0) return
      const batch = collector.take()
      try {
        options.onBatch(batch)
      } finally {
        batch.release()
      }
    } finally {
      delivering = false
    }
  }

  setImmediate(() => {
    ready = true
    deliver()
  })

  return {
    pause() {
      paused = true
    },
    resume() {
      paused = false
      setImmediate(deliver)
    },
    async seek(target, abort) {
      await Promise.all(consumers.map((consumer) => consumer.seek(target, abort)))
    },
    async unsubscribe(abort) {
      await Promise.all(consumers.map((consumer) => consumer.unsubscribe(abort)))
    },
    async close(abort) {
      if (closed) return
      closed = true
      await Promise.all(consumers.map((consumer) => consumer.close(abort)))
      ended = true
    },
  }
}
