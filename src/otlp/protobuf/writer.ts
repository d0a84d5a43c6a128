const INITIAL_BYTES = 1024
const TWO_POW_32 = 2 ** 32
/** Strings up to this length are tried as ASCII in a plain loop, which beats a call into the runtime. */
const SHORT_STRING = 40

/** Bytes that `value` (whole, 0 … 2⁵³) takes as a varint. */
export function varintBytes(value: number): number {
  let bytes = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) bytes++
  return bytes
}

/** Writes protobuf front to back into a buffer that grows. Tags are given ready made (`tagOf`). */
export class ProtoWriter {
  #bytes: Buffer
  #length = 0
  readonly #words = new Uint32Array(2)
  readonly #double = new Float64Array(this.#words.buffer)

  /** `expectedBytes` is only a first guess. */
  constructor(expectedBytes = INITIAL_BYTES) {
    this.#bytes = Buffer.allocUnsafe(Math.max(16, expectedBytes))
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length
  }

  /** A copy of what was written, of exact size. */
  finish(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#bytes.subarray(0, this.#length))
  }

  /** A whole number, 0 … 2⁵³. */
  varint(value: number): void {
    this.#reserve(10)
    let rest = value
    while (rest >= TWO_POW_32) {
      this.#bytes[this.#length++] = (rest % 128) | 0x80
      rest = Math.floor(rest / 128)
    }
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#bytes[this.#length++] = rest
  }

  /** The 64 bits of `value` (two's complement when negative) as a varint. */
  varint64(value: bigint): void {
    let low = Number(BigInt.asUintN(32, value))
    let high = Number(BigInt.asUintN(32, value >> 32n))
    this.#reserve(10)
    while (high > 0 || low >= 128) {
      this.#bytes[this.#length++] = (low & 0x7f) | 0x80
      low = ((low >>> 7) | (high << 25)) >>> 0
      high >>>= 7
    }
    this.#bytes[this.#length++] = low
  }

  fixed32(value: number): void {
    this.#reserve(4)
    this.#length = this.#bytes.writeUInt32LE(value >>> 0, this.#length)
  }

  fixed64(value: bigint): void {
    this.#reserve(8)
    this.#length = this.#bytes.writeBigUInt64LE(BigInt.asUintN(64, value), this.#length)
  }

  double(value: number): void {
    this.#double[0] = value
    this.fixed32(this.#words[0]!)
    this.fixed32(this.#words[1]!)
  }

  /** Bytes without a length in front. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** Tag, length and bytes. */
  bytesField(tag: number, bytes: Uint8Array): void {
    this.varint(tag)
    this.varint(bytes.length)
    this.raw(bytes)
  }

  /** Tag, length and UTF-8. Lone surrogates become U+FFFD. */
  stringField(tag: number, text: string): void {
    this.varint(tag)
    if (text.length <= SHORT_STRING && this.#shortAscii(text)) return
    const size = Buffer.byteLength(text, 'utf8')
    this.varint(size)
    this.#reserve(size)
    this.#bytes.write(text, this.#length, size, 'utf8')
    this.#length += size
  }

  /** Opens a message field; hand what it returns to `end`. */
  begin(tag: number): number {
    this.varint(tag)
    this.#reserve(1)
    return ++this.#length
  }

  /** Closes the field opened last: one byte was kept for the length, what is longer moves up. */
  end(start: number): void {
    const size = this.#length - start
    const extra = varintBytes(size) - 1
    if (extra > 0) {
      this.#reserve(extra)
      this.#bytes.copyWithin(start + extra, start, this.#length)
    }
    let at = start - 1
    let rest = size
    for (; rest >= 128; rest >>>= 7) this.#bytes[at++] = (rest & 0x7f) | 0x80
    this.#bytes[at] = rest
    this.#length += extra
  }

  #shortAscii(text: string): boolean {
    this.#reserve(1 + text.length)
    const bytes = this.#bytes
    let at = this.#length
    bytes[at++] = text.length
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code >= 128) return false
      bytes[at++] = code
    }
    this.#length = at
    return true
  }

  #reserve(count: number): void {
    const needed = this.#length + count
    if (needed <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2))
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }
}
