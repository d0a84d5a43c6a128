import { type Malformed, malformedOf } from './protobuf/fault.ts'
import { ProtoReader } from './protobuf/reader.ts'
import { WIRE } from './protobuf/wire-type.ts'

const RESOURCE_ITEMS = 1
const RESOURCE = 1
const ATTRIBUTES = 1
const KEY = 1
const VALUE = 2
const STRING_VALUE = 1

/**
 * Takes a request apart by its ResourceSpans (ResourceLogs, ResourceMetrics): calls `visit` for each with the string
 * value of the resource's attribute `key` (null without one) and the part, which is a whole request by itself. Views;
 * nothing is copied. Returns what is malformed; parts before it have been visited.
 */
export function walkResources(
  request: Uint8Array,
  key: Uint8Array,
  visit: (value: Uint8Array | null, part: Uint8Array) => void,
): Malformed | null {
  return malformedOf(() => {
    const reader = new ProtoReader(request)
    for (let start = 0; reader.next(); start = reader.position) {
      if (reader.field !== RESOURCE_ITEMS || reader.wire !== WIRE.length) {
        reader.skip()
        continue
      }
      const end = reader.lengthEnd()
      const value = resourceAttribute(new ProtoReader(request, reader.position, end), key)
      reader.position = end
      visit(value, request.subarray(start, end))
    }
  })
}

/** The attribute of the Resource in a ResourceSpans, wherever it stands there. */
function resourceAttribute(reader: ProtoReader, key: Uint8Array): Uint8Array | null {
  let found: Uint8Array | null = null
  while (reader.next()) {
    if (reader.field !== RESOURCE || reader.wire !== WIRE.length) {
      reader.skip()
      continue
    }
    const outer = reader.enter()
    while (reader.next()) {
      if (reader.field === ATTRIBUTES && reader.wire === WIRE.length) found ??= textOf(reader, key)
      else reader.skip()
    }
    reader.leave(outer)
  }
  return found
}

/** Reads a KeyValue: its string value when it has this key. */
function textOf(reader: ProtoReader, key: Uint8Array): Uint8Array | null {
  let isWanted = false
  let value: Uint8Array | null = null
  const outer = reader.enter()
  while (reader.next()) {
    if (reader.field === KEY && reader.wire === WIRE.length) isWanted = isEqual(reader.view(), key)
    else if (reader.field === VALUE && reader.wire === WIRE.length) value = stringOf(reader)
    else reader.skip()
  }
  reader.leave(outer)
  return isWanted ? value : null
}

function stringOf(reader: ProtoReader): Uint8Array | null {
  let value: Uint8Array | null = null
  const outer = reader.enter()
  while (reader.next()) {
    if (reader.field === STRING_VALUE && reader.wire === WIRE.length) value = reader.view()
    else reader.skip()
  }
  reader.leave(outer)
  return value
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
