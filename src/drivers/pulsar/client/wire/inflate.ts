import { Buffer } from 'node:buffer'
import { protocolError } from '../errors.ts'
import { FIXED_DISTANCES, FIXED_LITERALS, findCode, type HuffmanTree, huffmanTree } from './huffman.ts'

// zlib stream (RFC 1950) = header u16, DEFLATE blocks (RFC 1951), Adler-32 u32 of the output, big-endian.
// block = last u1, kind u2 (0 stored, 1 fixed codes, 2 codes stated in the block), content.
// Bits come from the low end of each byte. A symbol below 256 is a byte, 256 ends the block, the others are the length
// of a match, which its distance follows.
// The output's size is known before: there is one buffer of that size, nothing is written past its end, and no bit is
// read twice.

const END_OF_BLOCK = 256
const LENGTH_BASE = Uint16Array.of(
  ...[3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115],
  ...[131, 163, 195, 227, 258],
)
const LENGTH_EXTRA = Uint8Array.of(
  ...[0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0],
)
const DISTANCE_BASE = Uint16Array.of(
  ...[1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049],
  ...[3073, 4097, 6145, 8193, 12_289, 16_385, 24_577],
)
const DISTANCE_EXTRA = Uint8Array.of(
  ...[0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13],
)
/** Order in which a block states the lengths of the codes that lengths are written in. */
const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
const MAX_LITERALS = 286
const MAX_DISTANCES = 30
const HEADER_BYTES = 2
const SUM_BYTES = 4
/** So many bytes are looked at from where a bit stands. */
const PEEK_BYTES = 3
/** From here on a native copy is faster than a loop. */
const LONG_COPY_BYTES = 48

const damaged = () => protocolError('expected a whole zlib stream, got a cut or damaged one')

interface Inflation {
  /** The input and `PEEK_BYTES` zeros: peeking needs no look at the end. */
  readonly input: Uint8Array
  readonly output: Buffer
  readonly endBit: number
  /** The next bit of the input; beyond the end when the stream is cut. */
  bit: number
  written: number
}

/**
 * Decompresses a zlib stream of exactly `outputBytes` bytes; anything else is a `protocol error`. `hasSum` is false where
 * the stream ends with its last block.
 */
export function inflate(stream: Uint8Array, outputBytes: number, hasSum = true): Buffer {
  const bodyBytes = stream.length - (hasSum ? SUM_BYTES : 0)
  if (bodyBytes < HEADER_BYTES) throw damaged()
  const header = (stream[0]! << 8) | stream[1]!
  const isDeflate = (header & 0x0f00) === 0x0800 && header >>> 12 <= 7
  if (!isDeflate || header % 31 !== 0 || (header & 0x20) !== 0) throw damaged()
  const input = new Uint8Array(stream.length + PEEK_BYTES)
  input.set(stream)
  const output = Buffer.allocUnsafe(outputBytes)
  const state: Inflation = { input, output, endBit: bodyBytes * 8, bit: HEADER_BYTES * 8, written: 0 }
  for (let isLast = false; !isLast; ) {
    isLast = take(state, 1) === 1
    readBlock(state, take(state, 2))
  }
  if (state.written !== outputBytes) {
    throw protocolError(`expected ${outputBytes} bytes from zlib, got ${state.written}`)
  }
  if (!hasSum) return output
  const sum = Buffer.from(input.buffer).readUInt32BE((state.bit + 7) >>> 3)
  if (sum !== Bun.hash.adler32(output)) throw protocolError('expected a zlib stream whose checksum fits')
  return output
}

/** At least 17 bits from `bit` on, the next one lowest; zeros after the end. */
function peek(input: Uint8Array, bit: number): number {
  const at = bit >>> 3
  return (input[at]! | (input[at + 1]! << 8) | (input[at + 2]! << 16)) >>> (bit & 7)
}

/** The next `count` bits, at most 16. */
function take(state: Inflation, count: number): number {
  if (state.bit + count > state.endBit) throw damaged()
  const value = peek(state.input, state.bit) & ((1 << count) - 1)
  state.bit += count
  return value
}

function readBlock(state: Inflation, kind: number): void {
  if (kind === 0) stored(state)
  else if (kind === 1) coded(state, FIXED_LITERALS, FIXED_DISTANCES)
  else if (kind === 2) dynamic(state)
  else throw damaged()
}

