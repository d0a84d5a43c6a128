import { asNumber, asObject, asText, parseObject } from './json/plain.ts'
import { malformedOf } from './protobuf/fault.ts'
import { ProtoReader } from './protobuf/reader.ts'
import { tagOf, WIRE } from './protobuf/wire-type.ts'
import { ProtoWriter } from './protobuf/writer.ts'
import type { Signal } from './signal.ts'

/** Of an Export*ServiceResponse: a part was refused, or (with none refused) there is a warning. */
export interface PartialSuccess {
  /** Spans, data points or log records. */
  readonly rejected: number
  readonly message: string
}

const REJECTED_NAMES: Readonly<Record<Signal, string>> = {
  traces: 'rejectedSpans',
  metrics: 'rejectedDataPoints',
  logs: 'rejectedLogRecords',
}

/** The protobuf of an Export*ServiceResponse: no bytes at all for full success (null). The same for all signals. */
export function encodeResponse(partial: PartialSuccess | null): Uint8Array {
  const writer = new ProtoWriter(64)
  if (partial !== null) {
    const start = writer.begin(tagOf(1, WIRE.length))
    if (partial.rejected !== 0) {
      writer.varint(tagOf(1, WIRE.varint))
      writer.varint(partial.rejected)
    }
    if (partial.message !== '') writer.stringField(tagOf(2, WIRE.length), partial.message)
    writer.end(start)
  }
  return writer.finish()
}

/** Reads an Export*ServiceResponse; `partial` is null for full success, the whole null when the bytes are malformed. */
export function decodeResponse(bytes: Uint8Array): { readonly partial: PartialSuccess | null } | null {
  let partial: PartialSuccess | null = null
  const reader = new ProtoReader(bytes)
  const malformed = malformedOf(() => {
    while (reader.next()) {
      if (reader.field === 1 && reader.wire === WIRE.length) partial = readPartial(reader)
      else reader.skip()
    }
  })
  return malformed === null ? { partial } : null
}

function readPartial(reader: ProtoReader): PartialSuccess {
  let rejected = 0
  let message = ''
  const outer = reader.enter()
  while (reader.next()) {
    if (reader.field === 1 && reader.wire === WIRE.varint)
      rejected = Number(BigInt.asIntN(64, reader.uint64()))
    else if (reader.field === 2 && reader.wire === WIRE.length)
      message = Buffer.from(reader.view()).toString()
    else reader.skip()
  }
  reader.leave(outer)
  return { rejected, message }
}

/** The JSON of an Export*ServiceResponse. */
export function responseToJson(signal: Signal, partial: PartialSuccess | null): string {
  if (partial === null) return '{}'
  const rejected = partial.rejected === 0 ? {} : { [REJECTED_NAMES[signal]]: String(partial.rejected) }
  return JSON.stringify({ partialSuccess: { ...rejected, errorMessage: partial.message } })
}

/** Reads the JSON of an Export*ServiceResponse, as `decodeResponse`. */
export function responseFromJson(
  signal: Signal,
  json: Uint8Array,
): { readonly partial: PartialSuccess | null } | null {
  const object = parseObject(json)
  if (object === null) return null
  const partial = asObject(object.partialSuccess)
  if (partial === null) return { partial: null }
  return {
    partial: { rejected: asNumber(partial[REJECTED_NAMES[signal]]), message: asText(partial.errorMessage) },
  }
}
