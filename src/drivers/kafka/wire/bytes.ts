import { readInt64 } from './record-batch.ts'

/** Reads the flexible ("compact") encoding of the protocol from one buffer. */
export class ByteReader {
  readonly buffer: Buffer
  at = 0

  constructor(buffer: Buffer) {
    this.buffer = buffer
  }

  int16(): number {
    this.at += 2
    return this.buffer.readInt16BE(this.at - 2)
  }

  int32(): number {
    this.at += 4
    return this.buffer.readInt32BE(this.at - 4)
  }

  int64(): number {
    this.at += 8
    return readInt64(this.buffer, this.at - 8)
  }

  unsignedVarint(): number {
    let value = 0
    let shift = 0
    let byte: number
    do {
      byte = this.buffer[this.at++]!
      value |= (byte & 0x7f) << shift
      shift += 7
    } while (byte > 0x7f && shift < 35)
    return value >>> 0
  }

  /** Bytes with a compact length, null as empty; a view. */
  compactBytes(): Buffer {
    const length = this.unsignedVarint() - 1
    if (length <= 0) return this.buffer.subarray(this.at, this.at)
    this.at += length
    return this.buffer.subarray(this.at - length, this.at)
  }

  compactString(): string {
    return this.compactBytes().toString()
  }

  /** Length of a compact array, null as 0. */
  arrayLength(): number {
    return Math.max(0, this.unsignedVarint() - 1)
  }

  skipTags(): void {
    for (let tags = this.unsignedVarint(); tags > 0; tags--) {
      this.unsignedVarint()
      const length = this.unsignedVarint()
      this.at += length
    }
  }
}

/** Bytes of an unsigned varint of this value. */
export function unsignedVarintSize(value: number): number {
  let size = 1
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) size++
  return size
}

/** Writes an unsigned varint; returns the position behind it. */
export function writeUnsignedVarint(buffer: Buffer, start: number, value: number): number {
  let at = start
  let rest = value
  while (rest > 0x7f) {
    buffer[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  buffer[at++] = rest
  return at
}
