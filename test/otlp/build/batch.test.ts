// Goal: the senders' fast path makes valid OTLP, and the sink's reader gets every message back from it, also after
// others have rewritten the request. Method: batches against the protobufjs reference; the reader against requests of
// our own encoder with values of all types, duplicate keys and members in any order.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createBatchEncoder } from '../../../src/otlp/build/batch.ts'
import { buildRequest } from '../../../src/otlp/build/request.ts'
import { anyValue } from '../../../src/otlp/build/values.ts'
import { countRecords } from '../../../src/otlp/count.ts'
import type { KeyValue, LogRecord, Requests } from '../../../src/otlp/description.ts'
import { createRecordReader } from '../../../src/otlp/records.ts'
import { randomRequest } from '../../support/otlp-random.ts'
import { referenceOf } from '../../support/otlp-reference.ts'

const TEMPLATE = {
  resource: { 'service.name': 'bench', 'host.cores': 2 },
  scopeName: 'bench',
  attributes: { tenant_id: 'tenant-0001', 'bench.topic': 'orders' },
  messageAttribute: 'bench.message',
  keyAttribute: 'bench.key',
}

const messageArb = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.constant(new Uint8Array(20_000).fill(7)),
  fc.constant(new Uint8Array(0)),
)

describe.each(['logs', 'traces'] as const)('%s', (signal) => {
  const encoder = createBatchEncoder(signal, TEMPLATE)
  const reader = createRecordReader({
    signal,
    messageAttribute: signal === 'logs' ? null : TEMPLATE.messageAttribute,
    attributes: ['tenant_id', 'bench.topic', 'bench.key', 'absent'],
  })
  const reference = referenceOf(signal)

  test('a batch is what the library reads, and the reader gives every message back', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(messageArb, fc.string()), { minLength: 1, maxLength: 20 }),
        fc.boolean(),
        (items, isKeyed) => {
          const messages = items.map(([message]) => message)
          const keys = isKeyed ? items.map(([, key]) => key.toWellFormed()) : null
          const request = encoder.encode(messages, 0, messages.length, 1_700_000_000_123_456_789n, keys)
          expect(countRecords(signal, request)).toBe(messages.length)

          const decoded = JSON.stringify(reference.decode(request))
          expect(decoded).toContain('"1700000000123456789"')
          expect(decoded.split('"tenant-0001"').length - 1).toBe(messages.length)
          // Nothing that the library does not know: its own encoding has the same size.
          expect(reference.rewrite(request).length).toBe(request.length)

          const seen: Uint8Array[] = []
          expect(
            reader.read(request, (record) => {
              expect(record.text(0)).toBe('tenant-0001')
              expect(record.text(1)).toBe('orders')
              expect(record.text(2)).toBe(keys === null ? null : keys[seen.length]!)
              expect(record.attribute(3)).toBeNull()
              seen.push(record.message()!.slice())
            }),
          ).toBeNull()
          expect(seen).toEqual(messages)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('a part of the messages', () => {
    const messages = [1, 2, 3, 4].map((value) => Uint8Array.of(value))
    const request = encoder.encode(messages, 1, 2, 1n, null)
    const seen: number[] = []
    reader.read(request, (record) => seen.push(record.message()![0]!))
    expect(seen).toEqual([2, 3])
  })

  test('cut and changed requests end in a verdict', () => {
    const request = encoder.encode([Uint8Array.of(1, 2, 3), Uint8Array.of(4)], 0, 2, 1n, ['a', 'b'])
    for (let length = 1; length < request.length; length++) {
      expect(reader.read(request.subarray(0, length), () => {})).not.toBeNull()
    }
    fc.assert(
      fc.property(fc.integer(), fc.nat(), fc.nat(255), (seed, at, byte) => {
        const bytes = buildRequest(signal, randomRequest(signal, seed) as Requests[typeof signal])
        if (bytes.length > 0) bytes[at % bytes.length] = byte
        reader.read(bytes, (record) => record.message()?.at(-1))
      }),
      { numRuns: 200 },
    )
  })
})

test('spans have ids that are never zero and differ', () => {
  const encoder = createBatchEncoder('traces', TEMPLATE)
  const messages = Array.from({ length: 50 }, () => Uint8Array.of(1))
  const ids = new Set<string>()
  for (let round = 0; round < 2; round++) {
    const decoded = referenceOf('traces').decode(encoder.encode(messages, 0, 50, 1n, null)) as {
      resourceSpans: { scopeSpans: { spans: { traceId: string; spanId: string }[] }[] }[]
    }
    for (const span of decoded.resourceSpans[0]!.scopeSpans[0]!.spans) {
      ids.add(span.traceId)
      ids.add(span.spanId)
      expect(Buffer.from(span.traceId, 'base64').length).toBe(16)
      expect(Buffer.from(span.spanId, 'base64').length).toBe(8)
      expect(Buffer.from(span.traceId, 'base64').some((byte) => byte !== 0)).toBe(true)
    }
  }
  expect(ids.size).toBe(200)
})

describe('what the reader makes of a record', () => {
  const reader = createRecordReader({ signal: 'logs', messageAttribute: null, attributes: ['a', 'b'] })
  function read(...logRecords: LogRecord[]): (string | null)[][] {
    const rows: (string | null)[][] = []
    const request = buildRequest('logs', { resourceLogs: [{ scopeLogs: [{ logRecords }] }] })
    const fault = reader.read(request, (record) => {
      const message = record.message()
      rows.push([message === null ? null : Buffer.from(message).toString(), record.text(0), record.text(1)])
    })
    expect(fault).toBeNull()
    return rows
  }
  const attribute = (key: string, value: Parameters<typeof anyValue>[0]): KeyValue => ({
    key,
    value: anyValue(value),
  })

  test('strings and bytes are content, other types are not', () => {
    expect(
      read(
        { body: anyValue('text'), attributes: [attribute('a', 1), attribute('b', Buffer.from('bytes'))] },
        { body: anyValue(5), attributes: [attribute('a', ['x']), attribute('b', '')] },
        {},
        { body: {}, attributes: [{ key: 'a' }, { key: 'b', value: {} }] },
      ),
    ).toEqual([
      ['text', null, 'bytes'],
      [null, null, ''],
      [null, null, null],
      [null, null, null],
    ])
  })

  test('of duplicate keys the first', () => {
    expect(
      read({ attributes: [attribute('a', 'one'), attribute('ab', 'no'), attribute('a', 'two')] }),
    ).toEqual([[null, 'one', null]])
  })

  test('a value in front of its key, and two members of the oneof', () => {
    // KeyValue { value { string "x", int 1, string "y" }, key "a" }
    const keyValue = Buffer.from('120a' + '0a0178' + '1801' + '0a0179' + '4000' + '0a0161', 'hex')
    const record = Buffer.concat([Buffer.of(0x32, keyValue.length), keyValue])
    const scope = Buffer.concat([Buffer.of(0x12, record.length), record])
    const resource = Buffer.concat([Buffer.of(0x12, scope.length), scope])
    const request = Buffer.concat([Buffer.of(0x0a, resource.length), resource])
    const seen: (string | null)[] = []
    expect(reader.read(request, (view) => seen.push(view.text(0)))).toBeNull()
    expect(seen).toEqual(['y'])
  })
})
