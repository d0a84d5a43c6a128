import {
  CHUNK_SPAN,
  type Chunk,
  chunkBytes,
  chunkHas,
  clearBelow,
  countBits,
  eachGapOfChunk,
  ensureWords,
  unite,
} from './sequence-chunk.ts'

const BASE_BYTES = 256

/**
 * A set of sequence numbers (whole, below 2⁵³). Numbers that come in order cost a counter; those beyond a gap lie in
 * bitmaps of 64 Ki numbers, which shrink to a mark when full. A billion numbers that are spread over several
 * receivers take at most 125 MB in each.
 */
export class SequenceSet {
  /** All numbers below are in the set; bitmaps hold only numbers from here on. */
  #prefix = 0
  #count = 0
  #chunks = new Map<number, Chunk>()
  #memoryBytes = BASE_BYTES
  #lastId = -1
  #last: Chunk | undefined

  /** Numbers in the set. */
  get count(): number {
    return this.#count
  }

  /** The first number that is missing. */
  get prefix(): number {
    return this.#prefix
  }

  /** About how much memory it takes. */
  get memoryBytes(): number {
    return this.#memoryBytes
  }

  /** Adds a number; tells whether it is new. */
  add(sequence: number): boolean {
    if (sequence < this.#prefix) return false
    if (sequence === this.#prefix && this.#chunks.size === 0) {
      this.#prefix++
      this.#count++
      return true
    }
    return this.#addToChunk(sequence)
  }

  has(sequence: number): boolean {
    if (sequence < this.#prefix) return true
    const id = Math.floor(sequence / CHUNK_SPAN)
    const chunk = this.#chunks.get(id)
    return chunk !== undefined && chunkHas(chunk, sequence - id * CHUNK_SPAN)
  }

  /** Adds all numbers of another set. */
  union(other: SequenceSet): void {
    if (other.#prefix > this.#prefix) this.#raisePrefix(other.#prefix)
    const firstId = Math.floor(this.#prefix / CHUNK_SPAN)
    for (const [id, theirs] of other.#chunks) {
      if (id < firstId) continue
      const from = id === firstId ? this.#prefix - id * CHUNK_SPAN : 0
      const mine = this.#chunkAt(id)
      this.#memoryBytes -= chunkBytes(mine)
      unite(mine, theirs, from)
      this.#memoryBytes += chunkBytes(mine)
    }
    this.#recount()
    this.#advance()
  }

  /** Calls `visit` for each run of missing numbers below `end`, in rising order. */
  forEachGap(end: number, visit: (first: number, count: number) => void): void {
    let gapStart = -1
    const close = (at: number) => {
      if (gapStart >= 0) visit(gapStart, at - gapStart)
      gapStart = -1
    }
    let position = this.#prefix
    while (position < end) {
      const id = Math.floor(position / CHUNK_SPAN)
      const base = id * CHUNK_SPAN
      const limit = Math.min(end, base + CHUNK_SPAN)
      const chunk = this.#chunks.get(id)
      if (chunk === undefined) {
        if (gapStart < 0) gapStart = position
      } else {
        eachGapOfChunk(chunk, position - base, limit - base, (present, offset) => {
          if (present) close(base + offset)
          else if (gapStart < 0) gapStart = base + offset
        })
      }
      position = limit
    }
    close(end)
  }

  /** How many of the numbers `first … first + count − 1` are in the set. */
  countInRange(first: number, count: number): number {
    const end = first + count
    let present = Math.max(0, Math.min(end, this.#prefix) - first)
    let position = Math.max(first, this.#prefix)
    while (position < end) {
      const id = Math.floor(position / CHUNK_SPAN)
      const base = id * CHUNK_SPAN
      const limit = Math.min(end, base + CHUNK_SPAN)
      const chunk = this.#chunks.get(id)
      if (chunk !== undefined) present += countBits(chunk, position - base, limit - base)
      position = limit
    }
    return present
  }

  /** The prefix and the bitmaps, for the codec. */
  parts(): { readonly prefix: number; readonly chunks: ReadonlyMap<number, Chunk> } {
    return { prefix: this.#prefix, chunks: this.#chunks }
  }

  /** A set of such parts; it keeps the bitmaps. */
  static fromParts(prefix: number, chunks: Map<number, Chunk>): SequenceSet {
    const set = new SequenceSet()
    set.#prefix = prefix
    set.#chunks = chunks
    for (const chunk of chunks.values()) set.#memoryBytes += chunkBytes(chunk)
    set.#recount()
    set.#advance()
    return set
  }

  #addToChunk(sequence: number): boolean {
    const id = Math.floor(sequence / CHUNK_SPAN)
    const chunk = this.#chunkAt(id)
    if (chunk.words === null) return false
    const offset = sequence - id * CHUNK_SPAN
    const word = offset >>> 5
    if (word >= chunk.words.length) {
      this.#memoryBytes -= chunkBytes(chunk)
      ensureWords(chunk, word)
      this.#memoryBytes += chunkBytes(chunk)
    }
    const bit = 1 << (offset & 31)
    if ((chunk.words[word]! & bit) !== 0) return false
    chunk.words[word]! |= bit
    chunk.count++
    this.#count++
    if (chunk.count === CHUNK_SPAN) {
      this.#memoryBytes -= chunk.words.byteLength
      chunk.words = null
    }
    if (sequence === this.#prefix) this.#advance()
    return true
  }

  #chunkAt(id: number): Chunk {
    if (this.#lastId === id && this.#last !== undefined) return this.#last
    let chunk = this.#chunks.get(id)
    if (chunk === undefined) {
      chunk = { words: new Uint32Array(0), count: 0 }
      this.#chunks.set(id, chunk)
      this.#memoryBytes += chunkBytes(chunk)
    }
    this.#lastId = id
    this.#last = chunk
    return chunk
  }

  #drop(id: number, chunk: Chunk): void {
    this.#chunks.delete(id)
    this.#memoryBytes -= chunkBytes(chunk)
    if (this.#lastId === id) this.#last = undefined
  }

  /** Moves the prefix over what the bitmaps hold next to it; a bitmap never keeps numbers below the prefix. */
  #advance(): void {
    while (this.#chunks.size > 0) {
      const id = Math.floor(this.#prefix / CHUNK_SPAN)
      const chunk = this.#chunks.get(id)
      if (chunk === undefined) return
      const base = id * CHUNK_SPAN
      if (chunk.words === null) {
        this.#prefix = base + CHUNK_SPAN
        this.#drop(id, chunk)
        continue
      }
      let offset = this.#prefix - base
      while (offset < CHUNK_SPAN && chunkHas(chunk, offset)) {
        chunk.words[offset >>> 5]! &= ~(1 << (offset & 31))
        chunk.count--
        offset++
      }
      this.#prefix = base + offset
      if (chunk.count === 0) this.#drop(id, chunk)
      if (offset < CHUNK_SPAN) return
    }
  }

  #raisePrefix(prefix: number): void {
    this.#prefix = prefix
    const firstId = Math.floor(prefix / CHUNK_SPAN)
    for (const [id, chunk] of this.#chunks) {
      if (id > firstId) continue
      if (id === firstId) clearBelow(chunk, prefix - id * CHUNK_SPAN)
      if (id < firstId || chunk.count === 0) this.#drop(id, chunk)
    }
    this.#recountMemory()
  }

  #recount(): void {
    this.#count = this.#prefix
    for (const chunk of this.#chunks.values()) this.#count += chunk.count
  }

  #recountMemory(): void {
    this.#memoryBytes = BASE_BYTES
    for (const chunk of this.#chunks.values()) this.#memoryBytes += chunkBytes(chunk)
  }
}
