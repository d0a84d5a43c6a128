import type { Buffer } from 'node:buffer'
import type { MessageParts } from './frame.ts'
import type { ReceivedMetadata } from './metadata.ts'
import { ProtoReader } from './proto-reader.ts'

// A large message may be sent in parts, each an entry of its own. MessageMetadata then also holds
//   uuid 26, num_chunks_from_msg 27, total_chunk_msg_size 28, chunk_id 29
// The message is compressed first and cut then: sizes and codec are those of the whole.

/** Which part of which message an entry is. */
export interface ChunkPart {
  /** The same in all parts of a message. */
  readonly uuid: string
  /** Place of the part: 0 … count − 1. */
  readonly index: number
  readonly count: number
  /** Bytes of all parts together. */
  readonly totalBytes: number
  readonly compression: number
  readonly uncompressedBytes: number
}

/** Reads the metadata of a part once more, for what whole messages lack. */
export function readChunkPart(buffer: Buffer, metadata: ReceivedMetadata, parts: MessageParts): ChunkPart {
  const { compression, uncompressedBytes, chunks: count } = metadata
  const reader = new ProtoReader(buffer, parts.metadataStart, parts.metadataEnd)
  let uuid = ''
  let index = 0
  let totalBytes = 0
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 26) uuid = reader.string()
    else if (field === 28) totalBytes = reader.number()
    else if (field === 29) index = reader.number()
    else reader.skip()
  }
  return { uuid, index, count, totalBytes, compression, uncompressedBytes }
}
