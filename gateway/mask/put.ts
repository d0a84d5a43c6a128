import { varintSize, writeVarint } from '../../src/otlp/wire/varint.ts'
import { STRING } from './check.ts'
import { REMOVE, replace } from './edits.ts'
import type { CompiledRule } from './plan.ts'

// Putting something in the place of a value: in place where the size stays, else as an edit. All take where the length
// prefix begins (-1: there is none) and the payload [start, end), and answer by how much both grew together.

/** A length prefix and payload, ready to be copied. */
export interface Encoded {
  readonly bytes: Uint8Array
  readonly prefixBytes: number
}

/** A string field's length and text. */
export function encodedText(text: Uint8Array): Encoded {
  const prefixBytes = varintSize(text.length)
  const bytes = new Uint8Array(prefixBytes + text.length)
  bytes.set(text, writeVarint(bytes, 0, text.length))
  return { bytes, prefixBytes }
}

/** An AnyValue with its length: the text as `string_value`. */
export function encodedValue(text: Uint8Array): Encoded {
  const payload = 1 + varintSize(text.length) + text.length
  const prefixBytes = varintSize(payload)
  const bytes = new Uint8Array(prefixBytes + payload)
  let at = writeVarint(bytes, 0, payload)
  bytes[at++] = STRING
  bytes.set(text, writeVarint(bytes, at, text.length))
  return { bytes, prefixBytes }
}

/** Puts `encoded` in place of what is there. */
export function put(
  encoded: Encoded,
  bytes: Uint8Array,
  prefixAt: number,
  start: number,
  end: number,
): number {
  const { bytes: source, prefixBytes } = encoded
  if (source.length - prefixBytes === end - start) {
    let to = start
    for (let from = prefixBytes; from < source.length; from++) bytes[to++] = source[from]!
    return 0
  }
  if (prefixAt < 0) return replace(start, end, source.subarray(prefixBytes))
  return replace(prefixAt, end, source)
}

/** Overwrites an AnyValue of any type with a string of `byte` that takes exactly its bytes. An empty one stays. */
export function fillValue(byte: number, bytes: Uint8Array, start: number, end: number): void {
  if (start === end) return
  const size = end - start
  let lengthBytes = 1
  while (varintSize(size - 1 - lengthBytes) > lengthBytes) lengthBytes++
  const length = size - 1 - lengthBytes
  bytes[start] = STRING
  let at = writeVarint(bytes, start + 1, length)
  // One size in each range (130, 16387, …) fits only with a length that is a byte longer than it needs to be.
  while (at < end - length) {
    bytes[at - 1]! |= 0x80
    bytes[at++] = 0
  }
  bytes.fill(byte, at, end)
}

/** Carries out a rule that needs not know the value: REDACT_MASK, REDACT_FILL and DELETE. */
export function overwriteValue(
  rule: CompiledRule,
  bytes: Uint8Array,
  prefixAt: number,
  start: number,
  end: number,
): number {
  if (rule.action === 'DELETE') return REMOVE
  if (rule.action === 'REDACT_MASK') return put(rule.asValue, bytes, prefixAt, start, end)
  fillValue(rule.fillByte, bytes, start, end)
  return 0
}
