import type { Outcome, OutgoingBatch, Producer, ProducerSpec } from '../../../driver/driver.ts'
import type { FailureKind } from '../client/errors.ts'
import { partitionTopic } from '../client/producer.ts'
import { createRouter, javaStringHash } from '../client/router.ts'
import type { PulsarConfig } from '../pulsar-config.ts'
import { fullName } from '../pulsar-producer.ts'
import { kindOf, outcomeOf } from './failures.ts'
import type { OfficialClient, OfficialProducer } from './library.ts'
import { allOrNone, closeAll } from './parts.ts'
import { producerSettings } from './settings.ts'

/** Part of the limits that must be free again before `onWritable`: the package settles one message at a time. */
const FREE_SHARE = 1 / 16

/**
 * Publishes to all partitions of a topic, with a producer of the package for each (as it does itself for a partitioned
 * topic), so that partitions can be chosen. Rejects with a `ClientError`; nothing is left behind then.
 */
export async function createOfficialProducer(
  spec: ProducerSpec,
  config: PulsarConfig,
  client: OfficialClient,
  signal: AbortSignal,
): Promise<Producer> {
  const { maxPendingMessages, maxPendingBytes } = config
  const count = spec.partitions
  const topic = fullName(config, spec.topic)
  const parts = await allOrNone(
    Array.from({ length: count }, (_, partition) => () => {
      return client.createProducer(producerSettings(spec, config, partitionTopic(topic, partition)))
    }),
    signal,
  )
  const router = createRouter(count, javaStringHash(spec.name) % count)
  /** Size of each message that is not settled, by sequence. */
  const pending = new Map<number, number>()
  const lingering = new Set<OfficialProducer>()
  let pendingBytes = 0
  let refused = false
  let closing: Promise<void> | null = null
  let whenIdle: (() => void) | null = null

  function settle(sequence: number, outcome: Outcome, reason?: FailureKind): void {
    const bytes = pending.get(sequence)
    // Given up by an aborted close.
    if (bytes === undefined) return
    pending.delete(sequence)
    pendingBytes -= bytes
    spec.onSettled(sequence, 1, outcome, reason)
    if (pending.size === 0) whenIdle?.()
    if (refused && closing === null && hasRoom()) {
      refused = false
      spec.onWritable()
    }
  }

  function hasRoom(): boolean {
    const share = 1 - FREE_SHARE
    return (
      pending.size === 0 ||
      (pending.size <= maxPendingMessages * share && pendingBytes <= maxPendingBytes * share)
    )
  }

  function take(sequence: number, data: Buffer, key: string | null, partition: number): void {
    const part = parts[partition]!
    pending.set(sequence, data.length)
    pendingBytes += data.length
    lingering.add(part)
    part.send(key === null ? { data } : { data, partitionKey: key }).then(
      () => settle(sequence, 'acknowledged'),
      (error: unknown) => {
        const kind = kindOf(error)
        settle(sequence, outcomeOf(kind), kind)
      },
    )
  }

  function send(batch: OutgoingBatch): number {
    if (closing !== null) return 0
    const room = Math.min(batch.count, maxPendingMessages - pending.size)
    const { keys } = batch
    const common = batch.partition >= 0 ? batch.partition % count : keys === null ? router.next() : -1
    let taken = 0
    for (; taken < room; taken++) {
      const value = batch.values[taken]!
      // One message is always taken when nothing is pending, however large.
      if (pendingBytes + value.length > maxPendingBytes && pending.size > 0) break
      const key = keys === null ? null : keys[taken]!
      take(batch.firstSequence + taken, value, key, common >= 0 ? common : router.ofKey(key!))
    }
    if (taken < batch.count) refused = true
    return taken
  }

  function flush(): void {
    // What goes wrong is told by the messages' own promises.
    for (const part of lingering) part.flush().catch(() => {})
    lingering.clear()
  }

  async function close(abort: AbortSignal): Promise<void> {
    flush()
    if (pending.size > 0 && !abort.aborted) {
      await new Promise<void>((resolve) => {
        whenIdle = resolve
        abort.addEventListener('abort', () => resolve(), { once: true })
      })
    }
    for (const sequence of [...pending.keys()]) settle(sequence, 'unknown', 'closed')
    await closeAll(parts, abort)
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
