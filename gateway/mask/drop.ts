import { cursor, readLength, readTag, skipField } from '../../src/otlp/wire/read.ts'
import { checkKeyValue, checkValue, isUsualKeyValue, KEY, KVLIST, VALUE, VALUES } from './check.ts'
import { isContainer, isSimple, locate, matchesInside, memberAt, memberEnd, payloadOf } from './member.ts'
import { merged } from './merge.ts'
import type { DropTest } from './plan.ts'
import { decodeText } from './scalar.ts'
import { countDrop, isDroppedByFault } from './session.ts'

// Does a DROP rule match a message? Tested on the bytes as they came, before any other rule changes them.

/** Null: a text that a pattern should be held against could not be read. */
type Match = boolean | null

/**
 * Whether one of the DROP rules removes the message [start, end) at nesting `depth`; it is counted for the rule. A rule
 * that cannot say does as its `onError` tells: `drop` removes, `skip` goes on, `fail` throws FAILED.
 */
export function isDropped(
  tests: readonly DropTest[],
  bytes: Uint8Array,
  start: number,
  end: number,
  depth: number,
): boolean {
  for (const test of tests) {
    textStart = -1
    let match = matchesFrom(test, 0, bytes, start, end, depth)
    if (textStart >= 0) match = matchesText(test, bytes, textStart, textEnd)
    if (match === true) {
      countDrop(test.rule)
      return true
    }
    if (match === null && isDroppedByFault(test.rule)) return true
  }
  return false
}

/** The last text a test met: of a singular field that comes more than once the last counts. -1: none. */
let textStart = -1
let textEnd = -1

/** The tags from `step` on, in the message [start, end). Singular texts are only noted. */
function matchesFrom(
  test: DropTest,
  step: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  depth: number,
): Match {
  if (step === test.tags.length) return matchesTarget(test, bytes, start, end, depth)
  let match: Match = false
  let pos = start
  while (pos < end) {
    const tag = readTag(bytes, pos, end)
    const at = cursor
    const next = skipField(bytes, tag, at, end)
    if (tag === test.tags[step]) {
      readLength(bytes, at, end)
      const found = matchesFrom(test, step + 1, bytes, cursor, next, depth + 1)
      if (found === true) return true
      if (found === null) match = null
    }
    pos = next
  }
  return match
}

function matchesTarget(test: DropTest, bytes: Uint8Array, start: number, end: number, depth: number): Match {
  switch (test.target) {
    case 'message':
      return true
    case 'text':
      if (!test.isSingular) return matchesText(test, bytes, start, end)
      textStart = start
      textEnd = end
      return false
    case 'value':
      checkValue(bytes, start, end, depth)
      return matchesValue(test, 0, bytes, start, end)
    default:
      return matchesEntry(test, 0, bytes, start, end, depth)
  }
}

function matchesText(test: DropTest, bytes: Uint8Array, start: number, end: number): Match {
  if (test.rule.pattern === null) return true
  const text = decodeText(bytes, start, end)
  return text === null ? null : test.rule.pattern.test(text)
}

/** A KeyValue: its key against `step`, its value against the steps behind. `depth` 0: it was checked already. */
function matchesEntry(
  test: DropTest,
  step: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  depth: number,
): Match {
  const key = test.value[step]!
  if (key !== null && isUsualKeyValue(bytes, start, end)) {
    // The quick way past most attributes.
    if (!isEqual(key, bytes, start + 2, start + 2 + bytes[start + 1]!)) return false
  }
  if (depth > 0) checkKeyValue(bytes, start, end, depth)
  const copy = merged('KeyValue', bytes, start, end, [VALUE])
  const found = payloadOf(copy, KEY)
  if (key !== null && !isEqual(key, copy, found.start, found.end)) return false
  const value = payloadOf(copy, VALUE)
  return matchesValue(test, step + 1, copy, value.start, value.end)
}

function isEqual(key: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (key.length !== end - start) return false
  for (let i = 0; i < key.length; i++) if (key[i] !== bytes[start + i]) return false
  return true
}

/** An AnyValue known to be well-formed against the steps from `step` on. */
function matchesValue(test: DropTest, step: number, bytes: Uint8Array, start: number, end: number): Match {
  const pattern = test.rule.pattern
  if (step === test.value.length) {
    return pattern === null ? true : matchesInside(pattern, bytes, start, end)
  }
  const source = isSimple(bytes, start, end) ? bytes : merged('AnyValue', bytes, start, end)
  if (source === bytes) locate(source, start, end)
  else locate(source, 0, source.length)
  const from = memberAt
  const to = memberEnd
  if (from === to || !isContainer(source[from])) return false
  readLength(source, from + 1, to)
  return matchesChild(test, step, source, cursor, to, source[from] === KVLIST)
}

function matchesChild(
  test: DropTest,
  step: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  areEntries: boolean,
): Match {
  let match: Match = false
  let pos = start
  while (pos < end) {
    const tag = readTag(bytes, pos, end)
    const at = cursor
    const next = skipField(bytes, tag, at, end)
    if (tag === VALUES && (areEntries || test.value[step] === null)) {
      readLength(bytes, at, end)
      const found = areEntries
        ? matchesEntry(test, step, bytes, cursor, next, 0)
        : matchesValue(test, step + 1, bytes, cursor, next)
      if (found === true) return true
      if (found === null) match = null
    }
    pos = next
  }
  return match
}
