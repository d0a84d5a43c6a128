import { readInt64 } from './record-batch.ts'

const BATCH_HEAD_BYTES = 12
const HEADER_BYTES = 61
const CODEC_MASK = 0b111
const CONTROL_FLAG = 0b100000

/** Values of one partition that lie in one buffer: `buffer[starts[i]] … buffer[ends[i]]`. */
export interface RecordRun {
  readonly buffer: Buffer
  count: number
  starts: Int32Array
  ends: Int32Array
}

/** Header facts of one record batch, for tests and diagnosis. */
export interface BatchFacts {
  readonly baseOffset: number
  readonly count: number
  readonly codec: number
  readonly producerId: bigint
  readonly sizeBytes: number
}

const INITIAL_RUN = 64
let cursor = 0

/**
 * Walks the record batches of a fetch response and hands their values over in runs that share one buffer, without
 * copying. Records before `fromOffset` and control records are left out, and so is a batch cut off at the end.
 * Returns the offset to fetch from next. Checksums are not looked at: the harness checks every message itself.
 */
export function scanRecords(
  records: Buffer,
  fromOffset: number,
  decompress: (codec: number, bytes: Buffer) => Buffer,
  onRun: (run: RecordRun, nextOffset: number) => void,
  onBatch?: (facts: BatchFacts) => void,
): number {
  let nextOffset = fromOffset
  let run = newRun(records)
  let at = 0
  while (records.length - at >= HEADER_BYTES) {
    const end = at + BATCH_HEAD_BYTES + records.readInt32BE(at + 8)
    if (end > records.length) break
    const baseOffset = readInt64(records, at)
    const attributes = records.readInt16BE(at + 21)
    const codec = attributes & CODEC_MASK
    const count = records.readInt32BE(at + 57)
    onBatch?.({ baseOffset, count, codec, producerId: records.readBigInt64BE(at + 43), sizeBytes: end - at })
    const afterOffset = baseOffset + records.readInt32BE(at + 23) + 1
    if ((attributes & CONTROL_FLAG) === 0) {
      if (codec === 0) addRecords(run, at + HEADER_BYTES, count, baseOffset, nextOffset)
      else {
        if (run.count > 0) onRun(run, nextOffset)
        run = newRun(decompress(codec, records.subarray(at + HEADER_BYTES, end)))
        addRecords(run, 0, count, baseOffset, nextOffset)
        if (run.count > 0) onRun(run, Math.max(nextOffset, afterOffset))
        run = newRun(records)
      }
    }
    nextOffset = Math.max(nextOffset, afterOffset)
    at = end
  }
  if (run.count > 0) onRun(run, nextOffset)
  return nextOffset
}

function newRun(buffer: Buffer): RecordRun {
  return { buffer, count: 0, starts: new Int32Array(INITIAL_RUN), ends: new Int32Array(INITIAL_RUN) }
}

function addRecords(
  run: RecordRun,
  start: number,
  count: number,
  baseOffset: number,
  fromOffset: number,
): void {
  const bytes = run.buffer
  if (run.starts.length < run.count + count) grow(run, run.count + count)
  cursor = start
  for (let i = 0; i < count; i++) {
    const length = readVarint(bytes)
    const end = cursor + length
    cursor++ // attributes
    skipVarlong(bytes)
    const offset = baseOffset + readVarint(bytes)
    const keyLength = readVarint(bytes)
    if (keyLength > 0) cursor += keyLength
    const valueLength = readVarint(bytes)
    if (offset >= fromOffset) {
      run.starts[run.count] = cursor
      run.ends[run.count] = valueLength < 0 ? cursor : cursor + valueLength
      run.count++
    }
    cursor = end
  }
}

function grow(run: RecordRun, needed: number): void {
  const size = Math.max(needed, run.starts.length * 2)
  const starts = new Int32Array(size)
  const ends = new Int32Array(size)
  starts.set(run.starts)
  ends.set(run.ends)
  run.starts = starts
  run.ends = ends
}

function readVarint(bytes: Uint8Array): number {
  let value = 0
  let shift = 0
  let byte: number
  do {
    byte = bytes[cursor++]!
    value |= (byte & 0x7f) << shift
    shift += 7
  } while (byte > 0x7f && shift < 35)
  return (value >>> 1) ^ -(value & 1)
}

function skipVarlong(bytes: Uint8Array): void {
  while (bytes[cursor++]! > 0x7f);
}
