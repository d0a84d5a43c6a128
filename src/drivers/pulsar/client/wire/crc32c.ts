import { crc32cModule, SLICES } from './crc32c-module.ts'

const POLYNOMIAL = 0x82f63b78 // Castagnoli, bit-reversed
const PAGE_BYTES = 65_536
/** Where the bytes lie in the module's memory; the tables are before. */
const INPUT_AT = PAGE_BYTES
/** As much as stays in a cache of the second level between the copy and the sum. */
const INPUT_BYTES = 2 * PAGE_BYTES

const memory = new WebAssembly.Memory({ initial: (INPUT_AT + INPUT_BYTES) / PAGE_BYTES })
const input = new Uint8Array(memory.buffer, INPUT_AT, INPUT_BYTES)
fillTables(new Int32Array(memory.buffer, 0, SLICES * 256))
const instance = new WebAssembly.Instance(new WebAssembly.Module(crc32cModule()), { a: { m: memory } })
const sumOf = instance.exports.f as (crc: number, at: number, end: number) => number

/** Table k maps a byte to its share of the sum when k more bytes follow it (slicing, Kounavis and Berry 2005). */
function fillTables(tables: Int32Array): void {
  for (let byte = 0; byte < 256; byte++) {
    let sum = byte
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ POLYNOMIAL : sum >>> 1
    tables[byte] = sum
  }
  for (let i = 256; i < tables.length; i++) {
    const before = tables[i - 256]!
    tables[i] = (before >>> 8) ^ tables[before & 0xff]!
  }
}

/** CRC-32C of `bytes[start … end)`, unsigned. `bytes` must reach at least to `end`. */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let sum = -1
  for (let at = start; at < end; at += INPUT_BYTES) {
    const part = bytes.subarray(at, Math.min(at + INPUT_BYTES, end))
    input.set(part)
    sum = sumOf(sum, INPUT_AT, INPUT_AT + part.length)
  }
  return ~sum >>> 0
}
