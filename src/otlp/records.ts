import { walkRecords } from './count.ts'
import { type Malformed, malformedOf } from './protobuf/fault.ts'
import type { ProtoReader } from './protobuf/reader.ts'
import { WIRE } from './protobuf/wire-type.ts'

/** What to look for in each record. */
export interface RecordQuery {
  readonly signal: 'logs' | 'traces'
  /** Attribute that carries the message, or null for a log record's body. */
  readonly messageAttribute: string | null
  /** Record attributes whose values are wanted; `attribute(i)` gives the i-th. */
  readonly attributes: readonly string[]
}

/** One span or log record. The same object for all records: it and its views are valid only during the callback. */
export interface RecordView {
  /** Content of the message's bytesValue or stringValue; null when absent or of another type. */
  message(): Uint8Array | null
  /** Content (UTF-8 or bytes) of a wanted attribute: null when absent or of another type. Of duplicate keys the first. */
  attribute(index: number): Uint8Array | null
  /** `attribute(index)` as text. */
  text(index: number): string | null
}

export interface RecordReader {
  /** Calls `visit` for each record in order; what is malformed, or null. Records before a fault have been visited. */
  read(request: Uint8Array, visit: (record: RecordView) => void): Malformed | null
}

const ABSENT = -1
const LOG_BODY = 5
const ATTRIBUTES = { logs: 6, traces: 9 } as const
const KEY = 1
const VALUE = 2
const STRING_VALUE = 1
const BYTES_VALUE = 7

/** Reads the messages out of requests without decoding the rest of them. */
export function createRecordReader(query: RecordQuery): RecordReader {
  // Slot 0 is the message, slot i + 1 the i-th attribute.
  const names = [query.messageAttribute ?? '', ...query.attributes].map((name) => Buffer.from(name))
  const firstNamed = query.messageAttribute === null ? 1 : 0
  const starts = new Int32Array(names.length)
  const ends = new Int32Array(names.length)
  const bodyField = query.signal === 'logs' && query.messageAttribute === null ? LOG_BODY : ABSENT
  const attributesField = ATTRIBUTES[query.signal]
  let bytes: Uint8Array = new Uint8Array(0)

  const content = (slot: number) =>
    starts[slot] === ABSENT ? null : bytes.subarray(starts[slot], ends[slot])
  const view: RecordView = {
    message: () => content(0),
    attribute: (index) => content(index + 1),
    text: (index) => {
      const value = content(index + 1)
      return value === null ? null : Buffer.from(value.buffer, value.byteOffset, value.length).toString()
    },
  }

  function readRecord(reader: ProtoReader): void {
    starts.fill(ABSENT)
    const outer = reader.enter()
    while (reader.next()) {
      if (reader.wire !== WIRE.length) reader.skip()
      else if (reader.field === attributesField) readAttribute(reader)
      else if (reader.field === bodyField) {
        const end = reader.lengthEnd()
        readValue(reader, end, 0)
      } else reader.skip()
    }
    reader.leave(outer)
  }

  function readAttribute(reader: ProtoReader): void {
    let slot = ABSENT
    let valueStart = ABSENT
    let valueEnd = ABSENT
    const outer = reader.enter()
    while (reader.next()) {
      if (reader.wire !== WIRE.length || reader.field > VALUE) {
        reader.skip()
        continue
      }
      const end = reader.lengthEnd()
      if (reader.field === KEY) slot = slotOf(reader.position, end)
      else {
        valueStart = reader.position
        valueEnd = end
      }
      reader.position = end
    }
    reader.leave(outer)
    if (slot === ABSENT || valueStart === ABSENT || starts[slot] !== ABSENT) return
    const behind = reader.position
    reader.position = valueStart
    readValue(reader, valueEnd, slot)
    reader.position = behind
  }

  function slotOf(start: number, end: number): number {
    for (let slot = firstNamed; slot < names.length; slot++) {
      const name = names[slot]!
      if (name.length !== end - start) continue
      let i = 0
      while (i < name.length && name[i] === bytes[start + i]) i++
      if (i === name.length) return slot
    }
    return ABSENT
  }

  /** Reads an AnyValue; the last member on the wire counts. */
  function readValue(reader: ProtoReader, end: number, slot: number): void {
    const outer = reader.end
    reader.end = end
    while (reader.next()) {
      const isContent =
        reader.wire === WIRE.length && (reader.field === STRING_VALUE || reader.field === BYTES_VALUE)
      if (!isContent) {
        if (reader.field <= BYTES_VALUE) starts[slot] = ABSENT
        reader.skip()
        continue
      }
      const contentEnd = reader.lengthEnd()
      starts[slot] = reader.position
      ends[slot] = contentEnd
      reader.position = contentEnd
    }
    reader.end = outer
  }

  return {
    read(request, visit) {
      bytes = request
      return malformedOf(() =>
        walkRecords(request, (reader) => {
          readRecord(reader)
          visit(view)
        }),
      )
    },
  }
}
