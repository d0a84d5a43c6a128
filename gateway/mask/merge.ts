import { malformed } from '../../src/otlp/wire/malformed.ts'
import { cursor, readLength, readTag, skipField } from '../../src/otlp/wire/read.ts'
import { type Field, message } from '../../src/otlp/wire/schema.ts'
import { varintSize, writeVarint } from '../../src/otlp/wire/varint.ts'

// protobuf lets a singular field come more than once: of scalars and of the members of a oneof the last counts, messages
// are merged, which is the same as joining their bytes. No sender we know does it; a masker that does not follow could
// be led past a value. Such messages are rewritten with each field once, and then walked as any other.

/** Rewriting may cost at most this many times the body, over all nestings; beyond it the body is refused. */
const MAX_REWRITES = 8
const FREE_BYTES = 65536
/** What one rewriting costs besides its bytes, in bytes: many small ones must count too. */
const BYTES_PER_REWRITE = 256

let budgetBytes = 0

/** Sets the limit for one body. */
export function beginMerges(bodyBytes: number): void {
  budgetBytes = bodyBytes * MAX_REWRITES + FREE_BYTES
}

interface Occurrence {
  readonly tag: number
  readonly at: number
  readonly end: number
  /** Where its content begins. */
  readonly start: number
}

/**
 * [start, end) of `bytes`, a message `name` known to be well-formed, with every singular field at most once. `required`
 * are tags of length-delimited fields that are added, empty, where they are missing.
 */
export function merged(
  name: string,
  bytes: Uint8Array,
  start: number,
  end: number,
  required: readonly number[] = [],
): Uint8Array {
  budgetBytes -= end - start + BYTES_PER_REWRITE
  if (budgetBytes < 0) malformed('too many repetitions of singular fields', start)
  const fields = new Map(message(name).map((field) => [field.number, field]))
  const all = occurrences(bytes, start, end)
  const rivals = new Map<string, Occurrence[]>()
  for (const occurrence of all) {
    const field = fields.get(occurrence.tag >>> 3)
    if (field === undefined || field.isRepeated) continue
    const group = rivals.get(groupOf(field))
    if (group === undefined) rivals.set(groupOf(field), [occurrence])
    else group.push(occurrence)
  }
  const parts: Uint8Array[] = []
  for (const occurrence of all) {
    const field = fields.get(occurrence.tag >>> 3)
    const group = field === undefined ? undefined : rivals.get(groupOf(field))
    if (field === undefined || group === undefined) parts.push(bytes.subarray(occurrence.at, occurrence.end))
    else if (group.at(-1) === occurrence) parts.push(winner(bytes, group, field))
  }
  for (const tag of required) {
    if (!all.some((occurrence) => occurrence.tag === tag)) parts.push(Uint8Array.of(tag, 0))
  }
  return joined(parts)
}

/** Fields of one group put each other out. */
function groupOf(field: Field): string {
  return field.oneof ?? field.name
}

/** What counts of the occurrences of one field, or of the members of one oneof. */
function winner(bytes: Uint8Array, rivals: readonly Occurrence[], field: Field): Uint8Array {
  const last = rivals.at(-1)!
  if (field.message === null) return bytes.subarray(last.at, last.end)
  const from = rivals.findLastIndex((rival) => rival.tag !== last.tag) + 1
  const contents = rivals.slice(from).map((rival) => bytes.subarray(rival.start, rival.end))
  const size = contents.reduce((sum, content) => sum + content.length, 0)
  const head = new Uint8Array(1 + varintSize(size))
  head[0] = last.tag
  writeVarint(head, 1, size)
  return joined([head, ...contents])
}

function occurrences(bytes: Uint8Array, start: number, end: number): Occurrence[] {
  const found: Occurrence[] = []
  let pos = start
  while (pos < end) {
    const at = pos
    const tag = readTag(bytes, pos, end)
    pos = cursor
    const next = skipField(bytes, tag, pos, end)
    if ((tag & 7) === 2) {
      readLength(bytes, pos, end)
      pos = cursor
    }
    found.push({ tag, at, end: next, start: pos })
    pos = next
  }
  return found
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
