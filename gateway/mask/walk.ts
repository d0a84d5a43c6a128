import { malformed } from '../../src/otlp/wire/malformed.ts'
import { cursor, readLength, readTag, skipField, skipVarint } from '../../src/otlp/wire/read.ts'
import { checkKeyValue, checkValue, KEY, MAX_NESTING, STRING, VALUE } from './check.ts'
import { close, inCopy } from './copy.ts'
import { isDropped } from './drop.ts'
import { editCount, REMOVE, remove, reserve, truncateEdits } from './edits.ts'
import { merged } from './merge.ts'
import { type KeyTable, type MessagePlan, OP } from './plan.ts'
import { countDropped, countRecord, DROP_UNIT, droppedRecords, records, rewindRecords } from './session.ts'
import { maskText } from './text.ts'
import { maskKeyValue, maskValue } from './value.ts'

/**
 * Checks and masks the message [start, end) of `bytes` after `plan`, in one pass; every field down to the leaves is
 * checked whatever the rules. `prefixAt` is where its length prefix begins (-1: it has none), `depth` how many messages
 * deep it lies, the request being 1.
 * @returns by how many bytes prefix and message grew; REMOVE if its parent shall remove it. Throws Malformed, FAILED,
 *   DROP_UNIT.
 */
export function walk(
  plan: MessagePlan,
  bytes: Uint8Array,
  prefixAt: number,
  start: number,
  end: number,
  depth: number,
): number {
  if (depth > MAX_NESTING) malformed(`nested more than ${MAX_NESTING} deep`, start)
  if (plan.hasGroups && prefixAt >= 0 && isRepeating(plan, bytes, start, end)) {
    return walkMerged(plan, bytes, prefixAt, start, end, depth)
  }
  if (plan.isRecord) countRecord()
  const ops = plan.ops
  const slot = plan.canChange && prefixAt >= 0 ? reserve(prefixAt) : -1
  let delta = 0
  let kept = 0
  let removed = 0
  let pos = start
  while (pos < end) {
    const at = pos
    let tag = bytes[pos++]!
    if (tag > 0x7f) {
      tag = readTag(bytes, at, end)
      pos = cursor
      if (tag < 0x80) malformed('field number longer than it needs to be', at)
    }
    const op = tag < 0x100 ? ops[tag]! : OP.UNKNOWN
    if (op < OP.BYTES) {
      if (op === OP.VARINT) pos = skipVarint(bytes, pos, end)
      else if (op === OP.FIXED64) pos += 8
      else if (op === OP.FIXED32) pos += 4
      else if (op === OP.UNKNOWN) pos = skipField(bytes, tag, pos, end)
      else malformed('wrong wire type or field number', at)
      if (pos > end) malformed('truncated field', at)
      continue
    }
    const lengthAt = pos
    let length = bytes[pos++]!
    if (!(length < 0x80)) {
      length = readLength(bytes, lengthAt, end)
      pos = cursor
    }
    const from = pos
    pos += length
    if (!(pos <= end)) malformed('length beyond the end of the message', at)
    let grown = 0
    switch (op) {
      case OP.BYTES:
        continue
      case OP.KEY_VALUE: {
        const table = plan.tables[tag]!
        if (isForeignText(table, bytes, from, pos)) continue
        if (table === null) checkKeyValue(bytes, from, pos, depth + 1)
        else grown = maskKeyValue(table, bytes, lengthAt, from, pos, depth + 1)
        break
      }
      case OP.MESSAGE:
        grown = walk(plan.children[tag]!, bytes, lengthAt, from, pos, depth + 1)
        break
      case OP.UNIT:
        grown = walkUnit(plan.children[tag]!, bytes, lengthAt, from, pos, depth + 1)
        break
      case OP.TEXT:
        grown = maskText(plan.texts[tag]!, bytes, lengthAt, from, pos)
        break
      case OP.ANY_VALUE: {
        const value = plan.values[tag]!
        if (value === null) checkValue(bytes, from, pos, depth + 1)
        else grown = maskValue(value, bytes, lengthAt, from, pos, depth + 1)
        break
      }
      default:
        checkPacked(op, bytes, from, pos)
        continue
    }
    if (op >= OP.MESSAGE && plan.children[tag]!.isCarrier) {
      if (grown === REMOVE) removed++
      else kept++
    }
    if (grown === REMOVE) {
      remove(at, pos)
      grown = at - pos
    }
    delta += grown
  }
  if (removed > 0 && kept === 0) delta = REMOVE
  return close(slot, prefixAt, start, end, delta)
}

