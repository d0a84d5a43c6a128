import { createHash } from 'node:crypto'
import type { Outcome } from '../../../../src/driver/driver.ts'
import type { Client } from '../../../../src/drivers/pulsar/client/client.ts'
import type { ConsumerOptions } from '../../../../src/drivers/pulsar/client/consumer-options.ts'
import type { ProducerOptions } from '../../../../src/drivers/pulsar/client/producer-options.ts'
import type { JavaRow } from './java-client.ts'

/** For each operation against the broker. */
export const LIMIT_MS = 60_000
export const limit = () => AbortSignal.timeout(LIMIT_MS)

/** A message as our client got it, told as `JavaRow` tells it. */
export type Row = Omit<JavaRow, 'batchSize' | 'place'>

export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + LIMIT_MS
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`waited in vain for ${what}`)
    await Bun.sleep(10)
  }
}

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

export interface Reader {
  readonly rows: Row[]
  readonly errors: string[]
  close(): Promise<void>
}

/** Reads and acknowledges until it is closed. */
export async function read(
  client: Client,
  topic: string,
  partitions: number,
  settings: Partial<ConsumerOptions> = {},
): Promise<Reader> {
  const rows: Row[] = []
  const errors: string[] = []
  const consumer = await client.createConsumer(
    {
      topic,
      partitions: partitions === 0 ? null : Array.from({ length: partitions }, (_, i) => i),
      subscription: 'ours',
      type: 'exclusive',
      name: 'ours',
      startAt: 'earliest',
      receiverQueue: 1000,
      ackMode: 'individual',
      ackReceipts: false,
      ackGroupMessages: 1000,
      ackGroupMs: 20,
      nackDelayMs: 50,
      onBatch(batch) {
        for (let i = 0; i < batch.count; i++) {
          const key = batch.key(i)
          const value = batch.value(i)
          const details = batch.details(i)
          rows.push({
            bytes: value.length,
            sha: sha256(value),
            ...(key !== null && { key: hex(key) }),
            ...(details.orderingKey !== null && { orderingKey: hex(details.orderingKey) }),
            properties: Object.fromEntries(details.properties),
            publishTimeMs: details.publishTimeMs,
            eventTimeMs: details.eventTimeMs,
            sequenceId: details.sequenceId,
            producerName: details.producerName,
            partition: batch.partition(i),
          })
        }
        batch.acknowledge()
      },
      onError: (kind) => errors.push(kind),
      ...settings,
    },
    limit(),
  )
  return { rows, errors, close: () => consumer.close(limit()) }
}

/** Exactly so many messages: waits for them, and lets one too many show. */
export async function readAll(
  client: Client,
  topic: string,
  partitions: number,
  count: number,
): Promise<Row[]> {
  const reader = await read(client, topic, partitions)
  try {
    await until(`${count} messages of ${topic}`, () => reader.rows.length >= count)
  } finally {
    await reader.close()
  }
  return reader.rows
}

export interface Outgoing {
  readonly value: Buffer
  /** In all messages of a call, or in none. */
  readonly key: string | null
}

/** Sends all and closes; every message must be acknowledged. */
export async function write(
  client: Client,
  topic: string,
  partitions: number,
  messages: readonly Outgoing[],
  settings: Partial<ProducerOptions> = {},
): Promise<void> {
  const outcomes = new Map<number, Outcome>()
  const producer = await client.createProducer(
    {
      topic,
      partitions,
      name: '',
      compression: 'none',
      batching: 'default',
      batchMessages: 1000,
      batchBytes: 131_072,
      batchDelayMs: 1000,
      maxPendingMessages: 1_000_000,
      maxPendingBytes: 1_000_000_000,
      sendTimeoutMs: LIMIT_MS,
      onSettled(first, count, outcome) {
        for (let i = first; i < first + count; i++) outcomes.set(i, outcome)
      },
      onWritable() {},
      ...settings,
    },
    limit(),
  )
  const values = messages.map(({ value }) => value)
  const keyed = messages.some(({ key }) => key !== null)
  const keys = keyed ? messages.map(({ key }) => key!) : null
  const taken = producer.send({ firstSequence: 0, count: values.length, partition: -1, values, keys })
  producer.flush()
  await producer.close(limit())
  const lost = [...outcomes.values()].filter((outcome) => outcome !== 'acknowledged')
  if (taken !== values.length || outcomes.size !== taken || lost.length > 0) {
    throw new Error(
      `of ${values.length} messages ${taken} were taken, ${outcomes.size} settled, ${lost} not sent`,
    )
  }
}
