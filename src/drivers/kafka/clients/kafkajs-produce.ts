import type { Admin, Kafka, Producer } from 'kafkajs'
import { isIdempotent } from '../kafka-config.ts'
import { resultOfCode, resultOfFailure } from '../kafka-errors.ts'
import type { MessageBatch } from '../message-batch.ts'
import type { BatchResult, ClientOptions, ProduceLink } from './client.ts'

const ACKS = { all: -1, 1: 1, 0: 0 } as const
const CODECS = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const
const DISCONNECT_LIMIT_MS = 3000

/**
 * Produces through kafkajs, one partition a request: when one fails, the outcome of each batch is known. Only one
 * batch of a partition is under way, since the retries of kafkajs could change their order.
 */
export async function createKafkajsLink(
  kafka: Kafka,
  admin: Admin,
  topic: string,
  options: ClientOptions,
): Promise<ProduceLink> {
  const { config } = options
  const numbered = isIdempotent(config)
  let leaders: readonly number[] = []
  let producer = await connected()

  async function connected(): Promise<Producer> {
    const made = kafka.producer({
      allowAutoTopicCreation: false,
      idempotent: numbered,
      maxInFlightRequests: config.maxInFlightRequests,
      // Our own accumulator repeats what may be repeated; kafkajs insists on one try more with idempotence.
      retry: { retries: numbered ? 1 : 0 },
    })
    await made.connect()
    return made
  }

  async function refresh(): Promise<void> {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    const next: number[] = []
    for (const { partitionId, leader } of topics[0]?.partitions ?? []) next[partitionId] = leader
    leaders = next
  }

  async function sendOne(batch: MessageBatch): Promise<BatchResult> {
    const messages = batch.values.map((value, i) => ({
      key: batch.keys?.[i] ?? null,
      value,
      partition: batch.partition,
    }))
    try {
      await producer.send({
        topic,
        messages,
        acks: ACKS[config.acks],
        compression: CODECS[config.compression],
        timeout: config.requestTimeoutMs,
      })
      return { ok: true }
    } catch (error) {
      const code = protocolCode(error)
      return code === null ? resultOfFailure(error) : resultOfCode(code)
    }
  }

  await refresh()
  return {
    inFlightPerPartition: 1,
    partitionsPerRequest: 1,
    leaderOf: (partition) => leaders[partition] ?? -1,
    send: (_node, batches) => Promise.all(batches.map(sendOne)),
    refresh: () => refresh().catch(() => {}),
    async renew() {
      if (!numbered) return
      const old = producer
      producer = await connected()
      void old.disconnect().catch(() => {})
    },
    async close() {
      await Promise.race([producer.disconnect().catch(() => {}), Bun.sleep(DISCONNECT_LIMIT_MS)])
    },
  }
}

/** The broker's error code in a chain of kafkajs errors; null when there was no answer. */
function protocolCode(thrown: unknown): number | null {
  for (
    let error = thrown as { name?: string; code?: unknown; cause?: unknown } | undefined, i = 0;
    error && i < 6;
    i++
  ) {
    if (error.name === 'KafkaJSProtocolError' && typeof error.code === 'number') return error.code
    error = error.cause as typeof error
  }
  return null
}