function stored(state: Inflation): void {
  state.bit = ((state.bit + 7) >>> 3) * 8
  const bytes = take(state, 16)
  if ((bytes ^ take(state, 16)) !== 0xffff) throw damaged()
  if (bytes * 8 > state.endBit - state.bit || bytes > state.output.length - state.written) throw damaged()
  const from = state.bit >>> 3
  state.output.set(state.input.subarray(from, from + bytes), state.written)
  state.bit += bytes * 8
  state.written += bytes
}

function dynamic(state: Inflation): void {
  const literals = take(state, 5) + 257
  const distances = take(state, 5) + 1
  const stated = take(state, 4) + 4
  if (literals > MAX_LITERALS || distances > MAX_DISTANCES) throw damaged()
  const ofCodes = new Uint8Array(CODE_LENGTH_ORDER.length)
  for (let i = 0; i < stated; i++) ofCodes[CODE_LENGTH_ORDER[i]!] = take(state, 3)
  const lengths = codeLengths(state, ofCodes, literals + distances)
  const literalTree = huffmanTree(lengths.subarray(0, literals), true)
  const distanceTree = huffmanTree(lengths.subarray(literals), true)
  if (literalTree === null || distanceTree === null || lengths[END_OF_BLOCK] === 0) throw damaged()
  coded(state, literalTree, distanceTree)
}

/** Reads `count` lengths: 0…15 is one, 16 repeats the last one, 17 and 18 stand for several zeros. */
function codeLengths(state: Inflation, ofCodes: Uint8Array, count: number): Uint8Array {
  const codes = huffmanTree(ofCodes, false)
  if (codes === null) throw damaged()
  const lengths = new Uint8Array(count)
  for (let i = 0; i < count; ) {
    const entry = codes.fast[peek(state.input, state.bit) & codes.mask]!
    if (entry === 0) throw damaged()
    take(state, entry & 15)
    const symbol = entry >>> 4
    if (symbol < 16) {
      lengths[i++] = symbol
      continue
    }
    if (symbol === 16 && i === 0) throw damaged()
    const value = symbol === 16 ? lengths[i - 1]! : 0
    const times =
      symbol === 16 ? 3 + take(state, 2) : symbol === 17 ? 3 + take(state, 3) : 11 + take(state, 7)
    if (times > count - i) throw damaged()
    lengths.fill(value, i, i + times)
    i += times
  }
  return lengths
}

/** Bytes and matches up to the end of the block. The hot loop: its variables are local. */
function coded(state: Inflation, literals: HuffmanTree, distances: HuffmanTree): void {
  const { input, output, endBit } = state
  const { fast: literalTable, mask: literalMask } = literals
  const { fast: distanceTable, mask: distanceMask } = distances
  const outputBytes = output.length
  let { bit, written } = state
  for (;;) {
    const next = peek(input, bit)
    const entry = literalTable[next & literalMask]! || findCode(literals, next)
    bit += entry & 15
    if (entry === 0 || bit > endBit) throw damaged()
    const symbol = entry >>> 4
    if (symbol < END_OF_BLOCK) {
      if (written === outputBytes) throw damaged()
      output[written++] = symbol
      continue
    }
    if (symbol === END_OF_BLOCK) break
    const lengthCode = symbol - END_OF_BLOCK - 1
    if (lengthCode >= LENGTH_BASE.length) throw damaged()
    const lengthExtra = LENGTH_EXTRA[lengthCode]!
    const bytes = LENGTH_BASE[lengthCode]! + (peek(input, bit) & ((1 << lengthExtra) - 1))
    bit += lengthExtra
    const far = peek(input, bit)
    const farEntry = distanceTable[far & distanceMask]! || findCode(distances, far)
    bit += farEntry & 15
    const distanceCode = farEntry >>> 4
    if (farEntry === 0 || distanceCode >= MAX_DISTANCES) throw damaged()
    const distanceExtra = DISTANCE_EXTRA[distanceCode]!
    const distance = DISTANCE_BASE[distanceCode]! + (peek(input, bit) & ((1 << distanceExtra) - 1))
    bit += distanceExtra
    if (bit > endBit || distance > written || bytes > outputBytes - written) throw damaged()
    copyMatch(output, written, distance, bytes)
    written += bytes
  }
  state.bit = bit
  state.written = written
}

/** Copies what stands `distance` before `at`; a match may overlap what it writes. */
function copyMatch(output: Buffer, at: number, distance: number, bytes: number): void {
  const end = at + bytes
  if (bytes >= LONG_COPY_BYTES && distance >= bytes) output.copyWithin(at, at - distance, end - distance)
  else if (bytes >= LONG_COPY_BYTES && distance === 1) output.fill(output[at - 1]!, at, end)
  else for (let to = at; to < end; to++) output[to] = output[to - distance]!
}
