import { isIdempotent } from '../kafka-config.ts'
import { isAuthorisation, kindOfFailure, resultOfCode, resultOfFailure } from '../kafka-errors.ts'
import type { MessageBatch } from '../message-batch.ts'
import { decodeProduceResponse, encodeProduceRequest, PRODUCE_VERSIONS } from '../wire/produce.ts'
import { encodeRecordBatch } from '../wire/record-batch.ts'
import type { BatchResult, ClientOptions, ProduceLink } from './client.ts'
import type { Library, TopicNodes } from './platformatic-nodes.ts'

const RENEW_ATTEMPTS = 100
const RENEW_PAUSE_MS = 100
const SEQUENCES = 2_147_483_648
const ACKS = { all: -1, 1: 1, 0: 0 } as const
const NOT_SENT = /not part of the cluster|Connection to .* failed|Cannot connect|not available in the current/

/**
 * Produces through the library's connections with record batches encoded here: one buffer a batch, where the
 * library's own producer makes an object, a writer and some ten small buffers of every message.
 */
export async function createProduceLink(
  library: Library,
  nodes: TopicNodes,
  topic: string,
  version: number,
  options: ClientOptions,
): Promise<ProduceLink> {
  const { config } = options
  const acks = ACKS[config.acks]
  const topicName = Buffer.from(topic)
  const algorithm = library.compressionsAlgorithms[config.compression]
  const compress = algorithm.bitmask === 0 ? null : (bytes: Buffer) => algorithm.compressSync(bytes)
  const crc32c = (bytes: Buffer) => library.crc32c(library.Writer.create().append(bytes).dynamicBuffer)
  const numbered = isIdempotent(config)
  let producerId = -1n
  let producerEpoch = -1
  let sequences: number[] = []

  async function renew(): Promise<void> {
    if (!numbered) return
    const answer = await library.initProducerIdV4.api.async(await nodes.connection(nodes.anyNode()), null, 0)
    producerId = answer.producerId
    producerEpoch = answer.producerEpoch
    sequences = []
  }

  /** A broker that has just started has no producer numbers to give yet. */
  async function renewUntilDone(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await renew()
      } catch (error) {
        if (attempt >= RENEW_ATTEMPTS || isAuthorisation(error)) throw error
        await Bun.sleep(RENEW_PAUSE_MS)
        await nodes.refresh().catch(() => {})
      }
    }
  }

  function encode(batch: MessageBatch): Buffer {
    if (batch.encoded !== null) return batch.encoded
    const baseSequence = numbered ? (sequences[batch.partition] ?? 0) : -1
    if (numbered) sequences[batch.partition] = (baseSequence + batch.values.length) % SEQUENCES
    batch.encoded = encodeRecordBatch(batch.values, batch.keys, {
      timestampMs: Date.now(),
      producerId,
      producerEpoch,
      baseSequence,
      codec: algorithm.bitmask,
      compress,
      crc32c,
    })
    return batch.encoded
  }

  function results(batches: readonly MessageBatch[], answer: Buffer): BatchResult[] {
    const codes = new Map<number, number>()
    for (const { partition, errorCode } of decodeProduceResponse(answer)) codes.set(partition, errorCode)
    return batches.map((batch) => resultOfCode(codes.get(batch.partition) ?? -1))
  }

  await nodes.refresh()
  await renewUntilDone()
  return {
    inFlightPerPartition: Number.POSITIVE_INFINITY,
    partitionsPerRequest: Number.POSITIVE_INFINITY,
    leaderOf: nodes.leaderOf,
    async send(node, batches) {
      try {
        const body = encodeProduceRequest(
          topicName,
          acks,
          config.requestTimeoutMs,
          batches.map((batch) => ({ partition: batch.partition, records: encode(batch) })),
        )
        const answer = await nodes.request(node, {
          key: PRODUCE_VERSIONS.key,
          version,
          body,
          noResponse: acks === 0,
        })
        return answer === null ? batches.map((): BatchResult => ({ ok: true })) : results(batches, answer)
      } catch (error) {
        const failure: BatchResult = NOT_SENT.test(String(error))
          ? { ok: false, kind: kindOfFailure(error), maybeWritten: false, retriable: true }
          : resultOfFailure(error)
        return batches.map(() => failure)
      }
    },
    refresh: () => nodes.refresh().catch(() => {}),
    renew,
    close: () => nodes.close().catch(() => {}),
  }
}
