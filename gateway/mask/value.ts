import { cursor, readLength, readTag, skipField } from '../../src/otlp/wire/read.ts'
import { checkKeyValue, checkValue, isUsualKeyValue, KEY, KVLIST, VALUE, VALUES } from './check.ts'
import { close, inCopy } from './copy.ts'
import { REMOVE, remove, reserve, settle } from './edits.ts'
import { planOf } from './key-table.ts'
import { isContainer, isSimple, locate, matchesInside, memberAt, memberEnd, payloadOf } from './member.ts'
import { merged } from './merge.ts'
import type { CompiledRule, KeyTable, ValuePlan } from './plan.ts'
import { encodedValue, overwriteValue, put } from './put.ts'
import { hash, hashInput } from './scalar.ts'
import { admit, onFault } from './session.ts'
import { maskScalar } from './text.ts'

// Masking of values on the wire. Every function takes where the length prefix of its message begins (`prefixAt`, -1 for
// a message without one) and its payload [start, end), and answers by how many bytes prefix and payload grew, or REMOVE.

/** In place of a nesting depth: these bytes were checked with what holds them. */
const CHECKED = -1

/** Masks a KeyValue after `table`. */
export function maskKeyValue(
  table: KeyTable,
  bytes: Uint8Array,
  prefixAt: number,
  start: number,
  end: number,
  depth: number,
): number {
  const isUsual =
    depth === CHECKED ? isUsualKeyValue(bytes, start, end) : checkKeyValue(bytes, start, end, depth)
  if (!isUsual) return maskOddKeyValue(table, bytes, prefixAt, start, end)
  const keyLength = bytes[start + 1]!
  const plan = planOf(table, bytes, start + 2, keyLength)
  if (plan === null) return 0
  const slot = prefixAt < 0 ? -1 : reserve(prefixAt)
  const valuePrefixAt = start + 3 + keyLength
  let valueStart = valuePrefixAt + 1
  if (bytes[valuePrefixAt]! > 0x7f) {
    readLength(bytes, valuePrefixAt, end)
    valueStart = cursor
  }
  const delta = maskChecked(plan, bytes, valuePrefixAt, valueStart, end)
  return close(slot, prefixAt, start, end, delta)
}

/** A KeyValue with repeated, missing, reordered or unknown fields, or a long key. */
function maskOddKeyValue(
  table: KeyTable,
  bytes: Uint8Array,
  prefixAt: number,
  start: number,
  end: number,
): number {
  const copy = merged('KeyValue', bytes, start, end, [VALUE])
  const key = payloadOf(copy, KEY)
  const value = payloadOf(copy, VALUE)
  const plan = planOf(table, copy, key.start, key.end - key.start)
  if (plan === null) return 0
  return inCopy(copy, bytes, prefixAt, start, end, () =>
    maskChecked(plan, copy, value.prefixAt, value.start, value.end),
  )
}

/** Masks an AnyValue. */
export function maskValue(
  plan: ValuePlan,
  bytes: Uint8Array,
  prefixAt: number,
  start: number,
  end: number,
  depth: number,
): number {
  checkValue(bytes, start, end, depth)
  return maskChecked(plan, bytes, prefixAt, start, end)
}

/** Masks an AnyValue known to be well-formed: the rules that need not see it, then the others, then its inside. */
function maskChecked(
  plan: ValuePlan,
  bytes: Uint8Array,
  prefixAt: number,
  start: number,
  end: number,
): number {
  const rules = plan.rules
  let next = 0
  for (; next < rules.length; next++) {
    const rule = rules[next]!
    if (rule.needsContent) break
    if (isAdmitted(rule, start, end)) return overwriteValue(rule, bytes, prefixAt, start, end)
  }
  if (next === rules.length && plan.inside === null) return 0
  if (isSimple(bytes, start, end)) return maskMember(plan, next, bytes, prefixAt, start, end)
  const copy = merged('AnyValue', bytes, start, end)
  return inCopy(copy, bytes, prefixAt, start, end, () => maskMember(plan, next, copy, -1, 0, copy.length))
}

/** Only REDACT_MASK and DELETE have anything to do at a value that is not set. */
function isAdmitted(rule: CompiledRule, start: number, end: number): boolean {
  if (start === end && (rule.action === 'REDACT_FILL' || rule.action === 'HASH')) return false
  return admit(rule)
}

/** The rules from `next` on at an AnyValue with one member at most, and its inside. */
function maskMember(
  plan: ValuePlan,
  next: number,
  bytes: Uint8Array,
  prefixAt: number,
  start: number,
  end: number,
): number {
  locate(bytes, start, end)
  const from = memberAt
  const to = memberEnd
  if (!isContainer(bytes[from]) || from === to) {
    return maskScalar(plan.rules, next, bytes, prefixAt, start, end, from, to)
  }
  for (let i = next; i < plan.rules.length; i++) {
    const rule = plan.rules[i]!
    if (rule.action === 'REGEX_MASK') continue
    if (rule.pattern !== null) {
      const isMatch = matchesInside(rule.pattern, bytes, from, to)
      if (isMatch === null) onFault(rule, 'text')
      if (isMatch !== true) continue
    }
    if (!admit(rule)) continue
    if (rule.action !== 'HASH') return overwriteValue(rule, bytes, prefixAt, start, end)
    return put(encodedValue(hash(hashInput(bytes, from, to))), bytes, prefixAt, start, end)
  }
  if (plan.inside === null) return 0
  const slot = prefixAt < 0 ? -1 : reserve(prefixAt)
  readLength(bytes, from + 1, to)
  const delta = maskInside(plan.inside, bytes, from + 1, cursor, to, bytes[from] === KVLIST)
  return close(slot, prefixAt, start, end, delta)
}

/** The elements of an ArrayValue or the entries of a KeyValueList. */
function maskInside(
  table: KeyTable,
  bytes: Uint8Array,
  prefixAt: number,
  start: number,
  end: number,
  areEntries: boolean,
): number {
  const slot = reserve(prefixAt)
  let delta = 0
  let pos = start
  while (pos < end) {
    const at = pos
    if (bytes[at] !== VALUES) {
      pos = skipField(bytes, readTag(bytes, at, end), cursor, end)
      continue
    }
    const length = readLength(bytes, at + 1, end)
    const from = cursor
    pos = from + length
    let grown = 0
    if (areEntries) grown = maskKeyValue(table, bytes, at + 1, from, pos, CHECKED)
    else if (table.other !== null) grown = maskChecked(table.other, bytes, at + 1, from, pos)
    if (grown === REMOVE) {
      remove(at, pos)
      grown = at - pos
    }
    delta += grown
  }
  return settle(slot, prefixAt, start, end, delta)
}
