import { Buffer } from 'node:buffer'
import { protocolError } from '../errors.ts'
import { writeVarint } from './proto-writer.ts'

// Snappy block = varint(size), then elements of tag u8 (low 2 bits = kind):
//   0 literal: length − 1 in the upper 6 bits; 60…63 = in the next 1…4 bytes
//   1 copy:    length − 4 in bits 2–4, offset = bits 5–7 and one byte
//   2 copy:    length − 1 in the upper 6 bits, offset u16 little-endian
//   3 copy:    the same with u32

const HASH_BITS = 14
const MAX_OFFSET = 65_535
const MAX_COPY = 64
const MIN_MATCH = 4

function writeLiteral(out: Buffer, at: number, input: Buffer, from: number, to: number): number {
  if (from === to) return at
  const last = to - from - 1
  let next = at
  if (last < 60) out[next++] = last << 2
  else {
    const bytes = last < 256 ? 1 : last < 65_536 ? 2 : last < 16_777_216 ? 3 : 4
    out[next++] = (59 + bytes) << 2
    next = out.writeUIntLE(last, next, bytes)
  }
  return next + input.copy(out, next, from, to)
}

/** Compresses into one block; greedy, with a table of 4-byte hashes. */
export function snappyCompress(input: Buffer): Buffer {
  const out = Buffer.allocUnsafe(32 + input.length + Math.floor(input.length / 6))
  const table = new Int32Array(1 << HASH_BITS).fill(-1)
  let written = writeVarint(out, 0, input.length)
  let literalsFrom = 0
  let at = 0
  while (at <= input.length - MIN_MATCH) {
    const word = input.readInt32LE(at)
    const slot = Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS)
    const candidate = table[slot]!
    table[slot] = at
    if (candidate < 0 || at - candidate > MAX_OFFSET || input.readInt32LE(candidate) !== word) {
      at++
      continue
    }
    let end = at + MIN_MATCH
    while (end < input.length && input[end] === input[candidate + end - at]) end++
    written = writeLiteral(out, written, input, literalsFrom, at)
    const offset = at - candidate
    for (let rest = end - at; rest > 0; rest -= MAX_COPY) {
      out[written++] = ((Math.min(rest, MAX_COPY) - 1) << 2) | 2
      out[written++] = offset & 0xff
      out[written++] = offset >>> 8
    }
    at = end
    literalsFrom = end
  }
  written = writeLiteral(out, written, input, literalsFrom, input.length)
  return out.subarray(0, written)
}

/** Decompresses one block of exactly `outputBytes` bytes; anything else is a `protocol error`. */
export function snappyDecompress(input: Buffer, outputBytes: number): Buffer {
  const cut = () => protocolError('expected a whole Snappy block, got a cut or damaged one')
  let at = 0
  let size = 0
  for (let scale = 1; ; scale *= 128) {
    const byte = input[at++]
    if (byte === undefined || at > 5) throw cut()
    size += (byte & 0x7f) * scale
    if (byte < 0x80) break
  }
  if (size !== outputBytes) throw protocolError(`expected ${outputBytes} bytes from Snappy, got ${size}`)
  const out = Buffer.allocUnsafe(outputBytes)
  let written = 0

  function number(bytes: number): number {
    if (input.length - at < bytes) throw cut()
    at += bytes
    return input.readUIntLE(at - bytes, bytes)
  }
  function literal(bytes: number): void {
    if (bytes > input.length - at || bytes > outputBytes - written) throw cut()
    written += input.copy(out, written, at, at + bytes)
    at += bytes
  }
  function copy(bytes: number, offset: number): void {
    if (offset === 0 || offset > written || bytes > outputBytes - written) throw cut()
    for (let i = 0; i < bytes; i++, written++) out[written] = out[written - offset]!
  }

  while (at < input.length) {
    const tag = input[at++]!
    const upper = tag >>> 2
    const kind = tag & 3
    if (kind === 0) literal((upper < 60 ? upper : number(upper - 59)) + 1)
    else if (kind === 1) copy((upper & 7) + 4, ((tag >>> 5) << 8) | number(1))
    else copy(upper + 1, number(kind === 2 ? 2 : 4))
  }
  if (written !== outputBytes) throw cut()
  return out
}
