import { Buffer } from 'node:buffer'
import { protocolError } from '../errors.ts'
import { keyOfBase64 } from './metadata.ts'
import { ProtoReader } from './proto-reader.ts'
import { varintBytes, writeVarint } from './proto-writer.ts'

// batch = n × ( metadataSize u32, SingleMessageMetadata, value )
// SingleMessageMetadata = [properties 1], [partition_key 2], payload_size 3, [compacted_out 4], [event_time 5],
//   [partition_key_b64_encoded 6], [ordering_key 7], [sequence_id 8]

const KEY_TAG = 0x12
const SIZE_TAG = 0x18
const SEQUENCE_TAG = 0x40
const MAX_SEQUENCE_BYTES = 10
/** A message in a batch takes at least its size field and the metadata's payload_size. */
const MIN_MESSAGE_BYTES = 4 + 2

function metadataBytes(valueBytes: number, keyBytes: number, sequenceId: number): number {
  const key = keyBytes < 0 ? 0 : 1 + varintBytes(keyBytes) + keyBytes
  const sequence = sequenceId < 0 ? 0 : 1 + varintBytes(sequenceId)
  return key + 1 + varintBytes(valueBytes) + sequence
}

/** Bytes of one message in a batch; `keyBytes` is −1 where it has no key, `sequenceId` where it is not written. */
export function batchedBytes(valueBytes: number, keyBytes: number, sequenceId = -1): number {
  return 4 + metadataBytes(valueBytes, keyBytes, sequenceId) + valueBytes
}

/**
 * Writes one message of a batch; returns where it ends. `out` must have room for `batchedBytes`. Without a sequence id
 * of its own (−1) readers take it for the entry's.
 */
export function writeBatched(
  out: Buffer,
  at: number,
  value: Uint8Array,
  key: string | null,
  sequenceId = -1,
): number {
  const keyBytes = key === null ? -1 : Buffer.byteLength(key)
  out.writeUInt32BE(metadataBytes(value.length, keyBytes, sequenceId), at)
  let next = at + 4
  if (key !== null) {
    out[next++] = KEY_TAG
    next = writeVarint(out, next, keyBytes)
    next += out.write(key, next, keyBytes, 'utf8')
  }
  out[next++] = SIZE_TAG
  next = writeVarint(out, next, value.length)
  if (sequenceId >= 0) {
    out[next++] = SEQUENCE_TAG
    next = writeVarint(out, next, sequenceId)
  }
  out.set(value, next)
  return next + value.length
}

/** Where the messages of a batch lie in its buffer, by their place in the batch. */
export interface BatchViews {
  readonly starts: readonly number[]
  readonly ends: readonly number[]
  /** Keys as they came, null for a message without one; null = no message has one. */
  readonly keys: readonly (Buffer | null)[] | null
  /** Removed by compaction: not to be delivered; null = none. */
  readonly removed: readonly boolean[] | null
}

/** Finds `count` messages in `buffer[start … end)`. Throws a `protocol error` where they do not fit. */
export function readBatch(buffer: Buffer, start: number, end: number, count: number): BatchViews {
  if (count < 1 || count > (end - start) / MIN_MESSAGE_BYTES) {
    throw protocolError(`expected a batch of ${end - start} bytes to hold 1 or more messages, got ${count}`)
  }
  const starts: number[] = []
  const ends: number[] = []
  const rare: RareFields = { keys: null, removed: null }
  let at = start
  for (let i = 0; i < count; i++) {
    if (end - at < 4) throw protocolError(`expected ${count} messages in a batch, got ${i}`)
    const metadataStart = at + 4
    const metadataEnd = metadataStart + buffer.readUInt32BE(at)
    if (metadataEnd > end) throw protocolError('expected metadata inside its batch')
    let size = plainSize(buffer, metadataStart, metadataEnd)
    if (size < 0) size = readSingle(new ProtoReader(buffer, metadataStart, metadataEnd), rare, i, count)
    at = metadataEnd + size
    if (size < 0 || at > end) throw protocolError('expected a message inside its batch')
    starts.push(metadataEnd)
    ends.push(at)
  }
  return { starts, ends, keys: rare.keys, removed: rare.removed }
}

/** What few messages have, by their place in the batch; made for the first that has it. */
interface RareFields {
  keys: (Buffer | null)[] | null
  removed: boolean[] | null
}

/** The size in metadata of a size below 2 MiB and at most a sequence id, as most have it, without a reader; else −1. */
function plainSize(buffer: Buffer, start: number, end: number): number {
  if (buffer[start] !== SIZE_TAG) return -1
  let size = 0
  let at = start + 1
  for (let shift = 0; ; shift += 7) {
    if (at >= end || shift > 14) return -1
    const byte = buffer[at++]!
    size |= (byte & 0x7f) << shift
    if (byte < 0x80) break
  }
  if (at === end) return size
  if (buffer[at++] !== SEQUENCE_TAG || end - at > MAX_SEQUENCE_BYTES) return -1
  // Its last byte, and no other, ends the number.
  while (at < end) if (buffer[at++]! < 0x80) return at === end ? size : -1
  return -1
}

/** Reads the metadata of the message at `place` of `count`; returns its size. */
function readSingle(reader: ProtoReader, rare: RareFields, place: number, count: number): number {
  let size = -1
  let isBase64 = false
  let key: Buffer | null = null
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 3) size = reader.number()
    else if (field === 2) key = reader.bytes()
    else if (field === 6) isBase64 = reader.number() !== 0
    else if (field === 4) {
      if (reader.number() === 0) continue
      rare.removed ??= new Array<boolean>(count).fill(false)
      rare.removed[place] = true
    } else reader.skip()
  }
  if (key !== null) {
    rare.keys ??= new Array<Buffer | null>(count).fill(null)
    rare.keys[place] = isBase64 ? keyOfBase64(key) : key
  }
  return size
}
