import { varintSize, writeVarint } from '../../src/otlp/wire/varint.ts'

// The changes of one body that move bytes: a list of stretches of the source and what comes in their place, in the
// order of the source. One list for the process: masking is synchronous, and nested walks use its upper end.

/** What a child answers when it is to be removed from its parent. */
export const REMOVE = -0x80000000

const FIRST_CAPACITY = 1024
const FIRST_SCRATCH_BYTES = 65536
/** Above this the arrays are given back after the body that needed them. */
const KEPT_CAPACITY = 65536
const KEPT_SCRATCH_BYTES = 1024 * 1024
/** In `lengths`: the stretch becomes a varint, its value in `sources`. */
const VARINT = -1
/** Shorter stretches are copied byte by byte, which is cheaper than a call. */
const SHORT_BYTES = 32

let starts = new Int32Array(FIRST_CAPACITY)
let ends = new Int32Array(FIRST_CAPACITY)
let sources = new Int32Array(FIRST_CAPACITY)
let lengths = new Int32Array(FIRST_CAPACITY)
/** Replacements, one after the other. */
let scratch = new Uint8Array(FIRST_SCRATCH_BYTES)

/** Edits in the list. */
export let editCount = 0
/** Bytes of replacements. */
export let scratchBytes = 0

/** Forgets everything, for the next body. */
export function resetEdits(): void {
  editCount = 0
  scratchBytes = 0
  if (starts.length > KEPT_CAPACITY) resizeList(FIRST_CAPACITY)
  if (scratch.length > KEPT_SCRATCH_BYTES) scratch = new Uint8Array(FIRST_SCRATCH_BYTES)
}

/** Goes back to an earlier state: edits from `count` on are forgotten. */
export function truncateEdits(count: number): void {
  editCount = count
}

function resizeList(capacity: number): void {
  starts = resized(starts, capacity)
  ends = resized(ends, capacity)
  sources = resized(sources, capacity)
  lengths = resized(lengths, capacity)
}

function resized(from: Int32Array<ArrayBuffer>, capacity: number): Int32Array<ArrayBuffer> {
  const to = new Int32Array(capacity)
  to.set(from.subarray(0, Math.min(capacity, editCount)))
  return to
}

/** Keeps a place for the length prefix of a message, whose new value is known once its inside is. */
export function reserve(prefixAt: number): number {
  const slot = editCount++
  if (slot === starts.length) resizeList(slot * 2)
  starts[slot] = prefixAt
  ends[slot] = prefixAt
  lengths[slot] = 0
  return slot
}

/**
 * Settles a reserved prefix: the payload [start, end) grew by `delta`.
 * @returns by how much prefix and payload grew together
 */
export function settle(slot: number, prefixAt: number, start: number, end: number, delta: number): number {
  if (delta === 0) {
    if (editCount === slot + 1) editCount = slot
    return 0
  }
  const length = end - start + delta
  ends[slot] = start
  sources[slot] = length
  lengths[slot] = VARINT
  return delta + varintSize(length) - (start - prefixAt)
}

/** Puts `bytes` in place of [start, end) of the source; returns by how much it grew. */
export function replace(start: number, end: number, bytes: Uint8Array): number {
  const at = takeScratch(bytes.length)
  scratch.set(bytes, at)
  return replaceFromScratch(start, end, at, bytes.length)
}

/** Removes [start, end) of the source. */
export function remove(start: number, end: number): void {
  replaceFromScratch(start, end, 0, 0)
}

function replaceFromScratch(start: number, end: number, from: number, length: number): number {
  const slot = editCount++
  if (slot === starts.length) resizeList(slot * 2)
  starts[slot] = start
  ends[slot] = end
  sources[slot] = from
  lengths[slot] = length
  return length - (end - start)
}

function takeScratch(length: number): number {
  const at = scratchBytes
  scratchBytes += length
  if (scratchBytes > scratch.length) {
    const larger = new Uint8Array(Math.max(scratchBytes, scratch.length * 2))
    larger.set(scratch.subarray(0, at))
    scratch = larger
  }
  return at
}

/** The edits from `base` on carried out on `body`, as a new buffer of `size` bytes; they are then forgotten. */
export function carryOutEdits(body: Uint8Array, base: number, size: number, scratchBase: number): Uint8Array {
  const out = new Uint8Array(size)
  let from = 0
  let to = 0
  for (let slot = base; slot < editCount; slot++) {
    const start = starts[slot]!
    to = copy(body, from, start, out, to)
    from = ends[slot]!
    const length = lengths[slot]!
    const source = sources[slot]!
    if (length === VARINT) to = writeVarint(out, to, source)
    else if (length > 0) to = copy(scratch, source, source + length, out, to)
  }
  to = copy(body, from, body.length, out, to)
  if (to !== size) throw new Error(`masking wrote ${to} bytes where ${size} were expected`)
  editCount = base
  scratchBytes = scratchBase
  return out
}

function copy(source: Uint8Array, from: number, end: number, out: Uint8Array, to: number): number {
  const length = end - from
  if (length > SHORT_BYTES) {
    out.set(source.subarray(from, end), to)
    return to + length
  }
  let at = to
  for (let i = from; i < end; i++) out[at++] = source[i]!
  return at
}
