import { Buffer } from 'node:buffer'
import { protocolError } from '../errors.ts'

// LZ4 block = sequences of
//   token u8 (literal length << 4 | match length − 4), [length bytes 255…], literals,
//   offset u16 little-endian, [length bytes]
// The last sequence ends after its literals; the last 5 bytes are literals, no match starts in the last 12.

const MIN_MATCH = 4
const LAST_LITERALS = 5
const NO_MATCH_IN_LAST = 12
const HASH_BITS = 14
const MAX_OFFSET = 65_535

/** Largest size of `bytes` bytes after compression. */
export function lz4Bound(bytes: number): number {
  return bytes + Math.floor(bytes / 255) + 16
}

function writeLength(out: Buffer, at: number, length: number): number {
  let next = at
  let rest = length
  for (; rest >= 255; rest -= 255) out[next++] = 255
  out[next++] = rest
  return next
}

/** Compresses into one block; greedy, with a table of 4-byte hashes. */
export function lz4Compress(input: Buffer): Buffer {
  const out = Buffer.allocUnsafe(lz4Bound(input.length))
  const table = new Int32Array(1 << HASH_BITS).fill(-1)
  const matchLimit = input.length - LAST_LITERALS
  let written = 0
  let literalsFrom = 0

  function writeSequence(literalsTo: number, offset: number, matchBytes: number): void {
    const literals = literalsTo - literalsFrom
    const extra = matchBytes - MIN_MATCH
    const token = written++
    out[token] = (Math.min(literals, 15) << 4) | (offset === 0 ? 0 : Math.min(extra, 15))
    if (literals >= 15) written = writeLength(out, written, literals - 15)
    written += input.copy(out, written, literalsFrom, literalsTo)
    if (offset === 0) return
    out[written++] = offset & 0xff
    out[written++] = offset >>> 8
    if (extra >= 15) written = writeLength(out, written, extra - 15)
  }

  let at = 0
  while (at < input.length - NO_MATCH_IN_LAST) {
    const word = input.readInt32LE(at)
    const slot = Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS)
    const candidate = table[slot]!
    table[slot] = at
    if (candidate < 0 || at - candidate > MAX_OFFSET || input.readInt32LE(candidate) !== word) {
      at++
      continue
    }
    let end = at + MIN_MATCH
    while (end < matchLimit && input[end] === input[candidate + end - at]) end++
    writeSequence(at, at - candidate, end - at)
    at = end
    literalsFrom = end
  }
  writeSequence(input.length, 0, 0)
  return out.subarray(0, written)
}

/** Decompresses one block of exactly `outputBytes` bytes; anything else is a `protocol error`. */
export function lz4Decompress(input: Uint8Array, outputBytes: number): Buffer {
  const out = Buffer.allocUnsafe(outputBytes)
  let at = 0
  let written = 0

  function readLength(nibble: number): number {
    let length = nibble
    if (nibble < 15) return length
    for (;;) {
      const byte = input[at++]
      if (byte === undefined) throw protocolError('expected a whole LZ4 block, got a cut one')
      length += byte
      if (byte < 255) return length
    }
  }

  while (at < input.length) {
    const token = input[at++]!
    const literals = readLength(token >>> 4)
    if (literals > input.length - at || literals > outputBytes - written) {
      throw protocolError('expected LZ4 literals inside the block')
    }
    out.set(input.subarray(at, at + literals), written)
    at += literals
    written += literals
    if (at === input.length) break
    if (input.length - at < 2) throw protocolError('expected a whole LZ4 block, got a cut one')
    const offset = input[at]! | (input[at + 1]! << 8)
    at += 2
    const matchBytes = readLength(token & 15) + MIN_MATCH
    if (offset === 0 || offset > written || matchBytes > outputBytes - written) {
      throw protocolError('expected an LZ4 match inside the block')
    }
    // Byte by byte: a match may overlap what it writes.
    for (let i = 0; i < matchBytes; i++, written++) out[written] = out[written - offset]!
  }
  if (written !== outputBytes) throw protocolError(`expected ${outputBytes} bytes from LZ4, got ${written}`)
  return out
}
