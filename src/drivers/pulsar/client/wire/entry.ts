import type { Buffer } from 'node:buffer'
import { ClientError, protocolError } from '../errors.ts'
import { readBatch } from './batch.ts'
import { type ChunkPart, readChunkPart } from './chunk.ts'
import { decompress } from './compression.ts'
import { readMessage } from './frame.ts'
import { readMetadata } from './metadata.ts'

/** Largest payload after decompression. */
export const MAX_UNCOMPRESSED_BYTES = 67_108_864

/** What an entry of a topic holds: one message, or a batch of them. */
export interface Entry {
  /** The payload's buffer: the frame's, or one of its own where it was compressed. */
  readonly buffer: Buffer
  readonly starts: readonly number[]
  readonly ends: readonly number[]
  /** Null for a message without a key, or for all of them. */
  readonly keys: readonly (Buffer | null)[] | null
  /** Messages that are not to be delivered (compacted away); null = none. */
  readonly removed: readonly boolean[] | null
  /** Where its metadata lies, for `readDetails`. */
  readonly frame: Buffer
  readonly metadataStart: number
  readonly metadataEnd: number
  /** Where the first message's own metadata begins in `buffer`; −1 = not a batch. */
  readonly batchStart: number
  /** Set where the payload is a part of a larger message, still compressed; null = whole. */
  readonly chunk: ChunkPart | null
}

/** Why an entry cannot be delivered, with the flow permits that it used. */
export interface DamagedEntry {
  readonly error: ClientError
  readonly permits: number
}

/** Opens the message in `buffer[start … end)` of a delivery's frame. */
export function readEntry(buffer: Buffer, start: number, end: number, verify: boolean): Entry | DamagedEntry {
  const parts = readMessage(buffer, start, end, verify)
  const metadata = readMetadata(buffer, parts.metadataStart, parts.metadataEnd)
  const damaged = (words: string) => ({
    error: protocolError(words),
    permits: Math.max(1, metadata.batchSize),
  })
  if (!parts.intact) {
    return {
      ...damaged(''),
      error: new ClientError('checksum', 'expected an entry whose checksum fits', true),
    }
  }
  if (metadata.encrypted) return damaged('expected an entry that is not encrypted')
  const { metadataStart, metadataEnd } = parts
  const head = { frame: buffer, metadataStart, metadataEnd, batchStart: -1, chunk: null, removed: null }
  if (metadata.chunks > 1) {
    const chunk = readChunkPart(buffer, metadata, parts)
    return { ...head, buffer, starts: [metadataEnd], ends: [end], keys: [metadata.key], chunk }
  }
  const compressed = metadata.compression !== 0
  const payload = compressed
    ? decompress(
        metadata.compression,
        buffer.subarray(parts.metadataEnd, end),
        metadata.uncompressedBytes,
        MAX_UNCOMPRESSED_BYTES,
      )
    : buffer
  const from = compressed ? 0 : parts.metadataEnd
  const to = compressed ? payload.length : end
  if (metadata.batchSize === 0) {
    const keys = metadata.key === null ? null : [metadata.key]
    return { ...head, buffer: payload, starts: [from], ends: [to], keys }
  }
  return { ...head, buffer: payload, ...readBatch(payload, from, to, metadata.batchSize), batchStart: from }
}
