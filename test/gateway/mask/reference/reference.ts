import { createHash } from 'node:crypto'
import { clearField, create, type DescField, isFieldSet, toBinary } from '@bufbuild/protobuf'
import { holds, matchesDeep } from './conditions.ts'
import { descriptor, messageOf } from './descriptor.ts'
import { children, type Dynamic, decode, fieldOf, isSet, keyOf, latin1, textOf, utf8 } from './objects.ts'
import type { RuleCase } from './rule-cases.ts'

// The reference masker: decodes with an OTLP protobuf library, edits the objects, encodes. Written after the README of
// the masker and independently of its code: rules are looked at one object at a time, nothing is compiled.

const UNITS = new Set([
  'ResourceSpans',
  'ResourceMetrics',
  'ResourceLogs',
  'ScopeSpans',
  'ScopeMetrics',
  'ScopeLogs',
  'Span',
  'Event',
  'Link',
  'Metric',
  'NumberDataPoint',
  'HistogramDataPoint',
  'ExponentialHistogramDataPoint',
  'SummaryDataPoint',
  'Exemplar',
  'LogRecord',
])
const RECORDS = new Set([
  'Span',
  'NumberDataPoint',
  'HistogramDataPoint',
  'ExponentialHistogramDataPoint',
  'SummaryDataPoint',
  'LogRecord',
])
/** Fields in which records lie, at any depth. */
const CARRIERS = new Set([
  'resource_spans',
  'resource_metrics',
  'resource_logs',
  'scope_spans',
  'scope_metrics',
  'scope_logs',
  'spans',
  'metrics',
  'log_records',
  'data_points',
  'gauge',
  'sum',
  'histogram',
  'exponential_histogram',
  'summary',
])
export type ReferenceOutcome =
  | { kind: 'masked'; message: Dynamic; operations: number; droppedRecords: number; isEmpty: boolean }
  | { kind: 'failed'; rule: string }

/** A rule on its way down: the fields still to go. */
interface Path {
  readonly rule: RuleCase
  readonly fields: readonly string[]
}

class DropUnit extends Error {}
class Failed extends Error {}

interface Run {
  operations: number
  dropped: number
  readonly limit: number
}

/** What masking `body` by `rules` (in the order they go) must come to. Throws if the library cannot decode. */
export function maskByReference(
  root: string,
  body: Uint8Array,
  rules: readonly RuleCase[],
  limit: number,
): ReferenceOutcome {
  const message = decode(root, body)
  const run: Run = { operations: 0, dropped: 0, limit }
  const paths = rules.flatMap((rule) => rule.ways.map((fields) => ({ rule, fields })))
  try {
    const isEmpty = edit(root, message, paths, run) === 'remove'
    return { kind: 'masked', message, operations: run.operations, droppedRecords: run.dropped, isEmpty }
  } catch (thrown) {
    if (thrown instanceof Failed) return { kind: 'failed', rule: thrown.message }
    throw thrown
  }
}

function edit(name: string, message: Dynamic, paths: readonly Path[], run: Run): 'keep' | 'remove' {
  const dropping = paths.filter((path) => path.rule.action === 'DROP' && !goesToUnit(name, path.fields))
  if (UNITS.has(name)) {
    for (const path of dropping) {
      const found = holds(name, message, path.fields, path.rule)
      if (found === true || (found === null && fault(path.rule) === 'drop')) return drop(name, message, run)
    }
  }
  const rest = paths.filter((path) => !dropping.includes(path) || !UNITS.has(name))
  if (rest.length === 0) return 'keep'
  const before = { ...run }
  try {
    return editFields(name, message, rest, run)
  } catch (thrown) {
    if (!(thrown instanceof DropUnit) || !UNITS.has(name)) throw thrown
    run.dropped = before.dropped
    return drop(name, message, run)
  }
}

/** Records of each message as it came: those removed from it before it goes are counted once, with it. */
const originals = new WeakMap<object, number>()

