import { AppError } from '../errors/app-error.ts'
import { CHUNK_SPAN, type Chunk, popcount } from './sequence-chunk.ts'
import { SequenceSet } from './sequence-set.ts'

// prefix (f64), number of chunks (u32); each chunk: id (f64), words (u32; FULL = all numbers), the words.
const HEADER_BYTES = 12
const CHUNK_HEADER_BYTES = 12
const FULL = 0xffffffff

/** The set as bytes, for another process. */
export function serialiseSet(set: SequenceSet): Uint8Array {
  const { prefix, chunks } = set.parts()
  let size = HEADER_BYTES
  for (const chunk of chunks.values()) size += CHUNK_HEADER_BYTES + usedWords(chunk) * 4
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  view.setFloat64(0, prefix, true)
  view.setUint32(8, chunks.size, true)
  let position = HEADER_BYTES
  for (const [id, chunk] of chunks) {
    const used = usedWords(chunk)
    view.setFloat64(position, id, true)
    view.setUint32(position + 8, chunk.words === null ? FULL : used, true)
    position += CHUNK_HEADER_BYTES
    for (let i = 0; i < used; i++, position += 4) view.setUint32(position, chunk.words![i]!, true)
  }
  return bytes
}

function usedWords(chunk: Chunk): number {
  let used = chunk.words?.length ?? 0
  while (used > 0 && chunk.words![used - 1] === 0) used--
  return used
}

/** The set that `serialiseSet` wrote. @throws AppError('CONTRACT') for anything else. */
export function deserialiseSet(bytes: Uint8Array): SequenceSet {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  try {
    return readSet(view)
  } catch (cause) {
    throw new AppError('CONTRACT', `expected a serialised set of sequences, got ${bytes.length} bytes`, {
      cause,
    })
  }
}

function readSet(view: DataView): SequenceSet {
  const chunks = new Map<number, Chunk>()
  const prefix = view.getFloat64(0, true)
  let position = HEADER_BYTES
  for (let left = view.getUint32(8, true); left > 0; left--) {
    const id = view.getFloat64(position, true)
    const length = view.getUint32(position + 8, true)
    position += CHUNK_HEADER_BYTES
    if (length === FULL) {
      chunks.set(id, { words: null, count: CHUNK_SPAN })
      continue
    }
    if (length > CHUNK_SPAN / 32) throw new RangeError(`a chunk of ${length} words`)
    const words = new Uint32Array(length)
    let count = 0
    for (let i = 0; i < length; i++, position += 4) {
      words[i] = view.getUint32(position, true)
      count += popcount(words[i]!)
    }
    chunks.set(id, { words, count })
  }
  return SequenceSet.fromParts(prefix, chunks)
}
