import type { AnyValue, KeyValue } from '../description.ts'

/** What becomes an AnyValue without saying its type: a whole number is an int, every other number a double. */
export type PlainValue =
  | string
  | boolean
  | number
  | bigint
  | Uint8Array
  | readonly PlainValue[]
  | { readonly [key: string]: PlainValue }

/** Attributes by name, in their order. */
export type PlainAttributes = Readonly<Record<string, PlainValue>>

/** The AnyValue of a plain value; arrays and objects become array and key-value list. */
export function anyValue(value: PlainValue): AnyValue {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'bigint') return { intValue: value }
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? { intValue: value } : { doubleValue: value }
  if (value instanceof Uint8Array) return { bytesValue: value }
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } }
  return { kvlistValue: { values: keyValues(value as PlainAttributes) } }
}

/** The attributes of a record, in the order of the object's keys. */
export function keyValues(attributes: PlainAttributes): KeyValue[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }))
}
