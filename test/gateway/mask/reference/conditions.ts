import { create, isFieldSet } from '@bufbuild/protobuf'
import { descriptor, messageOf } from './descriptor.ts'
import { children, type Dynamic, fieldOf, isSet, keyOf, latin1, textOf, utf8 } from './objects.ts'
import type { RuleCase } from './rule-cases.ts'

/** Whether a text in the value, however deep, matches; null: one could not be read. */
export function matchesDeep(value: Dynamic, pattern: string): boolean | null {
  const { case: kind, value: inner } = value.value
  if (kind !== 'arrayValue' && kind !== 'kvlistValue') {
    const text = textOf(value)
    if (text === undefined) return false
    return text === null ? null : new RegExp(pattern, 'u').test(text)
  }
  const values: Dynamic[] =
    kind === 'arrayValue'
      ? inner.values
      : inner.values.filter((entry: Dynamic) => isSet(entry, 'value')).map((entry: Dynamic) => entry.value)
  const found = values.map((each) => matchesDeep(each, pattern))
  if (found.includes(true)) return true
  return found.includes(null) ? null : false
}

/** Whether what a DROP rule looks for is in `message`; null: a text could not be read. */
export function holds(
  name: string,
  message: Dynamic,
  fields: readonly string[],
  rule: RuleCase,
): boolean | null {
  const [first, ...rest] = fields
  if (first === undefined) return true
  const field = fieldOf(name, first)
  const inner = messageOf(field)
  if (inner === undefined) {
    if (!isFieldSet(message, field)) return false
    const texts: Uint8Array[] =
      field.fieldKind === 'list' ? message[field.localName] : [message[field.localName]]
    return any(
      texts.map((bytes) => {
        const text = utf8(bytes)
        if (rule.pattern === null) return true
        return text === null ? null : new RegExp(rule.pattern, 'u').test(text)
      }),
    )
  }
  if (inner === 'KeyValue') return holdsEntry(message[field.localName], rule.value, rule)
  if (inner === 'AnyValue') {
    return isFieldSet(message, field) && holdsValue(message[field.localName], rule.value, rule)
  }
  return any(children(message, field).map((child) => holds(inner, child, rest, rule)))
}

/** True if one is, else null if one could not be said. */
export function any(found: readonly (boolean | null)[]): boolean | null {
  if (found.includes(true)) return true
  return found.includes(null) ? null : false
}

/** `holds` for attributes, from the first of `steps`. */
export function holdsEntry(
  entries: readonly Dynamic[],
  steps: RuleCase['value'],
  rule: RuleCase,
): boolean | null {
  const [step, ...rest] = steps
  return any(
    entries
      .filter((entry) => step === null || keyOf(entry) === latin1(step!))
      .map((entry) =>
        holdsValue(isSet(entry, 'value') ? entry.value : create(descriptor('AnyValue')), rest, rule),
      ),
  )
}

/** `holds` for a value, from the first of `steps`. */
export function holdsValue(value: Dynamic, steps: RuleCase['value'], rule: RuleCase): boolean | null {
  if (steps.length === 0) return rule.pattern === null ? true : matchesDeep(value, rule.pattern)
  const { case: kind, value: inner } = value.value
  if (kind === 'kvlistValue') return holdsEntry(inner.values, steps, rule)
  if (kind !== 'arrayValue' || steps[0] !== null) return false
  return any(inner.values.map((each: Dynamic) => holdsValue(each, steps.slice(1), rule)))
}
