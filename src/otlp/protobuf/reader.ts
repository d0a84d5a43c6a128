import { ProtoFault } from './fault.ts'
import { WIRE } from './wire-type.ts'

const MAX_FIELD_NUMBER = 2 ** 29 - 1
/** Groups (deprecated, never in OTLP) are skipped to this depth. */
const MAX_GROUP_DEPTH = 100

/**
 * A cursor over protobuf. After `next()` says true, `field` and `wire` name the field, and exactly one of the value
 * methods (or `skip`) must be called. To go into a message: `const outer = r.enter()`, loop, `r.leave(outer)`.
 * Throws `ProtoFault` for what is malformed; never reads outside of the bytes.
 */
export class ProtoReader {
  bytes: Uint8Array
  position: number
  /** First byte behind the message being read. */
  end: number
  field = 0
  wire = 0
  #low = 0
  #high = 0

  constructor(bytes: Uint8Array, position = 0, end = bytes.length) {
    this.bytes = bytes
    this.position = position
    this.end = end
  }

  /** Reads the next tag; false at the end of the message. */
  next(): boolean {
    const at = this.position
    if (at >= this.end) return false
    const first = this.bytes[at]!
    if (first >= 8 && first < 128) {
      this.position = at + 1
      this.field = first >>> 3
      this.wire = first & 7
    } else {
      this.#varint()
      this.field = this.#low >>> 3
      this.wire = this.#low & 7
      if (this.field === 0 || this.field > MAX_FIELD_NUMBER || this.#high !== 0) {
        throw new ProtoFault('expected a field number from 1 to 2^29 - 1', at)
      }
    }
    return true
  }

  /** A varint's low 32 bits, unsigned. */
  uint32(): number {
    const at = this.position
    if (at < this.end && this.bytes[at]! < 128) return this.bytes[this.position++]!
    this.#varint()
    return this.#low
  }

  /** A varint's 64 bits, unsigned. */
  uint64(): bigint {
    this.#varint()
    return (BigInt(this.#high) << 32n) | BigInt(this.#low)
  }

  fixed32(): number {
    const at = this.#take(4)
    const bytes = this.bytes
    return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
  }

  fixed64(): bigint {
    const low = this.fixed32()
    return (BigInt(this.fixed32()) << 32n) | BigInt(low)
  }

  double(): number {
    const at = this.#take(8)
    return new DataView(this.bytes.buffer, this.bytes.byteOffset + at, 8).getFloat64(0, true)
  }

  /** Reads a length and returns where what it measures ends; `position` is its first byte. */
  lengthEnd(): number {
    const at = this.position
    const first = at < this.end ? this.bytes[at]! : 128
    let length = first
    if (first < 128) this.position = at + 1
    else {
      this.#varint()
      length = this.#high === 0 ? this.#low : Number.POSITIVE_INFINITY
    }
    if (length > this.end - this.position) {
      throw new ProtoFault('expected a length within its message, got one beyond its end', at)
    }
    return this.position + length
  }

  /** A view of the next length-delimited value. */
  view(): Uint8Array {
    const end = this.lengthEnd()
    const start = this.position
    this.position = end
    return this.bytes.subarray(start, end)
  }

  /** Goes into the message field just met; returns what `leave` needs. */
  enter(): number {
    const outer = this.end
    this.end = this.lengthEnd()
    return outer
  }

  /** Goes behind the message that `enter` went into. */
  leave(outer: number): void {
    this.position = this.end
    this.end = outer
  }

  /** Passes over the value of the field just met. */
  skip(): void {
    if (this.wire === WIRE.length) this.position = this.lengthEnd()
    else if (this.wire === WIRE.varint) this.#varint()
    else if (this.wire === WIRE.fixed64) this.#take(8)
    else if (this.wire === WIRE.fixed32) this.#take(4)
    else if (this.wire === WIRE.groupStart) this.#skipGroup(0)
    else throw new ProtoFault(`expected a wire type from 0 to 5 but not 4, got ${this.wire}`, this.position)
  }

  #skipGroup(depth: number): void {
    const number = this.field
    if (depth >= MAX_GROUP_DEPTH) {
      throw new ProtoFault(`expected groups nested at most ${MAX_GROUP_DEPTH} deep`, this.position)
    }
    while (this.next()) {
      if (this.wire === WIRE.groupEnd) {
        if (this.field === number) return
        throw new ProtoFault(`expected the end of group ${number}, got that of ${this.field}`, this.position)
      }
      if (this.wire === WIRE.groupStart) this.#skipGroup(depth + 1)
      else this.skip()
    }
    throw new ProtoFault(`expected the end of group ${number}, got the end of the message`, this.position)
  }

  #varint(): void {
    const start = this.position
    const limit = Math.min(this.end, start + 10)
    let low = 0
    let high = 0
    for (let at = start, shift = 0; at < limit; at++, shift += 7) {
      const byte = this.bytes[at]!
      const bits = byte & 0x7f
      if (shift < 28) low |= bits << shift
      else if (shift === 28) {
        low |= bits << 28
        high = bits >>> 4
      } else high |= bits << (shift - 32)
      if (byte < 128) {
        this.position = at + 1
        this.#low = low >>> 0
        this.#high = high >>> 0
        return
      }
    }
    throw new ProtoFault(
      limit === this.end
        ? 'expected a whole varint, got the end of its message'
        : 'expected a varint of at most 10 bytes',
      start,
    )
  }

  #take(count: number): number {
    const at = this.position
    if (count > this.end - at) {
      throw new ProtoFault(`expected ${count} more bytes, got the end of the message`, at)
    }
    this.position = at + count
    return at
  }
}
