import { protocolError } from '../errors.ts'

const VARINT = 0
const FIXED_64 = 1
const LENGTH_DELIMITED = 2
const FIXED_32 = 5
const TWO_TO_32 = 4_294_967_296

/**
 * Reads the fields of one message from a part of a buffer, without copies. Every method throws a `ClientError` of kind
 * `protocol error` rather than read beyond the part.
 */
export class ProtoReader {
  readonly buffer: Buffer
  at: number
  readonly end: number
  #wireType = VARINT

  constructor(buffer: Buffer, start: number, end: number) {
    if (start < 0 || end > buffer.length || start > end)
      throw protocolError('expected a message inside its frame')
    this.buffer = buffer
    this.at = start
    this.end = end
  }

  /** Number of the next field, or 0 at the end. Its value must be read, or skipped, next. */
  next(): number {
    if (this.at >= this.end) return 0
    const tag = this.#varint()
    this.#wireType = tag & 7
    const field = Math.floor(tag / 8)
    if (field < 1 || field > 536_870_911) throw protocolError(`expected a field number, got ${field}`)
    return field
  }

  /**
   * A whole number. Exact to 2^53; a set top bit means a negative number, so that an unsigned −1 (18446744073709551615)
   * reads as −1 too.
   */
  number(): number {
    if (this.#wireType !== VARINT) throw protocolError(`expected a varint, got wire type ${this.#wireType}`)
    return this.#varint()
  }

  /** The same, of 64 bits, exact. */
  bits64(): bigint {
    const start = this.at
    this.number()
    let value = 0n
    for (let i = this.at - 1; i >= start; i--) value = (value << 7n) | BigInt(this.buffer[i]! & 0x7f)
    return BigInt.asUintN(64, value)
  }

  /** Skips a length-delimited value and returns its size; it ends at `at`. */
  sized(): number {
    if (this.#wireType !== LENGTH_DELIMITED) {
      throw protocolError(`expected a length-delimited field, got wire type ${this.#wireType}`)
    }
    const size = this.#varint()
    if (size < 0 || size > this.end - this.at) {
      throw protocolError(`expected a field of at most ${this.end - this.at} bytes, got ${size}`)
    }
    this.at += size
    return size
  }

  /** A view of a length-delimited value. */
  bytes(): Buffer {
    const size = this.sized()
    return this.buffer.subarray(this.at - size, this.at)
  }

  string(): string {
    const size = this.sized()
    return this.buffer.toString('utf8', this.at - size, this.at)
  }

  /** A reader of a nested message. */
  message(): ProtoReader {
    const size = this.sized()
    return new ProtoReader(this.buffer, this.at - size, this.at)
  }

  /** True for 64-bit numbers that come packed into one length-delimited field. */
  get packed(): boolean {
    return this.#wireType === LENGTH_DELIMITED
  }

  skip(): void {
    switch (this.#wireType) {
      case VARINT:
        this.#varint()
        return
      case FIXED_64:
        this.#advance(8)
        return
      case LENGTH_DELIMITED:
        this.sized()
        return
      case FIXED_32:
        this.#advance(4)
        return
      default:
        throw protocolError(`expected a known wire type, got ${this.#wireType}`)
    }
  }

  /** A varint without a tag, as inside a packed field. */
  raw64(): bigint {
    this.#wireType = VARINT
    return this.bits64()
  }

  #advance(bytes: number): void {
    if (this.end - this.at < bytes) throw protocolError('expected a whole field, got a cut one')
    this.at += bytes
  }

  #varint(): number {
    const { buffer, end } = this
    let at = this.at
    let low = 0
    for (let shift = 0; shift < 28; shift += 7) {
      if (at >= end) throw protocolError('expected a whole varint, got a cut one')
      const byte = buffer[at++]!
      low |= (byte & 0x7f) << shift
      if (byte < 0x80) {
        this.at = at
        return low
      }
    }
    return this.#longVarint(at, low)
  }

  /** From the fifth byte on: bits 28 … 63. */
  #longVarint(from: number, first28Bits: number): number {
    const { buffer, end } = this
    let at = from
    let low = first28Bits
    let high = 0
    for (let i = 4; i < 10; i++) {
      if (at >= end) throw protocolError('expected a whole varint, got a cut one')
      const byte = buffer[at++]!
      const bits = byte & 0x7f
      if (i === 4) {
        low |= (bits & 0x0f) << 28
        high = bits >>> 4
      } else {
        high |= bits << (3 + (i - 5) * 7)
      }
      if (byte < 0x80) {
        this.at = at
        return (high | 0) * TWO_TO_32 + (low >>> 0)
      }
    }
    throw protocolError('expected a varint of at most 10 bytes')
  }
}
