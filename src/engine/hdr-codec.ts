import { deflateSync, inflateSync } from 'node:zlib'
import { AppError } from '../errors/app-error.ts'
import { HDR_DIGITS, HDR_HIGHEST_US, HDR_LENGTH } from './hdr-layout.ts'

// HdrHistogram's V2 encoding (ZigZag LEB128 counts, deflated, base64), as the Java library writes it. Writing only up
// to the highest counter in use costs some ten microseconds; the general encoder walks and copies all of it.
const COOKIE = 0x1c849303 | 0x10
const COMPRESSED_COOKIE = 0x1c849304 | 0x10
const HEADER_BYTES = 40
const MAX_COUNT_BYTES = 9
const COMPRESSION_LEVEL = 3

let scratch = new Uint8Array(64 * 1024)

/** Encodes the counters 0 … `maxIndex` (−1: an empty histogram) in HdrHistogram's V2 compressed base64 form. */
export function encodeCounts(counts: Float64Array, maxIndex: number): string {
  const room = HEADER_BYTES + (maxIndex + 1) * MAX_COUNT_BYTES
  if (scratch.length < room) scratch = new Uint8Array(room)
  const end = writeCounts(counts, maxIndex)
  const header = new DataView(scratch.buffer, 0, HEADER_BYTES)
  header.setUint32(0, COOKIE)
  header.setUint32(4, end - HEADER_BYTES)
  header.setUint32(8, 0)
  header.setUint32(12, HDR_DIGITS)
  header.setBigUint64(16, 1n)
  header.setBigUint64(24, BigInt(HDR_HIGHEST_US))
  header.setFloat64(32, 1)
  const deflated = deflateSync(scratch.subarray(0, end), { level: COMPRESSION_LEVEL })
  const packed = Buffer.allocUnsafe(8 + deflated.length)
  packed.writeUInt32BE(COMPRESSED_COOKIE, 0)
  packed.writeUInt32BE(deflated.length, 4)
  packed.set(deflated, 8)
  return packed.toString('base64')
}

function writeCounts(counts: Float64Array, maxIndex: number): number {
  let position = HEADER_BYTES
  let index = 0
  while (index <= maxIndex) {
    const count = counts[index++]!
    if (count !== 0) {
      position = writeVarint(position, count * 2)
      continue
    }
    let zeros = 1
    while (index <= maxIndex && counts[index] === 0) {
      zeros++
      index++
    }
    position = writeVarint(position, zeros === 1 ? 0 : zeros * 2 - 1)
  }
  return position
}

function writeVarint(start: number, value: number): number {
  let position = start
  let rest = value
  while (rest >= 128) {
    scratch[position++] = (rest % 128) | 128
    rest = Math.floor(rest / 128)
  }
  scratch[position++] = rest
  return position
}

/**
 * Calls `visit` for each non-zero counter of an encoded histogram, in order.
 * @throws AppError('CONTRACT') when it is not a V2 histogram of our range.
 */
export function decodeCounts(hdr: string, visit: (index: number, count: number) => void): void {
  const bytes = inflate(hdr)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < HEADER_BYTES || view.getUint32(0) !== COOKIE) {
    throw notReadable('a V2 histogram inside')
  }
  if (view.getUint32(12) !== HDR_DIGITS || view.getBigUint64(24) !== BigInt(HDR_HIGHEST_US)) {
    throw notReadable('the range 1 µs to 24 h with 3 digits')
  }
  let index = 0
  let position = HEADER_BYTES
  const end = Math.min(bytes.length, HEADER_BYTES + view.getUint32(4))
  while (position < end) {
    let value = 0
    let scale = 1
    let byte: number
    do {
      byte = bytes[position++] ?? 0
      value += (byte & 127) * scale
      scale *= 128
    } while (byte >= 128)
    if (value % 2 === 1) index += (value + 1) / 2
    else if (value === 0) index++
    else if (index < HDR_LENGTH) visit(index++, value / 2)
    else throw notReadable(`at most ${HDR_LENGTH} counters`)
  }
}

function inflate(hdr: string): Buffer {
  const packed = Buffer.from(hdr, 'base64')
  if (packed.length < 8 || packed.readUInt32BE(0) !== COMPRESSED_COOKIE) {
    throw notReadable('a V2 compressed histogram')
  }
  try {
    return inflateSync(packed.subarray(8, 8 + packed.readUInt32BE(4)))
  } catch (cause) {
    throw notReadable('deflated contents', cause)
  }
}

function notReadable(expected: string, cause?: unknown): AppError {
  return new AppError('CONTRACT', `cannot read a histogram: expected ${expected}`, { cause })
}
