import { cursor, readLength, readTag, skipField } from '../../src/otlp/wire/read.ts'
import { ARRAY, BYTES, KVLIST, VALUE, VALUES } from './check.ts'
import { merged } from './merge.ts'
import type { Pattern } from './pattern.ts'
import { hasText, scalarText } from './scalar.ts'

// The one member that counts of an AnyValue known to be well-formed, and the texts inside of it.

/** The member `locate` found: its field, tag included. Empty (`memberAt === memberEnd`) for a value without one. */
export let memberAt = 0
export let memberEnd = 0

/** Whether the AnyValue in [start, end) is one known member, or nothing: then it needs no merging. */
export function isSimple(bytes: Uint8Array, start: number, end: number): boolean {
  if (start === end) return true
  if (bytes[start]! > BYTES) return false
  return skipField(bytes, bytes[start]!, start + 1, end) === end
}

/** Finds the member of an AnyValue that is simple or was merged: it has at most one. */
export function locate(bytes: Uint8Array, start: number, end: number): void {
  memberAt = end
  memberEnd = end
  let pos = start
  while (pos < end) {
    const tag = readTag(bytes, pos, end)
    const next = skipField(bytes, tag, cursor, end)
    if (tag <= BYTES) {
      memberAt = pos
      memberEnd = next
      return
    }
    pos = next
  }
}

/** Whether the member that begins with `tag` holds other values. */
export function isContainer(tag: number | undefined): boolean {
  return tag === ARRAY || tag === KVLIST
}

/** Where the payload of the only length-delimited field `tag` of a merged message lies: prefix, start and end. */
export interface Payload {
  readonly prefixAt: number
  readonly start: number
  readonly end: number
}

/** Finds field `tag`; a field that is not there lies, empty, at the end. */
export function payloadOf(bytes: Uint8Array, tag: number): Payload {
  let pos = 0
  while (pos < bytes.length) {
    const found = readTag(bytes, pos, bytes.length)
    const prefixAt = cursor
    const end = skipField(bytes, found, prefixAt, bytes.length)
    if (found === tag) {
      readLength(bytes, prefixAt, end)
      return { prefixAt, start: cursor, end }
    }
    pos = end
  }
  return { prefixAt: pos, start: pos, end: pos }
}

/** Whether the pattern matches a text in the AnyValue [start, end), however deep; null when one could not be read. */
export function matchesInside(
  pattern: Pattern,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean | null {
  if (!isSimple(bytes, start, end)) {
    const copy = merged('AnyValue', bytes, start, end)
    locate(copy, 0, copy.length)
    return memberAt === memberEnd ? false : matchesInside(pattern, copy, memberAt, memberEnd)
  }
  if (start === end) return false
  const tag = bytes[start]
  if (hasText(tag)) {
    const text = scalarText(bytes, start, end)
    return text === null ? null : pattern.test(text)
  }
  if (!isContainer(tag)) return false
  readLength(bytes, start + 1, end)
  return matchesAmong(pattern, bytes, cursor, end, tag === KVLIST)
}

function matchesAmong(
  pattern: Pattern,
  bytes: Uint8Array,
  start: number,
  end: number,
  areEntries: boolean,
): boolean | null {
  let isUnreadable = false
  let pos = start
  while (pos < end) {
    const tag = readTag(bytes, pos, end)
    const prefixAt = cursor
    const next = skipField(bytes, tag, prefixAt, end)
    if (tag === VALUES) {
      readLength(bytes, prefixAt, end)
      const found = areEntries
        ? matchesEntry(pattern, bytes, cursor, next)
        : matchesInside(pattern, bytes, cursor, next)
      if (found === true) return true
      if (found === null) isUnreadable = true
    }
    pos = next
  }
  return isUnreadable ? null : false
}

function matchesEntry(pattern: Pattern, bytes: Uint8Array, start: number, end: number): boolean | null {
  const copy = merged('KeyValue', bytes, start, end, [VALUE])
  const value = payloadOf(copy, VALUE)
  return matchesInside(pattern, copy, value.start, value.end)
}
