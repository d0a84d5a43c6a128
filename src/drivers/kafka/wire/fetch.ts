import { ByteReader, unsignedVarintSize, writeUnsignedVarint } from './bytes.ts'

/** Version 12: flexible, topics still by name; every broker since 2.7 speaks it. */
export const FETCH_VERSION = { key: 1, version: 12 } as const

const TWO_32 = 4_294_967_296
const PARTITION_BYTES = 4 + 4 + 8 + 4 + 8 + 4 + 1

export interface FetchLimits {
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytes: number
  readonly maxBytesPerPartition: number
}

/** Where to read a partition from. */
export interface FetchPosition {
  readonly partition: number
  readonly offset: number
}

/** What came for one partition; `records` is a view into the response. */
export interface FetchedPartition {
  readonly partition: number
  readonly errorCode: number
  readonly logStartOffset: number
  readonly records: Buffer
}

/** Body of a Fetch request for one topic, without a fetch session. */
export function encodeFetchRequest(
  topic: Buffer,
  positions: readonly FetchPosition[],
  limits: FetchLimits,
): Buffer {
  const size =
    25 +
    1 +
    unsignedVarintSize(topic.length + 1) +
    topic.length +
    unsignedVarintSize(positions.length + 1) +
    positions.length * PARTITION_BYTES +
    4
  const buffer = Buffer.allocUnsafe(size)
  buffer.writeInt32BE(-1, 0) // replica id: a consumer
  buffer.writeInt32BE(limits.maxWaitMs, 4)
  buffer.writeInt32BE(limits.minBytes, 8)
  buffer.writeInt32BE(limits.maxBytes, 12)
  buffer[16] = 0 // read uncommitted
  buffer.writeInt32BE(0, 17) // session id
  buffer.writeInt32BE(-1, 21) // session epoch: no session
  let at = writeUnsignedVarint(buffer, 25, 2)
  at = writeUnsignedVarint(buffer, at, topic.length + 1)
  buffer.set(topic, at)
  at = writeUnsignedVarint(buffer, at + topic.length, positions.length + 1)
  for (const { partition, offset } of positions) {
    buffer.writeInt32BE(partition, at)
    buffer.writeInt32BE(-1, at + 4) // leader epoch: unknown
    buffer.writeInt32BE(Math.floor(offset / TWO_32), at + 8)
    buffer.writeUInt32BE(offset % TWO_32, at + 12)
    buffer.writeInt32BE(-1, at + 16) // last fetched epoch
    buffer.writeInt32BE(-1, at + 20) // log start offset: a consumer
    buffer.writeInt32BE(-1, at + 24)
    buffer.writeInt32BE(limits.maxBytesPerPartition, at + 28)
    buffer[at + 32] = 0
    at += PARTITION_BYTES
  }
  buffer.fill(0, at) // tags of the topic, no forgotten topics (1), empty rack (1), tags
  buffer[at + 1] = 1
  buffer[at + 2] = 1
  return buffer
}

/** The partitions of a Fetch response, and the error of the whole. */
export function decodeFetchResponse(buffer: Buffer): { errorCode: number; partitions: FetchedPartition[] } {
  const reader = new ByteReader(buffer)
  reader.int32() // throttle time
  const errorCode = reader.int16()
  reader.int32() // session id
  const partitions: FetchedPartition[] = []
  for (let topics = reader.arrayLength(); topics > 0; topics--) {
    reader.compactBytes()
    for (let left = reader.arrayLength(); left > 0; left--) partitions.push(fetchedPartition(reader))
    reader.skipTags()
  }
  return { errorCode, partitions }
}

function fetchedPartition(reader: ByteReader): FetchedPartition {
  const partition = reader.int32()
  const errorCode = reader.int16()
  reader.at += 16 // high watermark, last stable offset
  const logStartOffset = reader.int64()
  for (let aborted = reader.arrayLength(); aborted > 0; aborted--) {
    reader.at += 16
    reader.skipTags()
  }
  reader.int32() // preferred read replica
  const records = reader.compactBytes()
  reader.skipTags()
  return { partition, errorCode, logStartOffset, records }
}
