// Goal: records are counted as a decoder would, and hostile bytes end in a verdict. Method: random requests against a
// count over their description; concatenation; hand-made frames that lie about lengths and numbers.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { buildRequest } from '../../src/otlp/build/request.ts'
import { countRecords } from '../../src/otlp/count.ts'
import type { Metric, Requests } from '../../src/otlp/description.ts'
import { SIGNALS, type Signal } from '../../src/otlp/signal.ts'
import { randomRequest } from '../support/otlp-random.ts'

function described(signal: Signal, request: Requests[Signal]): number {
  const { resourceSpans, resourceMetrics, resourceLogs } = request as Requests['traces'] &
    Requests['metrics'] &
    Requests['logs']
  const records: number[] = []
  if (signal === 'traces') {
    for (const r of resourceSpans ?? [])
      for (const s of r.scopeSpans ?? []) records.push(s.spans?.length ?? 0)
  } else if (signal === 'logs') {
    for (const r of resourceLogs ?? [])
      for (const s of r.scopeLogs ?? []) records.push(s.logRecords?.length ?? 0)
  } else {
    for (const r of resourceMetrics ?? [])
      for (const s of r.scopeMetrics ?? []) for (const m of s.metrics ?? []) records.push(dataPoints(m))
  }
  return records.reduce((sum, count) => sum + count, 0)
}

function dataPoints(metric: Metric): number {
  const data =
    metric.gauge ?? metric.sum ?? metric.histogram ?? metric.exponentialHistogram ?? metric.summary ?? {}
  return data.dataPoints?.length ?? 0
}

test.each([...SIGNALS])(
  '%s: the count of the bytes is that of the description; concatenation adds',
  (signal) => {
    let total = 0
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (one, other) => {
        const requests = [randomRequest(signal, one), randomRequest(signal, other)]
        const bytes = requests.map((request) => buildRequest(signal, request))
        const expected = requests.reduce((sum, request) => sum + described(signal, request), 0)
        expect(countRecords(signal, Buffer.concat(bytes))).toBe(expected)
        total += expected
      }),
      { numRuns: 100 },
    )
    expect(total).toBeGreaterThan(100)
  },
)

test('an empty request has none', () => {
  expect(countRecords('logs', new Uint8Array(0))).toBe(0)
})

const varint11 = Buffer.of(0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01)

test.each([
  ['a length of 2^31', Buffer.of(0x0a, 0x80, 0x80, 0x80, 0x80, 0x08), 1],
  ['a length of 2^63', Buffer.of(0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01), 1],
  ['a length beyond its parent', Buffer.of(0x0a, 0x02, 0x12, 0x05, 0, 0, 0, 0, 0), 3],
  ['a varint of 11 bytes', varint11, 1],
  ['a varint that ends with its message', Buffer.of(0x0a, 0x02, 0x08, 0x80, 0x00), 3],
  ['field number 0', Buffer.of(0x02, 0x00), 0],
  ['wire type 7', Buffer.of(0x0f), 1],
  ['the end of a group that never began', Buffer.of(0x0c), 1],
  ['a group that never ends', Buffer.of(0x1b, 0x08, 0x01), 3],
  ['groups nested 10,000 deep', Buffer.alloc(10_000, 0x1b), 101],
])('%s is malformed', (_name, bytes, offset) => {
  expect(countRecords('traces', bytes)).toEqual({ detail: expect.any(String), offset })
})

test('unknown fields of every wire type are passed over', () => {
  const unknown = Buffer.of(0x78, 0x01, 0x79, 1, 2, 3, 4, 5, 6, 7, 8, 0x7a, 0x01, 0xff, 0x7d, 1, 2, 3, 4)
  const group = Buffer.of(0x7b, 0x08, 0x01, 0x1b, 0x1c, 0x7c)
  const scope = Buffer.concat([unknown, Buffer.of(0x12, 0x00), group, Buffer.of(0x12, 0x00)])
  const resource = Buffer.concat([group, Buffer.of(0x12, scope.length), scope, unknown])
  const request = Buffer.concat([unknown, Buffer.of(0x0a, resource.length), resource, group])
  expect(countRecords('logs', request)).toBe(2)
})
