import { MAX_MESSAGE_DEPTH } from '../build/message.ts'
import type { Requests } from '../description.ts'
import { type Malformed, malformedOf, ProtoFault } from '../protobuf/fault.ts'
import { ProtoReader } from '../protobuf/reader.ts'
import { WIRE } from '../protobuf/wire-type.ts'
import { type FieldSchema, type MessageSchema, REQUEST_SCHEMAS, type ScalarKind } from '../schema.ts'
import type { Signal } from '../signal.ts'

type Members = Record<string, unknown>

const utf8 = new TextDecoder()

/**
 * The OTLP/JSON of a protobuf request, as objects ready for `JSON.stringify` (64-bit numbers and bytes are strings).
 * Fields that the wire does not hold are absent; unknown fields are passed over. For tests and debugging: it decodes
 * everything. Returns what is malformed instead of throwing.
 */
export function protobufToJson<S extends Signal>(
  signal: S,
  request: Uint8Array,
): { readonly kind: 'json'; readonly value: Requests[S] } | ({ readonly kind: 'malformed' } & Malformed) {
  const value: Members = {}
  const malformed = malformedOf(() =>
    readMessage(new ProtoReader(request), REQUEST_SCHEMAS[signal], value, 0),
  )
  return malformed === null
    ? { kind: 'json', value: value as Requests[S] }
    : { kind: 'malformed', ...malformed }
}

/** Reads to the reader's end into `into`: a message that comes twice is merged, as protobuf says. */
function readMessage(reader: ProtoReader, schema: MessageSchema, into: Members, depth: number): void {
  if (depth >= MAX_MESSAGE_DEPTH) {
    throw new ProtoFault(`expected messages nested at most ${MAX_MESSAGE_DEPTH} deep`, reader.position)
  }
  while (reader.next()) {
    const field = schema.byNumber.get(reader.field)
    if (field !== undefined && reader.wire === field.wire) readValue(reader, schema, field, into, depth)
    else if (field?.isRepeated && isNumber(field) && reader.wire === WIRE.length)
      readPacked(reader, field, into)
    else reader.skip()
  }
}

function isNumber(field: FieldSchema): boolean {
  return field.wire !== WIRE.length
}

function readValue(
  reader: ProtoReader,
  schema: MessageSchema,
  field: FieldSchema,
  into: Members,
  depth: number,
): void {
  if (field.oneof !== null) clearOthers(schema, field, into)
  if (field.kind !== 'message') {
    const value = readScalar(reader, field.kind)
    if (field.isRepeated) listOf(into, field).push(value)
    else into[field.name] = value
    return
  }
  let target: Members = {}
  if (field.isRepeated) listOf(into, field).push(target)
  else {
    target = (into[field.name] as Members | undefined) ?? target
    into[field.name] = target
  }
  const outer = reader.enter()
  readMessage(reader, field.message!, target, depth + 1)
  reader.leave(outer)
}

function readPacked(reader: ProtoReader, field: FieldSchema, into: Members): void {
  const list = listOf(into, field)
  const outer = reader.enter()
  while (reader.position < reader.end) list.push(readScalar(reader, field.kind as ScalarKind))
  reader.leave(outer)
}

function listOf(into: Members, field: FieldSchema): unknown[] {
  const list = (into[field.name] as unknown[] | undefined) ?? []
  into[field.name] = list
  return list
}

/** The last member of a oneof on the wire wins. */
function clearOthers(schema: MessageSchema, field: FieldSchema, into: Members): void {
  for (const other of schema.fields) {
    if (other !== field && other.oneof === field.oneof) delete into[other.name]
  }
}

function readScalar(reader: ProtoReader, kind: ScalarKind): unknown {
  switch (kind) {
    case 'string':
      return utf8.decode(reader.view())
    case 'bytes':
      return Buffer.from(reader.view()).toString('base64')
    case 'id':
      return Buffer.from(reader.view()).toString('hex')
    case 'bool':
      return reader.uint64() !== 0n
    case 'double': {
      const value = reader.double()
      // JSON.stringify would make null or 0 of these.
      if (Object.is(value, -0)) return '-0'
      return Number.isFinite(value) ? value : String(value)
    }
    case 'enum':
      return reader.uint32() | 0
    case 'uint32':
      return reader.uint32()
    case 'fixed32':
      return reader.fixed32()
    case 'sint32': {
      const zigzag = reader.uint32()
      return (zigzag >>> 1) ^ -(zigzag & 1)
    }
    case 'int64':
      return String(BigInt.asIntN(64, reader.uint64()))
    case 'uint64':
      return String(reader.uint64())
    case 'sfixed64':
      return String(BigInt.asIntN(64, reader.fixed64()))
    case 'fixed64':
      return String(reader.fixed64())
  }
}