/** The express lane: a short key that no rule can name, a short string, nothing else. */
function isForeignText(table: KeyTable | null, bytes: Uint8Array, start: number, end: number): boolean {
  const keyLength = bytes[start + 1]!
  const valueAt = start + 2 + keyLength
  const room = end - valueAt
  return (
    bytes[start] === KEY &&
    keyLength < 0x80 &&
    room >= 4 &&
    room < 0x80 &&
    bytes[valueAt] === VALUE &&
    bytes[valueAt + 1] === room - 2 &&
    bytes[valueAt + 2] === STRING &&
    bytes[valueAt + 3] === room - 4 &&
    (table === null || (table.other === null && table.byLength[keyLength] === 0))
  )
}

function checkPacked(op: number, bytes: Uint8Array, start: number, end: number): void {
  if (op === OP.PACKED_FIXED64) {
    if ((end - start) % 8 !== 0) malformed('packed field of 8-byte numbers with a part of one', start)
    return
  }
  let pos = start
  while (pos < end) pos = skipVarint(bytes, pos, end)
}

/** A message that may be removed: by a DROP rule, or by a rule that failed in it with `onError: drop`. */
function walkUnit(
  plan: MessagePlan,
  bytes: Uint8Array,
  prefixAt: number,
  start: number,
  end: number,
  depth: number,
): number {
  if (plan.drops.length > 0 && isDroppedUnit(plan, bytes, start, end, depth)) {
    return dropUnit(plan, bytes, start, end, depth)
  }
  if (!plan.catchesDrop) return walk(plan, bytes, prefixAt, start, end, depth)
  const base = editCount
  const recordsBefore = records
  const droppedBefore = droppedRecords
  try {
    return walk(plan, bytes, prefixAt, start, end, depth)
  } catch (thrown) {
    if (thrown !== DROP_UNIT) throw thrown
    truncateEdits(base)
    rewindRecords(recordsBefore, droppedBefore)
    return dropUnit(plan, bytes, start, end, depth)
  }
}

function isDroppedUnit(
  plan: MessagePlan,
  bytes: Uint8Array,
  start: number,
  end: number,
  depth: number,
): boolean {
  if (!plan.hasGroups || !isRepeating(plan, bytes, start, end)) {
    return isDropped(plan.drops, bytes, start, end, depth)
  }
  const copy = merged(plan.name, bytes, start, end)
  return isDropped(plan.drops, copy, 0, copy.length, depth)
}

/** What is removed must be well-formed all the same, and its records counted. */
function dropUnit(plan: MessagePlan, bytes: Uint8Array, start: number, end: number, depth: number): number {
  const before = records
  walk(plan.check!, bytes, -1, start, end, depth)
  countDropped(before)
  return REMOVE
}

/** Whether two of the fields of which one counts are there. */
export function isRepeating(plan: MessagePlan, bytes: Uint8Array, start: number, end: number): boolean {
  let seen = 0
  let pos = start
  while (pos < end) {
    const tag = readTag(bytes, pos, end)
    pos = skipField(bytes, tag, cursor, end)
    const group = tag < 0x100 ? plan.groups[tag]! : -1
    if (group < 0) continue
    if ((seen & (1 << group)) !== 0) return true
    seen |= 1 << group
  }
  return false
}

function walkMerged(
  plan: MessagePlan,
  bytes: Uint8Array,
  prefixAt: number,
  start: number,
  end: number,
  depth: number,
): number {
  const before = records
  walk(plan.check!, bytes, -1, start, end, depth)
  rewindRecords(before, droppedRecords)
  const copy = merged(plan.name, bytes, start, end)
  return inCopy(copy, bytes, prefixAt, start, end, () => walk(plan, copy, -1, 0, copy.length, depth))
}
