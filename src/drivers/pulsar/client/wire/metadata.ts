import { Buffer } from 'node:buffer'
import { ProtoReader } from './proto-reader.ts'
import type { ProtoWriter } from './proto-writer.ts'

/** Codecs by their number in the protocol. */
export const COMPRESSION = { none: 0, lz4: 1, zlib: 2, zstd: 3, snappy: 4 } as const
export type Compression = keyof typeof COMPRESSION

/** What a producer says of an entry. */
export interface EntryMetadata {
  readonly producerName: string
  readonly sequenceId: number
  readonly highestSequenceId: number
  readonly publishTimeMs: number
  /** Key of the entry: of its one message, or of all of them with key-based batching. */
  readonly key: string | null
  readonly compression: number
  readonly uncompressedBytes: number
  /** 0 = not a batch: the payload is the message itself. */
  readonly batchSize: number
}

/**
 * MessageMetadata = producer_name 1, sequence_id 2, publish_time 3, [partition_key 6], [compression 8],
 * [uncompressed_size 9], [num_messages_in_batch 11], [highest_sequence_id 24]
 */
export function writeMetadata(out: ProtoWriter, entry: EntryMetadata): void {
  out.string(1, entry.producerName).number(2, entry.sequenceId).number(3, entry.publishTimeMs)
  if (entry.key !== null) out.string(6, entry.key)
  if (entry.compression !== COMPRESSION.none) {
    out.number(8, entry.compression).number(9, entry.uncompressedBytes)
  }
  if (entry.batchSize > 0) out.number(11, entry.batchSize)
  if (entry.highestSequenceId > entry.sequenceId) out.number(24, entry.highestSequenceId)
}

/** What a consumer needs of it. */
export interface ReceivedMetadata {
  sequenceId: number
  publishTimeMs: number
  key: Buffer | null
  compression: number
  uncompressedBytes: number
  /** 0 = not a batch. */
  batchSize: number
  /** Parts of one large message; 0 or 1 = whole. */
  chunks: number
  /** The payload is encrypted for others. */
  encrypted: boolean
}

/** Producers write keys that are no text in Base64, and say so. */
export function keyOfBase64(key: Buffer | null): Buffer | null {
  return key === null ? null : Buffer.from(key.toString('latin1'), 'base64')
}

/** Reads `buffer[start … end)`; unknown fields are skipped. */
export function readMetadata(buffer: Buffer, start: number, end: number): ReceivedMetadata {
  const reader = new ProtoReader(buffer, start, end)
  const found: ReceivedMetadata = {
    sequenceId: 0,
    publishTimeMs: 0,
    key: null,
    compression: COMPRESSION.none,
    uncompressedBytes: 0,
    batchSize: 0,
    chunks: 0,
    encrypted: false,
  }
  let isBase64 = false
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 2) found.sequenceId = reader.number()
    else if (field === 3) found.publishTimeMs = reader.number()
    else if (field === 6) found.key = reader.bytes()
    else if (field === 8) found.compression = reader.number()
    else if (field === 9) found.uncompressedBytes = reader.number()
    else if (field === 11) found.batchSize = reader.number()
    else if (field === 17) isBase64 = reader.number() !== 0
    else if (field === 27) found.chunks = reader.number()
    else {
      if (field === 13) found.encrypted = true
      reader.skip()
    }
  }
  if (isBase64) found.key = keyOfBase64(found.key)
  return found
}
