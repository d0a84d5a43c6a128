// Record batch format v2: https://kafka.apache.org/documentation/#recordbatch
const BATCH_LENGTH_AT = 8
const CRC_AT = 17
const ATTRIBUTES_AT = 21
const HEADER_BYTES = 61
const MAGIC = 2
const TWO_32 = 4_294_967_296

/** Bytes a record needs beyond its key and value, at most. */
export const RECORD_OVERHEAD_BYTES = 21
/** Bytes a batch needs beyond its records. */
export const BATCH_OVERHEAD_BYTES = HEADER_BYTES

/** What stands in the header of a batch, and how its records are packed. */
export interface BatchHeader {
  readonly timestampMs: number
  /** −1 without idempotence. */
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly baseSequence: number
  /** Codec number in the attributes (0 = none). */
  readonly codec: number
  readonly compress: ((records: Buffer) => Buffer) | null
  readonly crc32c: (bytes: Buffer) => number
}

/** One record batch in one buffer; copies values and keys. */
export function encodeRecordBatch(
  values: readonly Uint8Array[],
  keys: readonly Uint8Array[] | null,
  header: BatchHeader,
): Buffer {
  const count = values.length
  const bodyLengths = new Int32Array(count)
  let total = HEADER_BYTES
  for (let i = 0; i < count; i++) {
    const key = keys?.[i]
    const valueLength = values[i]!.length
    const length =
      3 +
      varintSize(i << 1) +
      (key === undefined ? 1 : varintSize(key.length << 1) + key.length) +
      varintSize(valueLength << 1) +
      valueLength
    bodyLengths[i] = length
    total += varintSize(length << 1) + length
  }
  let buffer = Buffer.allocUnsafeSlow(total)
  let at = HEADER_BYTES
  for (let i = 0; i < count; i++) {
    at = writeVarint(buffer, at, bodyLengths[i]! << 1)
    buffer[at++] = 0 // attributes
    buffer[at++] = 0 // timestamp delta
    at = writeVarint(buffer, at, i << 1)
    const key = keys?.[i]
    if (key === undefined) buffer[at++] = 1
    else {
      at = writeVarint(buffer, at, key.length << 1)
      buffer.set(key, at)
      at += key.length
    }
    const value = values[i]!
    at = writeVarint(buffer, at, value.length << 1)
    buffer.set(value, at)
    at += value.length
    buffer[at++] = 0 // headers
  }
  if (header.compress !== null) {
    const records = header.compress(buffer.subarray(HEADER_BYTES))
    const packed = Buffer.allocUnsafeSlow(HEADER_BYTES + records.length)
    packed.set(records, HEADER_BYTES)
    buffer = packed
  }
  writeHeader(buffer, count, header)
  return buffer
}

function writeHeader(buffer: Buffer, count: number, header: BatchHeader): void {
  writeInt64(buffer, 0, 0)
  buffer.writeInt32BE(buffer.length - BATCH_LENGTH_AT - 4, BATCH_LENGTH_AT)
  buffer.writeInt32BE(-1, 12)
  buffer[16] = MAGIC
  buffer.writeInt16BE(header.codec, ATTRIBUTES_AT)
  buffer.writeInt32BE(count - 1, 23)
  writeInt64(buffer, 27, header.timestampMs)
  writeInt64(buffer, 35, header.timestampMs)
  buffer.writeBigInt64BE(header.producerId, 43)
  buffer.writeInt16BE(header.producerEpoch, 51)
  buffer.writeInt32BE(header.baseSequence, 53)
  buffer.writeInt32BE(count, 57)
  buffer.writeUInt32BE(header.crc32c(buffer.subarray(ATTRIBUTES_AT)), CRC_AT)
}

function writeInt64(buffer: Buffer, at: number, value: number): void {
  buffer.writeInt32BE(Math.floor(value / TWO_32), at)
  buffer.writeUInt32BE(value % TWO_32, at + 4)
}

/** Non-negative 64-bit integer as a number; exact below 2^53. */
export function readInt64(buffer: Buffer, at: number): number {
  return buffer.readInt32BE(at) * TWO_32 + buffer.readUInt32BE(at + 4)
}

function varintSize(zigzag: number): number {
  if (zigzag < 0x80) return 1
  if (zigzag < 0x4000) return 2
  if (zigzag < 0x200000) return 3
  return zigzag < 0x10000000 ? 4 : 5
}

function writeVarint(buffer: Buffer, start: number, zigzag: number): number {
  let at = start
  let rest = zigzag
  while (rest > 0x7f) {
    buffer[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  buffer[at++] = rest
  return at
}