function goesToUnit(name: string, fields: readonly string[]): boolean {
  let at = name
  for (const field of fields) {
    at = messageOf(fieldOf(at, field)) ?? ''
    if (UNITS.has(at)) return true
  }
  return false
}

function drop(name: string, message: Dynamic, run: Run): 'remove' {
  run.dropped += originals.get(message) ?? countRecords(name, message)
  return 'remove'
}

function countRecords(name: string, message: Dynamic): number {
  if (RECORDS.has(name)) return 1
  let count = 0
  for (const field of descriptor(name).fields) {
    if (!CARRIERS.has(field.name)) continue
    for (const child of children(message, field)) count += countRecords(messageOf(field)!, child)
  }
  return count
}

function editFields(name: string, message: Dynamic, paths: readonly Path[], run: Run): 'keep' | 'remove' {
  originals.set(message, countRecords(name, message))
  let removed = 0
  let kept = 0
  for (const field of [...descriptor(name).fields].sort((a, b) => a.number - b.number)) {
    const below = paths.filter((path) => path.fields[0] === field.name)
    if (below.length === 0) {
      if (CARRIERS.has(field.name)) kept += children(message, field).length
      continue
    }
    const next = below.map((path) => ({ rule: path.rule, fields: path.fields.slice(1) }))
    const inner = messageOf(field)
    if (inner === 'KeyValue') editEntries(message[field.localName], next.map(whole), run)
    else if (inner === 'AnyValue') {
      if (
        isFieldSet(message, field) &&
        editValue(message[field.localName], next.map(whole), run) === 'remove'
      ) {
        clearField(message, field)
      }
    } else if (inner === undefined) editText(message, field, next, run)
    else {
      const isCarrier = CARRIERS.has(field.name)
      const left = children(message, field).filter((child) => edit(inner, child, next, run) === 'keep')
      const gone = children(message, field).length - left.length
      if (isCarrier) {
        removed += gone
        kept += left.length
      }
      if (gone === 0) continue
      if (field.fieldKind === 'list') message[field.localName] = left
      else clearField(message, field)
    }
  }
  return removed > 0 && kept === 0 ? 'remove' : 'keep'
}

/** A rule at a value, and the steps into it still to go. */
interface At {
  readonly rule: RuleCase
  readonly steps: readonly (string | null)[]
}

function whole(path: Path): At {
  return { rule: path.rule, steps: path.rule.value }
}

function editEntries(entries: Dynamic[], ats: readonly At[], run: Run): void {
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i]!
    const here = stepped(ats, keyOf(entry))
    if (here.length === 0) continue
    const value = isSet(entry, 'value') ? entry.value : create(descriptor('AnyValue'))
    const before = run.operations
    if (editValue(value, here, run) === 'remove') entries.splice(i--, 1)
    else if (run.operations > before) entry.value = value
  }
}

function stepped(ats: readonly At[], key: string | null): At[] {
  return ats.flatMap((at) => {
    const step = at.steps[0]
    if (step === undefined) return at.rule.action === 'REGEX_MASK' ? [at] : []
    if (step !== null && (key === null || latin1(step) !== key)) return []
    return [{ rule: at.rule, steps: at.steps.slice(1) }]
  })
}

function editValue(value: Dynamic, ats: readonly At[], run: Run): 'keep' | 'remove' {
  const rules = ats.filter((at) => at.steps.length === 0).map((at) => at.rule)
  const kind: string | undefined = value.value.case
  if (kind === 'arrayValue' || kind === 'kvlistValue') {
    for (const rule of rules) {
      if (rule.action === 'REGEX_MASK') continue
      const found = rule.pattern === null ? true : matchesDeep(value, rule.pattern)
      if (found === null) fault(rule)
      if (found === true && admitted(rule, run)) return apply(value, rule)
    }
    if (kind === 'kvlistValue') editEntries(value.value.value.values, ats, run)
    else {
      const elements: Dynamic[] = value.value.value.values
      const here = stepped(ats, null)
      value.value.value.values = elements.filter((element) => editValue(element, here, run) === 'keep')
    }
    return 'keep'
  }
  return editScalar(value, rules, run)
}

