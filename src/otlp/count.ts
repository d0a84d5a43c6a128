import { type Malformed, malformedOf } from './protobuf/fault.ts'
import { ProtoReader } from './protobuf/reader.ts'
import { WIRE } from './protobuf/wire-type.ts'
import type { Signal } from './signal.ts'

// All three requests have the same frame: field 1 (ResourceSpans, …) → field 2 (ScopeSpans, …) → field 2 (Span, …).
const RESOURCE_ITEMS = 1
const SCOPE_ITEMS = 2
const RECORDS = 2
const DATA_POINTS = 1
/** Metric's gauge, sum, histogram, exponential histogram and summary. */
const METRIC_DATA: ReadonlySet<number> = new Set([5, 7, 9, 10, 11])

/**
 * Number of records in a request: spans, log records, or metric data points. Reads only the frame around them, in one
 * pass; inside of a record nothing is checked. Returns what is malformed instead of throwing.
 */
export function countRecords(signal: Signal, request: Uint8Array): number | Malformed {
  let count = 0
  const malformed = malformedOf(() => {
    walkRecords(request, (reader) => {
      if (signal === 'metrics') count += countDataPoints(reader)
      else {
        reader.skip()
        count++
      }
    })
  })
  return malformed ?? count
}

/**
 * Calls `visit` with the reader standing at each span, metric or log record (its length comes next); `visit` must read
 * it or skip it. Throws `ProtoFault`.
 */
export function walkRecords(request: Uint8Array, visit: (reader: ProtoReader) => void): void {
  const reader = new ProtoReader(request)
  while (seek(reader, RESOURCE_ITEMS)) {
    const ofRequest = reader.enter()
    while (seek(reader, SCOPE_ITEMS)) {
      const ofResource = reader.enter()
      while (seek(reader, RECORDS)) visit(reader)
      reader.leave(ofResource)
    }
    reader.leave(ofRequest)
  }
}

/** Goes to the next length-delimited field of this number; false at the end of the message. */
function seek(reader: ProtoReader, field: number): boolean {
  while (reader.next()) {
    if (reader.field === field && reader.wire === WIRE.length) return true
    reader.skip()
  }
  return false
}

function countDataPoints(reader: ProtoReader): number {
  let count = 0
  const ofScope = reader.enter()
  while (reader.next()) {
    if (!METRIC_DATA.has(reader.field) || reader.wire !== WIRE.length) {
      reader.skip()
      continue
    }
    const ofMetric = reader.enter()
    while (seek(reader, DATA_POINTS)) {
      reader.skip()
      count++
    }
    reader.leave(ofMetric)
  }
  reader.leave(ofScope)
  return count
}
