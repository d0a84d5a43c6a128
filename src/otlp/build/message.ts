import type { ProtoWriter } from '../protobuf/writer.ts'
import type { FieldSchema, MessageSchema } from '../schema.ts'
import { ValueFault, writeScalar, wrongType } from './scalar.ts'

/** Messages nested in each other, the request included: what protobuf libraries allow by default. */
export const MAX_MESSAGE_DEPTH = 100

/** Where the walk is: the field at each depth, and the place in its array (−1 for none). */
export interface Trail {
  readonly fields: string[]
  readonly places: number[]
  depth: number
}

export function newTrail(): Trail {
  return { fields: [], places: [], depth: 0 }
}

/** The trail as a JSON path: `$.resourceSpans[0].scopeSpans[2].spans[1].kind`. */
export function pathOf(trail: Trail): string {
  let path = '$'
  for (let i = 0; i < trail.depth; i++) {
    path += `.${trail.fields[i]}`
    if (trail.places[i]! >= 0) path += `[${trail.places[i]}]`
  }
  return path
}

/**
 * Writes the fields of `value` that the schema knows, in the order of their numbers; others are passed over, and null
 * is the same as absent. Throws `ValueFault` with the trail standing at the culprit.
 */
export function writeMessage(writer: ProtoWriter, schema: MessageSchema, value: unknown, trail: Trail): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongType('an object', value)
  if (trail.depth >= MAX_MESSAGE_DEPTH) {
    throw new ValueFault(`expected messages nested at most ${MAX_MESSAGE_DEPTH} deep`)
  }
  const members = value as Readonly<Record<string, unknown>>
  const at = trail.depth++
  let oneof: FieldSchema | null = null
  for (const field of schema.fields) {
    const member = members[field.name]
    if (member === undefined || member === null) continue
    trail.fields[at] = field.name
    trail.places[at] = -1
    if (field.oneof !== null) {
      if (oneof !== null) throw new ValueFault(`expected one value, got ${oneof.name} and ${field.name}`)
      oneof = field
    }
    if (field.isRepeated) writeAll(writer, field, member, trail, at)
    else writeOne(writer, field, member, trail, field.isExplicit)
  }
  trail.depth = at
}

function writeOne(
  writer: ProtoWriter,
  field: FieldSchema,
  value: unknown,
  trail: Trail,
  isExplicit: boolean,
): void {
  if (field.kind !== 'message') {
    writeScalar(writer, field.kind, field.tag, value, isExplicit)
    return
  }
  const start = writer.begin(field.tag)
  writeMessage(writer, field.message!, value, trail)
  writer.end(start)
}

function writeAll(writer: ProtoWriter, field: FieldSchema, values: unknown, trail: Trail, at: number): void {
  if (!Array.isArray(values)) throw wrongType('an array', values)
  if (values.length === 0) return
  const start = field.isPacked ? writer.begin(field.tag) : -1
  for (let i = 0; i < values.length; i++) {
    trail.places[at] = i
    if (!field.isPacked) writeOne(writer, field, values[i], trail, true)
    else if (field.kind !== 'message') writeScalar(writer, field.kind, -1, values[i], true)
  }
  if (field.isPacked) writer.end(start)
}
