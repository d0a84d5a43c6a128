// Goal: what servers answer survives both encodings, and a hostile answer ends in a verdict. Method: round trips of
// random answers; the response against protobufjs; the status against bytes written by hand from google/rpc's definitions.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { decodeResponse, encodeResponse, responseFromJson, responseToJson } from '../../src/otlp/response.ts'
import { SIGNALS } from '../../src/otlp/signal.ts'
import { decodeStatus, encodeStatus, RPC_CODES, statusFromJson, statusToJson } from '../../src/otlp/status.ts'
import { referenceOfResponse } from '../support/otlp-reference.ts'

const statusArb = fc.record(
  {
    code: fc.integer({ min: 0, max: 16 }),
    message: fc.string({ maxLength: 200 }),
    retryDelayMs: fc.integer({ min: 0, max: 600_000 }),
    violations: fc.array(fc.record({ field: fc.string(), description: fc.string() }), {
      minLength: 1,
      maxLength: 3,
    }),
  },
  { requiredKeys: ['code', 'message'] },
)

test('a status comes back from protobuf and from JSON', () => {
  fc.assert(
    fc.property(statusArb, (status) => {
      expect(decodeStatus(encodeStatus(status))).toEqual(status)
      expect(statusFromJson(Buffer.from(statusToJson(status)))).toEqual(status)
    }),
    { numRuns: 200 },
  )
})

test('a status as other libraries write it', () => {
  const retryInfo = Buffer.from('0a04' + '0805' + '1000', 'hex')
  const type = Buffer.from('type.googleapis.com/google.rpc.RetryInfo')
  const any = Buffer.concat([
    Buffer.of(0x0a, type.length),
    type,
    Buffer.of(0x12, retryInfo.length),
    retryInfo,
  ])
  const expected = Buffer.concat([
    Buffer.of(0x08, 14, 0x12, 4),
    Buffer.from('busy'),
    Buffer.of(0x1a, any.length),
    any,
  ])
  const status = { code: RPC_CODES.unavailable, message: 'busy', retryDelayMs: 5000 }
  expect(Buffer.from(encodeStatus(status)).equals(expected)).toBe(true)
  expect(JSON.parse(statusToJson(status))).toEqual({
    code: 14,
    message: 'busy',
    details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '5s' }],
  })
  const unknownDetail = Buffer.concat([expected, Buffer.from('1a060a01781201ff', 'hex')])
  expect(decodeStatus(unknownDetail)).toEqual(status)
})

const partialArb = fc.option(fc.record({ rejected: fc.maxSafeNat(), message: fc.string({ maxLength: 300 }) }))

test.each([...SIGNALS])('%s: a response comes back, and is what the library makes', (signal) => {
  const reference = referenceOfResponse(signal)
  const name = { traces: 'rejectedSpans', metrics: 'rejectedDataPoints', logs: 'rejectedLogRecords' }[signal]
  fc.assert(
    fc.property(partialArb, (partial) => {
      const bytes = encodeResponse(partial)
      expect(decodeResponse(bytes)).toEqual({ partial })
      expect(responseFromJson(signal, Buffer.from(responseToJson(signal, partial)))).toEqual({ partial })
      expect(reference.decode(bytes)).toEqual({
        partialSuccess:
          partial === null ? null : { [name]: String(partial.rejected), errorMessage: partial.message },
      })
    }),
    { numRuns: 100 },
  )
})

test('full success is no bytes, or {}', () => {
  expect(encodeResponse(null).length).toBe(0)
  expect(responseToJson('logs', null)).toBe('{}')
})

test('garbage is null, whatever it is', () => {
  for (const garbage of ['<html>', '[]', 'null', '{"a":', '"x"']) {
    const bytes = Buffer.from(garbage)
    expect(statusFromJson(bytes)).toBeNull()
    expect(responseFromJson('logs', bytes)).toBeNull()
  }
  expect(decodeStatus(Buffer.of(0x12, 0xff))).toBeNull()
  expect(decodeResponse(Buffer.of(0x0a, 0x05, 0x00))).toBeNull()
  expect(statusFromJson(Buffer.from('{"code":"x","message":7,"details":[null,5]}'))).toEqual({
    code: 0,
    message: '',
  })
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      decodeStatus(bytes)
      decodeResponse(bytes)
    }),
  )
})