function editScalar(value: Dynamic, rules: readonly RuleCase[], run: Run): 'keep' | 'remove' {
  const isNothing = value.value.case === undefined && !value.$unknown?.length
  let text = textOf(value)
  for (const rule of rules) {
    let next = text
    if (rule.pattern !== null) {
      if (text === undefined) continue
      if (text === null) {
        fault(rule)
        continue
      }
      if (!new RegExp(rule.pattern, 'u').test(text)) continue
      next = text.replaceAll(new RegExp(rule.pattern, 'gu'), () => rule.replacement)
    }
    if (isNothing && (rule.action === 'REDACT_FILL' || rule.action === 'HASH')) continue
    if (!admitted(rule, run)) continue
    if (rule.action !== 'REGEX_MASK') return apply(value, rule)
    text = next
    value.value = { case: 'stringValue', value: Buffer.from(text!) }
    value.$unknown = undefined
  }
  return 'keep'
}

function admitted(rule: RuleCase, run: Run): boolean {
  if (run.operations >= run.limit) {
    if (fault(rule) === 'drop') throw new DropUnit()
    return false
  }
  run.operations++
  return true
}

function fault(rule: RuleCase): 'skip' | 'drop' {
  if (rule.onError === 'fail') throw new Failed(rule.id)
  if (rule.onError === 'drop' && rule.action !== 'DROP') throw new DropUnit()
  return rule.onError
}

function apply(value: Dynamic, rule: RuleCase): 'keep' | 'remove' {
  if (rule.action === 'DELETE') return 'remove'
  const size = toBinary(descriptor('AnyValue'), value).length
  const text =
    rule.action === 'HASH'
      ? hashed(value)
      : rule.action === 'REDACT_FILL'
        ? filled(size, rule)
        : rule.replacement
  value.$unknown = undefined
  if (rule.action === 'REDACT_FILL' && size === 0) return 'keep'
  value.value = { case: 'stringValue', value: Buffer.from(text) }
  return 'keep'
}

/** As long a text as fits where the value was. */
function filled(size: number, rule: RuleCase): string {
  const room = size - 2
  const length = room <= 127 ? room : room - 1 <= 16383 ? room - 1 : room - 2
  return rule.replacement.repeat(Math.max(length, 0))
}

function hashed(value: Dynamic): string {
  const text = textOf(value)
  const input =
    value.value.case === 'bytesValue' || value.value.case === 'stringValue' ? value.value.value : (text ?? '')
  return createHash('sha256').update(input).digest('hex')
}

function editText(message: Dynamic, field: DescField, paths: readonly Path[], run: Run): void {
  if (field.fieldKind === 'list') {
    const texts: Uint8Array[] = message[field.localName]
    message[field.localName] = texts.flatMap((text) => textAfter(text, paths, run) ?? [])
    return
  }
  if (!isFieldSet(message, field)) return
  const after = textAfter(message[field.localName], paths, run)
  if (after === null) clearField(message, field)
  else message[field.localName] = after
}

/** Null: deleted. */
function textAfter(bytes: Uint8Array, paths: readonly Path[], run: Run): Uint8Array | null {
  let current = bytes
  for (const { rule } of paths) {
    let next = ''
    if (rule.pattern !== null) {
      const text = utf8(current)
      if (text === null) {
        fault(rule)
        continue
      }
      if (!new RegExp(rule.pattern, 'u').test(text)) continue
      next = text.replaceAll(new RegExp(rule.pattern, 'gu'), () => rule.replacement)
    }
    if (!admitted(rule, run)) continue
    if (rule.action === 'DELETE') return null
    if (rule.action === 'REDACT_FILL') return Buffer.alloc(current.length, rule.replacement)
    if (rule.action === 'REDACT_MASK') return Buffer.from(rule.replacement)
    if (rule.action === 'HASH') return Buffer.from(createHash('sha256').update(current).digest('hex'))
    current = Buffer.from(next)
  }
  return current
}
