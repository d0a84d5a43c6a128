import { tagOf, WIRE } from '../protobuf/wire-type.ts'
import { ProtoWriter } from '../protobuf/writer.ts'
import { type MessageSchema, messageSchema } from '../schema.ts'
import type { BatchTemplate } from './batch.ts'
import { newTrail, writeMessage } from './message.ts'
import { keyValues } from './values.ts'

/** A fixed64 time. */
export const TIME_BYTES = 8

const SEVERITY_INFO = 9
const KIND_PRODUCER = 4
const LOG_BODY = 5
const LOG_ATTRIBUTES = 6
const SPAN_ATTRIBUTES = 9

/** The bytes of a request that never change, encoded once. */
export interface RecordParts {
  /** ResourceSpans or ResourceLogs without its scopes. */
  readonly resource: Uint8Array
  /** ScopeSpans or ScopeLogs without its records. */
  readonly scope: Uint8Array
  /** The record's fields in front of the message. */
  readonly head: Uint8Array
  /** Where in `head` the time stands. */
  readonly timeOffsets: readonly number[]
  /** Where in `head` eight bytes of an id stand. */
  readonly idOffsets: readonly number[]
  /** Field that holds the message. */
  readonly messageTag: number
  /** `KeyValue.key` of the message's attribute; null where it is the body. */
  readonly messageKey: Uint8Array | null
  /** The record's constant attributes. */
  readonly tail: Uint8Array
  readonly attributeTag: number
  /** `KeyValue.key` of the key's attribute. */
  readonly keyKey: Uint8Array
}

export function logParts(template: BatchTemplate): RecordParts {
  const writer = new ProtoWriter()
  const timeOffsets = [timeField(writer, 1), timeField(writer, 11)]
  writer.varint(tagOf(2, WIRE.varint))
  writer.varint(SEVERITY_INFO)
  return {
    ...commonParts(template, 'ResourceLogs', 'ScopeLogs'),
    head: writer.finish(),
    timeOffsets,
    idOffsets: [],
    messageTag: tagOf(LOG_BODY, WIRE.length),
    messageKey: null,
    tail: fieldsOf(messageSchema('LogRecord'), { attributes: keyValues(template.attributes) }),
    attributeTag: tagOf(LOG_ATTRIBUTES, WIRE.length),
  }
}

export function spanParts(template: BatchTemplate): RecordParts {
  const writer = new ProtoWriter()
  const idOffsets = [...idField(writer, 1, 16), ...idField(writer, 2, 8)]
  writer.stringField(tagOf(5, WIRE.length), 'bench message')
  writer.varint(tagOf(6, WIRE.varint))
  writer.varint(KIND_PRODUCER)
  const timeOffsets = [timeField(writer, 7), timeField(writer, 8)]
  return {
    ...commonParts(template, 'ResourceSpans', 'ScopeSpans'),
    head: writer.finish(),
    timeOffsets,
    idOffsets,
    messageTag: tagOf(SPAN_ATTRIBUTES, WIRE.length),
    messageKey: fieldsOf(messageSchema('KeyValue'), { key: template.messageAttribute }),
    tail: fieldsOf(messageSchema('Span'), { attributes: keyValues(template.attributes) }),
    attributeTag: tagOf(SPAN_ATTRIBUTES, WIRE.length),
  }
}

function commonParts(template: BatchTemplate, resourceName: string, scopeName: string) {
  return {
    resource: fieldsOf(messageSchema(resourceName), {
      resource: { attributes: keyValues(template.resource) },
    }),
    scope: fieldsOf(messageSchema(scopeName), { scope: { name: template.scopeName } }),
    keyKey: fieldsOf(messageSchema('KeyValue'), { key: template.keyAttribute }),
  }
}

function fieldsOf(schema: MessageSchema, value: object): Uint8Array {
  const writer = new ProtoWriter()
  writeMessage(writer, schema, value, newTrail())
  return writer.finish()
}

/** Writes a fixed64 of zero; where its value stands. */
function timeField(writer: ProtoWriter, field: number): number {
  writer.varint(tagOf(field, WIRE.fixed64))
  const offset = writer.length
  writer.fixed64(0n)
  return offset
}

/** Writes an id of zeros; where each eight bytes of it stand. */
function idField(writer: ProtoWriter, field: number, size: 8 | 16): number[] {
  writer.varint(tagOf(field, WIRE.length))
  writer.varint(size)
  const offset = writer.length
  writer.raw(new Uint8Array(size))
  return size === 8 ? [offset] : [offset, offset + 8]
}
