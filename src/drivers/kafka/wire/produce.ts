import { ByteReader, unsignedVarintSize, writeUnsignedVarint } from './bytes.ts'

/** Versions 9–11 share this encoding: flexible, topics by name. */
export const PRODUCE_VERSIONS = { key: 0, from: 9, to: 11 } as const

/** A record batch of one partition, encoded. */
export interface EncodedBatch {
  readonly partition: number
  readonly records: Buffer
}

/** What the broker said of one partition. */
export interface ProduceAnswer {
  readonly partition: number
  readonly errorCode: number
}

/** Body of a Produce request for one topic; copies the record batches. `acks`: −1, 0 or 1. */
export function encodeProduceRequest(
  topic: Buffer,
  acks: number,
  timeoutMs: number,
  batches: readonly EncodedBatch[],
): Buffer {
  let size = 1 + 2 + 4 + 1 + unsignedVarintSize(topic.length + 1) + topic.length
  size += unsignedVarintSize(batches.length + 1) + 2
  for (const { records } of batches) size += 4 + unsignedVarintSize(records.length + 1) + records.length + 1
  const buffer = Buffer.allocUnsafeSlow(size)
  buffer[0] = 0 // no transactional id
  buffer.writeInt16BE(acks, 1)
  buffer.writeInt32BE(timeoutMs, 3)
  let at = writeUnsignedVarint(buffer, 7, 2)
  at = writeUnsignedVarint(buffer, at, topic.length + 1)
  buffer.set(topic, at)
  at = writeUnsignedVarint(buffer, at + topic.length, batches.length + 1)
  for (const { partition, records } of batches) {
    buffer.writeInt32BE(partition, at)
    at = writeUnsignedVarint(buffer, at + 4, records.length + 1)
    buffer.set(records, at)
    at += records.length
    buffer[at++] = 0
  }
  buffer[at++] = 0
  buffer[at] = 0
  return buffer
}

/** Error code of each partition of a Produce response; several topics are not expected. */
export function decodeProduceResponse(buffer: Buffer): ProduceAnswer[] {
  const reader = new ByteReader(buffer)
  const answers: ProduceAnswer[] = []
  for (let topics = reader.arrayLength(); topics > 0; topics--) {
    reader.compactBytes()
    for (let partitions = reader.arrayLength(); partitions > 0; partitions--) {
      const partition = reader.int32()
      const errorCode = reader.int16()
      reader.at += 24 // base offset, log append time, log start offset
      for (let errors = reader.arrayLength(); errors > 0; errors--) {
        reader.int32()
        reader.compactBytes()
        reader.skipTags()
      }
      reader.compactBytes()
      reader.skipTags()
      answers.push({ partition, errorCode })
    }
    reader.skipTags()
  }
  return answers
}
