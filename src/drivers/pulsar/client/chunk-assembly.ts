import { Buffer } from 'node:buffer'
import { type ClientError, protocolError } from './errors.ts'
import { decompress } from './wire/compression.ts'
import { type Entry, MAX_UNCOMPRESSED_BYTES } from './wire/entry.ts'

/** Puts the parts of chunked messages of one partition together again. */
export interface ChunkAssembly {
  /**
   * Takes a part, by the MessageIdData of its entry. Null while others are missing; then the message, and the ids of the
   * parts before. Throws a `protocol error` for a part that belongs to nothing.
   */
  add(id: Uint8Array, part: Entry): WholeMessage | null
  /** Forgets everything: it all comes again. */
  clear(): void
}

export interface WholeMessage {
  readonly entry: Entry
  readonly earlierIds: readonly Uint8Array[]
}

interface Unfinished {
  readonly ids: Uint8Array[]
  readonly parts: Buffer[]
  partBytes: number
  heldBytes: number
}

/** Messages of one partition that may be unfinished at the same time; their producers send side by side. */
const MAX_UNFINISHED = 100
/** Bytes that all unfinished messages of a partition may take. */
const MAX_HELD_BYTES = MAX_UNCOMPRESSED_BYTES
/** About what a part takes besides its payload, so that empty ones are bounded too. */
const PART_OVERHEAD_BYTES = 256

/**
 * `abandoned` is told of a message that is given up because others need its room, the oldest first. Its parts stay
 * unacknowledged: nothing is lost by it.
 */
export function createChunkAssembly(abandoned: (reason: ClientError) => void): ChunkAssembly {
  /** By uuid, in the order of their first parts. */
  const unfinished = new Map<string, Unfinished>()
  let heldBytes = 0

  function drop(uuid: string): void {
    heldBytes -= unfinished.get(uuid)?.heldBytes ?? 0
    unfinished.delete(uuid)
  }

  function makeRoom(bytes: number, uuid: string): void {
    for (const other of unfinished.keys()) {
      if (heldBytes + bytes <= MAX_HELD_BYTES && unfinished.size <= MAX_UNFINISHED) return
      if (other === uuid) continue
      drop(other)
      abandoned(protocolError('expected the rest of a chunked message, got too many others'))
    }
    if (heldBytes + bytes <= MAX_HELD_BYTES) return
    drop(uuid)
    throw protocolError('expected a chunked message in fewer parts')
  }

  function begin(part: Entry): Unfinished {
    const { uuid, index, totalBytes } = part.chunk!
    if (index !== 0) throw protocolError(`expected the first part of a chunked message, got part ${index}`)
    if (totalBytes < 0 || totalBytes > MAX_HELD_BYTES / 2) {
      throw protocolError(
        `expected a chunked message of at most ${MAX_HELD_BYTES / 2} bytes, got ${totalBytes}`,
      )
    }
    const message = { ids: [], parts: [], partBytes: 0, heldBytes: 0 }
    unfinished.set(uuid, message)
    return message
  }

  function hold(message: Unfinished, id: Uint8Array, payload: Uint8Array | null, uuid: string): void {
    const bytes = PART_OVERHEAD_BYTES + (payload?.length ?? 0)
    makeRoom(bytes, uuid)
    // Copies: a view would keep all that came with it.
    message.ids.push(Buffer.from(id))
    if (payload !== null) message.parts.push(Buffer.from(payload))
    message.partBytes += payload?.length ?? 0
    message.heldBytes += bytes
    heldBytes += bytes
  }

  function whole(message: Unfinished, part: Entry): WholeMessage {
    const { compression, uncompressedBytes } = part.chunk!
    const packed = Buffer.concat(message.parts)
    const buffer = decompress(compression, packed, uncompressedBytes, MAX_UNCOMPRESSED_BYTES)
    return {
      entry: { ...part, buffer, starts: [0], ends: [buffer.length], chunk: null },
      earlierIds: message.ids.slice(0, -1),
    }
  }

  return {
    add(id, part) {
      const { uuid, index, count, totalBytes } = part.chunk!
      const message = unfinished.get(uuid) ?? begin(part)
      const next = message.parts.length
      const payload = part.buffer.subarray(part.starts[0], part.ends[0])
      if (index > next || (index === next && message.partBytes + payload.length > totalBytes)) {
        drop(uuid)
        throw protocolError(`expected part ${next} of a chunked message of ${totalBytes} bytes, got ${index}`)
      }
      // One that was sent, or delivered, twice.
      hold(message, id, index < next ? null : payload, uuid)
      if (index + 1 < count || index < next) return null
      drop(uuid)
      return whole(message, part)
    },
    clear() {
      unfinished.clear()
      heldBytes = 0
    },
  }
}
