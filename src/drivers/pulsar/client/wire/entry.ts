import { ClientError, protocolError } from '../errors.ts'
import { readBatch } from './batch.ts'
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
  if (metadata.chunks > 1) return damaged('expected a whole message, got a part of a chunked one')
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
    return { buffer: payload, starts: [from], ends: [to], keys, removed: null }
  }
  return { buffer: payload, ...readBatch(payload, from, to, metadata.batchSize) }
}
