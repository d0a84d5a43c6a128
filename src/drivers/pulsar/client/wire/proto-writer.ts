import { Buffer } from 'node:buffer'

// Protocol Buffers, the part the protocol uses:
//   field  = tag value              tag = varint(number << 3 | wireType)
//   wireType 0: varint              7 bits a byte, lowest first, top bit = more follows
//   wireType 2: varint(size) bytes  strings, bytes, messages

const INITIAL_BYTES = 256
const VARINT = 0
const LENGTH_DELIMITED = 2
const TWO_TO_28 = 268_435_456

/** Bytes that `value` takes as a varint; −1 (and every negative number) takes 10. */
export function varintBytes(value: number): number {
  if (value < 0) return 10
  let bytes = 1
  let rest = value
  for (; rest >= TWO_TO_28; rest = Math.floor(rest / 128)) bytes++
  for (; rest >= 128; rest >>>= 7) bytes++
  return bytes
}

/** Writes a varint into a buffer that has room for it; returns where it ends. */
export function writeVarint(out: Uint8Array, at: number, value: number): number {
  if (value < 0) return writeNegative(out, at, value)
  let rest = value
  let next = at
  while (rest >= TWO_TO_28) {
    out[next++] = (rest % 128) | 0x80
    rest = Math.floor(rest / 128)
  }
  while (rest >= 128) {
    out[next++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  out[next++] = rest
  return next
}

/** Negative numbers are two's complement of 64 bits: always 10 bytes. */
function writeNegative(out: Uint8Array, at: number, value: number): number {
  let rest = BigInt.asUintN(64, BigInt(value))
  for (let i = 0; i < 9; i++) {
    out[at + i] = Number(rest & 0x7fn) | 0x80
    rest >>= 7n
  }
  out[at + 9] = Number(rest)
  return at + 10
}

/** Collects the fields of one message; may be used again after `reset`. */
export class ProtoWriter {
  buffer = Buffer.allocUnsafe(INITIAL_BYTES)
  at = 0

  reset(): this {
    this.at = 0
    return this
  }

  /** What was written, as a view that lives until the next write. */
  view(): Buffer {
    return this.buffer.subarray(0, this.at)
  }

  /** A whole number: −2^63 … 2^53, exact up to 2^53. */
  number(field: number, value: number): this {
    this.#reserve(20)
    this.at = writeVarint(this.buffer, this.at, field * 8 + VARINT)
    this.at = writeVarint(this.buffer, this.at, value)
    return this
  }

  /** A whole number, left out when undefined. */
  optional(field: number, value: number | undefined): this {
    return value === undefined ? this : this.number(field, value)
  }

  boolean(field: number, value: boolean): this {
    return this.number(field, value ? 1 : 0)
  }

  bytes(field: number, value: Uint8Array): this {
    this.#reserve(20 + value.length)
    this.at = writeVarint(this.buffer, this.at, field * 8 + LENGTH_DELIMITED)
    this.at = writeVarint(this.buffer, this.at, value.length)
    this.buffer.set(value, this.at)
    this.at += value.length
    return this
  }

  string(field: number, value: string): this {
    const size = Buffer.byteLength(value)
    this.#reserve(20 + size)
    this.at = writeVarint(this.buffer, this.at, field * 8 + LENGTH_DELIMITED)
    this.at = writeVarint(this.buffer, this.at, size)
    this.at += this.buffer.write(value, this.at, size, 'utf8')
    return this
  }

  #reserve(bytes: number): void {
    const needed = this.at + bytes
    if (needed <= this.buffer.length) return
    const grown = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2))
    this.buffer.copy(grown, 0, 0, this.at)
    this.buffer = grown
  }
}
