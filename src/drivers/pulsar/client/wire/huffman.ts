// Canonical Huffman codes of DEFLATE (RFC 1951, 3.2.2): the lengths alone say all.

/** Codes up to this length are found with one look into a table. */
const FAST_BITS = 10
const MAX_BITS = 15

export interface HuffmanTree {
  /** By the next bits, under `mask`: symbol << 4 | length; 0 = a longer code, or none. */
  readonly fast: Uint16Array
  readonly mask: number
  /** Number of codes, by length. */
  readonly counts: Uint16Array
  /** Symbols in the order of their codes. */
  readonly symbols: Uint16Array
}

/**
 * The codes of these lengths by symbol, 0 = none; null where there are more or fewer codes than fit. With `mayBeIncomplete`
 * there may also be none, or a single one of one bit, as compressors write for a block with at most one distance.
 */
export function huffmanTree(lengths: Uint8Array, mayBeIncomplete: boolean): HuffmanTree | null {
  const counts = new Uint16Array(MAX_BITS + 1)
  for (const length of lengths) counts[length]!++
  counts[0] = 0
  let left = 1
  let longest = 0
  for (let length = 1; length <= MAX_BITS; length++) {
    left = left * 2 - counts[length]!
    if (left < 0) return null
    if (counts[length] !== 0) longest = length
  }
  if (left > 0 && !(mayBeIncomplete && longest <= 1)) return null
  const offsets = new Uint16Array(MAX_BITS + 2)
  const codes = new Uint16Array(MAX_BITS + 2)
  for (let length = 1; length <= MAX_BITS; length++) {
    offsets[length + 1] = offsets[length]! + counts[length]!
    codes[length + 1] = (codes[length]! + counts[length]!) << 1
  }
  const symbols = new Uint16Array(lengths.length)
  const size = 1 << Math.min(longest, FAST_BITS)
  const fast = new Uint16Array(size)
  for (let i = 0; i < lengths.length; i++) {
    const length = lengths[i]!
    if (length === 0) continue
    symbols[offsets[length]!++] = i
    const code = codes[length]!++
    if (length > FAST_BITS) continue
    const entry = (i << 4) | length
    for (let at = reversed(code, length); at < size; at += 1 << length) fast[at] = entry
  }
  return { fast, mask: size - 1, counts, symbols }
}

/** As in the table, for the code at the low end of `bits`, of whatever length; 0 = there is none. */
export function findCode({ counts, symbols }: HuffmanTree, bits: number): number {
  let code = 0
  let first = 0
  let index = 0
  for (let length = 1; length <= MAX_BITS; length++) {
    code = (code << 1) | ((bits >>> (length - 1)) & 1)
    first <<= 1
    const count = counts[length]!
    if (code - first < count) return (symbols[index + code - first]! << 4) | length
    index += count
    first += count
  }
  return 0
}

function reversed(code: number, length: number): number {
  let out = 0
  for (let i = 0, rest = code; i < length; i++, rest >>>= 1) out = (out << 1) | (rest & 1)
  return out
}

const fixedLengths = new Uint8Array(288).fill(8).fill(9, 144, 256).fill(7, 256, 280)

/** Codes of the blocks that state none. Some of their symbols have no meaning. */
export const FIXED_LITERALS = huffmanTree(fixedLengths, false)!
export const FIXED_DISTANCES = huffmanTree(new Uint8Array(32).fill(5), false)!
