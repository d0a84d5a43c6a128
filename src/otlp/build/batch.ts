import { randomFillSync } from 'node:crypto'
import { varintBytes } from '../protobuf/writer.ts'
import { logParts, type RecordParts, spanParts, TIME_BYTES } from './batch-parts.ts'
import type { PlainAttributes } from './values.ts'

/** What is the same in every request of a sender. */
export interface BatchTemplate {
  readonly resource: PlainAttributes
  readonly scopeName: string
  /** On every record, e.g. `tenant_id`. */
  readonly attributes: PlainAttributes
  /** Span attribute that carries the message; a log record carries it as its body. */
  readonly messageAttribute: string
  /** Attribute that carries the message's key, when keys are given. */
  readonly keyAttribute: string
}

/** Puts opaque messages into OTLP requests, one record a message: for senders in a hurry. */
export interface BatchEncoder {
  /**
   * One Export*ServiceRequest of `messages[first … first + count − 1]`, as bytesValue, all with this time. The result
   * is of exact size and belongs to the caller; the messages are copied. `keys` has the length of `messages`.
   */
  encode(
    messages: readonly Uint8Array[],
    first: number,
    count: number,
    timeUnixNano: bigint,
    keys: readonly string[] | null,
  ): Uint8Array
}

/** Makes log records (message in the body) or spans (message in an attribute). */
export function createBatchEncoder(signal: 'logs' | 'traces', template: BatchTemplate): BatchEncoder {
  const parts = signal === 'logs' ? logParts(template) : spanParts(template)
  const time = Buffer.alloc(TIME_BYTES)
  const nextId = idSource()

  function recordBytes(message: Uint8Array, key: string | null): number {
    return parts.head.length + messageField(parts, message.length) + parts.tail.length + keyField(parts, key)
  }

  return {
    encode(messages, first, count, timeUnixNano, keys) {
      let scopeBytes = parts.scope.length
      for (let i = first; i < first + count; i++) {
        scopeBytes += nested(recordBytes(messages[i]!, keys === null ? null : keys[i]!))
      }
      const resourceBytes = parts.resource.length + nested(scopeBytes)
      const out = Buffer.allocUnsafeSlow(nested(resourceBytes))
      time.writeBigUInt64LE(timeUnixNano)

      let at = header(out, 0, RESOURCE_TAG, resourceBytes)
      at = copy(out, at, parts.resource)
      at = header(out, at, SCOPE_TAG, scopeBytes)
      at = copy(out, at, parts.scope)
      for (let i = first; i < first + count; i++) {
        const message = messages[i]!
        const key = keys === null ? null : keys[i]!
        at = header(out, at, RECORD_TAG, recordBytes(message, key))
        const head = at
        at = copy(out, at, parts.head)
        for (const offset of parts.timeOffsets) out.set(time, head + offset)
        if (parts.idOffsets.length > 0) nextId(out, head, parts.idOffsets)
        at = writeMessage(out, at, parts, message)
        at = copy(out, at, parts.tail)
        if (key !== null) at = writeKey(out, at, parts, key)
      }
      return out
    },
  }
}

// Field 1 of the request, field 2 of ResourceSpans and ResourceLogs, field 2 of ScopeSpans and ScopeLogs.
const RESOURCE_TAG = 0x0a
const SCOPE_TAG = 0x12
const RECORD_TAG = 0x12
const BYTES_VALUE_TAG = 0x3a
const STRING_VALUE_TAG = 0x0a
const KEY_VALUE_TAG = 0x12

/** Size of a length-delimited field with a tag of one byte. */
function nested(size: number): number {
  return 1 + varintBytes(size) + size
}

/** Size of the value that holds the message: a log record's body, or a span's attribute after its key. */
function messageField(parts: RecordParts, size: number): number {
  const value = nested(size)
  return nested(parts.messageKey === null ? value : parts.messageKey.length + nested(value))
}

function keyField(parts: RecordParts, key: string | null): number {
  if (key === null) return 0
  return nested(parts.keyKey.length + nested(nested(Buffer.byteLength(key))))
}

function writeMessage(out: Buffer, start: number, parts: RecordParts, message: Uint8Array): number {
  const value = nested(message.length)
  let at = start
  if (parts.messageKey === null) at = header(out, at, parts.messageTag, value)
  else {
    at = header(out, at, parts.messageTag, parts.messageKey.length + nested(value))
    at = copy(out, at, parts.messageKey)
    at = header(out, at, KEY_VALUE_TAG, value)
  }
  at = header(out, at, BYTES_VALUE_TAG, message.length)
  return copy(out, at, message)
}

function writeKey(out: Buffer, start: number, parts: RecordParts, key: string): number {
  const size = Buffer.byteLength(key)
  let at = header(out, start, parts.attributeTag, parts.keyKey.length + nested(nested(size)))
  at = copy(out, at, parts.keyKey)
  at = header(out, at, KEY_VALUE_TAG, nested(size))
  at = header(out, at, STRING_VALUE_TAG, size)
  return at + out.write(key, at)
}

function header(out: Buffer, start: number, tag: number, size: number): number {
  let at = start
  out[at++] = tag
  let rest = size
  for (; rest >= 128; rest >>>= 7) out[at++] = (rest & 0x7f) | 0x80
  out[at++] = rest
  return at
}

function copy(out: Buffer, at: number, bytes: Uint8Array): number {
  out.set(bytes, at)
  return at + bytes.length
}

/** Writes ids that are never zero and differ between records, senders and runs: random bytes, then a counter. */
function idSource(): (out: Buffer, head: number, offsets: readonly number[]) => void {
  const base = randomFillSync(new Uint8Array(8))
  base[0]! |= 1
  let counter = 0
  return (out, head, offsets) => {
    counter = (counter + 1) >>> 0
    for (const offset of offsets) {
      out.set(base, head + offset)
      out.writeUInt32BE(counter, head + offset + 4)
    }
  }
}
