import { malformed } from '../../src/otlp/wire/malformed.ts'
import { cursor, readLength, readTag, skipField, skipVarint } from '../../src/otlp/wire/read.ts'

// Are attributes well-formed? Read down to every leaf: a bad body must be refused, not merged with those of others in
// one export. Text is not held against UTF-8, as the collector does not either.

/** Messages within messages, the request being the first. The limit of protobuf's own decoders. */
export const MAX_NESTING = 100
const TOO_DEEP = `nested more than ${MAX_NESTING} deep`

/** Tags of AnyValue's members. */
export const STRING = 0x0a
export const BOOL = 0x10
export const INT = 0x18
export const DOUBLE = 0x21
export const ARRAY = 0x2a
export const KVLIST = 0x32
export const BYTES = 0x3a
/** Tags of KeyValue, and of the repeated `values` of arrays and key-value lists. */
export const KEY = 0x0a
export const VALUE = 0x12
export const VALUES = 0x0a

const LAST_VALUE_FIELD = 7
const LAST_KEY_VALUE_FIELD = 2

/**
 * Throws Malformed unless [start, end) is a KeyValue at nesting `depth`.
 * @returns what `isUsualKeyValue` says
 */
export function checkKeyValue(bytes: Uint8Array, start: number, end: number, depth: number): boolean {
  if (!isUsualKeyValue(bytes, start, end)) {
    checkOddKeyValue(bytes, start, end, depth)
    return false
  }
  let pos = start + 3 + bytes[start + 1]!
  if (bytes[pos++]! > 0x7f) {
    readLength(bytes, pos - 1, end)
    pos = cursor
  }
  checkValue(bytes, pos, end, depth + 1)
  return true
}

/** Whether a KeyValue is as senders write it: a key below 128 bytes, its value, nothing else. */
export function isUsualKeyValue(bytes: Uint8Array, start: number, end: number): boolean {
  const valueAt = start + 2 + bytes[start + 1]!
  if (bytes[start] !== KEY || bytes[start + 1]! > 0x7f || !(valueAt + 1 < end) || bytes[valueAt] !== VALUE) {
    return false
  }
  const length = bytes[valueAt + 1]!
  if (length < 0x80) return valueAt + 2 + length === end
  const whole = readLength(bytes, valueAt + 1, end)
  return cursor + whole === end
}

function checkOddKeyValue(bytes: Uint8Array, start: number, end: number, depth: number): void {
  checkDepth(depth, start)
  let pos = start
  while (pos < end) {
    const tag = bytes[pos]!
    if (tag === KEY || tag === VALUE) {
      const length = readLength(bytes, pos + 1, end)
      if (tag === VALUE) checkValue(bytes, cursor, cursor + length, depth + 1)
      pos = skipField(bytes, tag, pos + 1, end)
    } else pos = skipOther(bytes, pos, end, LAST_KEY_VALUE_FIELD)
  }
}

/** Throws Malformed unless [start, end) is an AnyValue at nesting `depth`. */
export function checkValue(bytes: Uint8Array, start: number, end: number, depth: number): void {
  if (depth > MAX_NESTING) malformed(TOO_DEEP, start)
  if (bytes[start] === STRING && start + 2 + bytes[start + 1]! === end && bytes[start + 1]! < 0x80) return
  checkMembers(bytes, start, end, depth)
}

function checkMembers(bytes: Uint8Array, start: number, end: number, depth: number): void {
  let pos = start
  while (pos < end) {
    const at = pos
    const tag = bytes[pos++]!
    switch (tag) {
      case STRING:
      case ARRAY:
      case KVLIST:
      case BYTES: {
        let length = bytes[pos]!
        if (length < 0x80) pos++
        else {
          length = readLength(bytes, pos, end)
          pos = cursor
        }
        const next = pos + length
        if (!(next <= end)) malformed('length beyond the end of the message', at)
        if (tag === ARRAY || tag === KVLIST) checkValues(bytes, pos, next, depth + 1, tag)
        pos = next
        break
      }
      case BOOL:
      case INT:
        pos = skipVarint(bytes, pos, end)
        break
      case DOUBLE:
        pos += 8
        if (pos > end) malformed('truncated field', at)
        break
      default:
        pos = skipOther(bytes, at, end, LAST_VALUE_FIELD)
    }
  }
}

/** Throws Malformed unless [start, end) is an ArrayValue, or (`owner` KVLIST) a KeyValueList. */
function checkValues(bytes: Uint8Array, start: number, end: number, depth: number, owner: number): void {
  checkDepth(depth, start)
  let pos = start
  while (pos < end) {
    if (bytes[pos] !== VALUES) {
      pos = skipOther(bytes, pos, end, 1)
      continue
    }
    const length = readLength(bytes, pos + 1, end)
    pos = cursor
    const next = pos + length
    if (owner === ARRAY) checkValue(bytes, pos, next, depth + 1)
    else checkKeyValue(bytes, pos, next, depth + 1)
    pos = next
  }
}

/**
 * Position behind the field at `at` if it is unknown. One of the known fields (1 … `known`) comes here only with a wire
 * type that is not its own.
 */
export function skipOther(bytes: Uint8Array, at: number, end: number, known: number): number {
  const tag = readTag(bytes, at, end)
  if (tag >>> 3 > known) return skipField(bytes, tag, cursor, end)
  if (cursor === at + 1) malformed('wrong wire type', at)
  malformed('field number longer than it needs to be', at)
}

function checkDepth(depth: number, at: number): void {
  if (depth > MAX_NESTING) malformed(TOO_DEEP, at)
}
