/** Sequence numbers of one bitmap. */
export const CHUNK_SPAN = 65_536
const CHUNK_WORDS = CHUNK_SPAN / 32
const FIRST_WORDS = 8
// A map entry and the object, roughly.
const ENTRY_BYTES = 128

/** A bitmap of 64 Ki numbers, as long as its highest number needs; `words` null = full. */
export interface Chunk {
  words: Uint32Array | null
  /** Numbers in it. */
  count: number
}

export function chunkBytes(chunk: Chunk): number {
  return ENTRY_BYTES + (chunk.words?.byteLength ?? 0)
}

export function chunkHas(chunk: Chunk, offset: number): boolean {
  if (chunk.words === null) return true
  return ((chunk.words[offset >>> 5] ?? 0) & (1 << (offset & 31))) !== 0
}

/** Makes room for the word with this index. */
export function ensureWords(chunk: Chunk, word: number): void {
  if (chunk.words === null || word < chunk.words.length) return
  let length = Math.max(FIRST_WORDS, chunk.words.length)
  while (length <= word) length *= 2
  const words = new Uint32Array(Math.min(CHUNK_WORDS, length))
  words.set(chunk.words)
  chunk.words = words
}

/** Adds the numbers of `from` that are not below the offset `low` to `into`. */
export function unite(into: Chunk, from: Chunk, low: number): void {
  if (into.words === null) return
  if (from.words === null && low === 0) {
    into.words = null
    into.count = CHUNK_SPAN
    return
  }
  const length = from.words?.length ?? CHUNK_WORDS
  if (length > 0) ensureWords(into, length - 1)
  let count = 0
  for (let i = low >>> 5; i < length; i++) {
    const mask = i === low >>> 5 ? -1 << (low & 31) : -1
    into.words[i]! |= (from.words === null ? -1 : from.words[i]!) & mask
  }
  for (const word of into.words) count += popcount(word)
  into.count = count
  if (count === CHUNK_SPAN) into.words = null
}

/** Removes the numbers below the offset. */
export function clearBelow(chunk: Chunk, offset: number): void {
  if (offset === 0) return
  chunk.words ??= new Uint32Array(CHUNK_WORDS).fill(0xffffffff)
  const word = offset >>> 5
  chunk.words.fill(0, 0, word)
  if (word < chunk.words.length) chunk.words[word]! &= -1 << (offset & 31)
  chunk.count = 0
  for (const bits of chunk.words) chunk.count += popcount(bits)
}

/** Numbers in the offsets `from … to − 1`. */
export function countBits(chunk: Chunk, from: number, to: number): number {
  if (chunk.words === null) return to - from
  let count = 0
  const last = (to - 1) >>> 5
  for (let i = from >>> 5; i <= last && i < chunk.words.length; i++) {
    let bits = chunk.words[i]!
    if (i === from >>> 5) bits &= -1 << (from & 31)
    if (i === last) bits &= -1 >>> (31 - ((to - 1) & 31))
    count += popcount(bits)
  }
  return count
}

/** Walks the offsets `from … to − 1`: calls `visit` where a run of present or of missing numbers begins or goes on. */
export function eachGapOfChunk(
  chunk: Chunk,
  from: number,
  to: number,
  visit: (present: boolean, offset: number) => void,
): void {
  if (chunk.words === null) {
    visit(true, from)
    return
  }
  let offset = from
  while (offset < to) {
    const bits = chunk.words[offset >>> 5] ?? 0
    const wholeWord = (offset & 31) === 0 && (bits === 0 || bits === 0xffffffff)
    visit((bits & (1 << (offset & 31))) !== 0, offset)
    offset += wholeWord ? 32 : 1
  }
}

export function popcount(bits: number): number {
  let v = bits - ((bits >>> 1) & 0x55555555)
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333)
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
