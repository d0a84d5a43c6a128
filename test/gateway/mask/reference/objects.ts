import { type DescField, fromBinary, isFieldSet, type Message } from '@bufbuild/protobuf'
import { descriptor } from './descriptor.ts'

const MAX_TEXT_BYTES = 65536

/** A message whose fields are known at run time only. */
// biome-ignore lint/suspicious/noExplicitAny: what a field holds stands in the descriptor, not in a type
export type Dynamic = Message & Record<string, any>

/** Decodes a body; throws if the library cannot. */
export function decode(root: string, body: Uint8Array): Dynamic {
  return fromBinary(descriptor(root), body) as Dynamic
}

/** The field `field` (its .proto name) of message `name`. */
export function fieldOf(name: string, field: string): DescField {
  return descriptor(name).fields.find((each) => each.name === field)!
}

/** The messages that a field holds: of a list all, else one or none. */
export function children(message: Dynamic, field: DescField): Dynamic[] {
  if (field.fieldKind === 'list') return message[field.localName] as Dynamic[]
  if (!isFieldSet(message, field)) return []
  return [field.oneof === undefined ? message[field.localName] : message[field.oneof.localName].value]
}

/** An attribute's key, one character a byte: comparable even if it is not UTF-8. */
export function keyOf(entry: Dynamic): string {
  return Buffer.from(entry.key ?? []).toString('latin1')
}

/** A key of a rule in the form of `keyOf`. */
export function latin1(key: string): string {
  return Buffer.from(key).toString('latin1')
}

/** Whether the field (its .proto name) is there. */
export function isSet(message: Dynamic, name: string): boolean {
  return isFieldSet(message, fieldOf(message.$typeName.split('.').pop()!, name))
}

/** Undefined: has none; null: cannot be read. */
export function textOf(value: Dynamic): string | null | undefined {
  switch (value.value.case) {
    case 'stringValue':
      return utf8(value.value.value)
    case 'intValue':
    case 'boolValue':
    case 'doubleValue':
      return String(value.value.value)
    default:
      return undefined
  }
}

/** The text; null when it is too long for patterns or not UTF-8. */
export function utf8(bytes: Uint8Array): string | null {
  if (bytes.length > MAX_TEXT_BYTES) return null
  const text = Buffer.from(bytes).toString('utf8')
  return Buffer.from(text).equals(bytes) ? text : null
}
