import { cursor, readLength } from '../../src/otlp/wire/read.ts'
import { BOOL, BYTES, DOUBLE, INT, STRING } from './check.ts'
import type { TOO_COSTLY } from './pattern.ts'
import type { CompiledRule } from './plan.ts'

/** Longer texts are not searched: that is a fault of the rule, whose `onError` decides. */
export const MAX_PATTERN_TEXT_BYTES = 65536

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

/** The UTF-8 in [start, end); null when it is too long or not UTF-8. */
export function decodeText(bytes: Uint8Array, start: number, end: number): string | null {
  if (end - start > MAX_PATTERN_TEXT_BYTES) return null
  try {
    return decoder.decode(bytes.subarray(start, end))
  } catch {
    return null
  }
}

/** Whether a value whose only member has `tag` has a text: strings, numbers and booleans do. */
export function hasText(tag: number | undefined): boolean {
  return tag === STRING || tag === INT || tag === DOUBLE || tag === BOOL
}

/** The text of the one-member AnyValue in [start, end), for which `hasText` holds; null as for `decodeText`. */
export function scalarText(bytes: Uint8Array, start: number, end: number): string | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  switch (bytes[start]) {
    case STRING:
      readLength(bytes, start + 1, end)
      return decodeText(bytes, cursor, end)
    case INT:
      return String(BigInt.asIntN(64, varint(bytes, start + 1, end)))
    case BOOL:
      return varint(bytes, start + 1, end) === 0n ? 'false' : 'true'
    default:
      return String(view.getFloat64(start + 1, true))
  }
}

function varint(bytes: Uint8Array, start: number, end: number): bigint {
  let value = 0n
  for (let at = start; at < end; at++) value |= BigInt(bytes[at]! & 0x7f) << BigInt(7 * (at - start))
  return BigInt.asUintN(64, value)
}

/**
 * The bytes HASH is made of for the one-member AnyValue in [start, end): the text of strings, numbers and booleans, the
 * content of bytes, arrays and key-value lists as they came.
 */
export function hashInput(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const tag = bytes[start]
  if (tag === INT || tag === DOUBLE || tag === BOOL)
    return encoder.encode(scalarText(bytes, start, end) ?? '')
  if (tag === undefined || tag > BYTES) return bytes.subarray(start, end)
  readLength(bytes, start + 1, end)
  return bytes.subarray(cursor, end)
}

/** What HASH puts in place of a value. */
export type Hash = (input: Uint8Array) => Uint8Array

/** The hash of the masker that is at work. */
export let hash: Hash = () => new Uint8Array(0)

export function setHash(next: Hash): void {
  hash = next
}

/** SHA-256 as hex text, keyed (HMAC) when there is a key. */
export function makeHash(key: string | null): Hash {
  return (input) => {
    const hasher = key === null ? new Bun.CryptoHasher('sha256') : new Bun.CryptoHasher('sha256', key)
    return encoder.encode(hasher.update(input).digest('hex'))
  }
}

/**
 * What the pattern of `rule` makes of `text`: the new text for REGEX_MASK, the same for a condition; null: no match. For
 * `TOO_COSTLY` see `Pattern`.
 */
export function matchedText(rule: CompiledRule, text: string): string | null | typeof TOO_COSTLY {
  if (rule.pattern === null) return text
  if (rule.action === 'REGEX_MASK') return rule.pattern.replace(text, rule.replacement)
  return rule.pattern.test(text) ? text : null
}
