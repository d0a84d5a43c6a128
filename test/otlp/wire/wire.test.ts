// Goal: varints, tags and lengths are read and written as protobuf lays down. Method: round trips over random numbers,
// and a table of what must be refused with the byte where it went wrong.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { isMalformed } from '../../../src/otlp/wire/malformed.ts'
import { cursor, readLength, readTag, skipField, skipVarint } from '../../../src/otlp/wire/read.ts'
import { MESSAGES, message } from '../../../src/otlp/wire/schema.ts'
import { varintSize, writeVarint } from '../../../src/otlp/wire/varint.ts'

function offsetOf(read: () => unknown): number | string {
  try {
    return `read ${read()}`
  } catch (thrown) {
    if (isMalformed(thrown)) return thrown.offset
    throw thrown
  }
}

test('a number comes back from its varint', () => {
  fc.assert(
    fc.property(fc.integer({ min: 8, max: 0x7fffffff }), (value) => {
      const bytes = new Uint8Array(12)
      const end = writeVarint(bytes, 2, value)
      expect(end - 2).toBe(varintSize(value))
      expect(skipVarint(bytes, 2, end)).toBe(end)
      expect(readTag(bytes, 2, end)).toBe(value)
      expect(cursor).toBe(end)
    }),
  )
})

test('lengths with leading zeros are read, those beyond the end are not', () => {
  const bytes = Uint8Array.of(0x83, 0x80, 0x00, 1, 2, 3)
  expect(readLength(bytes, 0, 6)).toBe(3)
  expect(cursor).toBe(3)
  expect(offsetOf(() => readLength(bytes, 0, 5))).toBe(0)
  expect(offsetOf(() => readLength(Uint8Array.of(255, 255, 255, 255, 7), 0, 5))).toBe(0)
})

test('every wire type is skipped, groups are refused', () => {
  const bytes = Uint8Array.of(0x96, 0x01, 2, 3, 4, 5, 6, 7)
  expect(skipField(bytes, 8, 0, 8)).toBe(2)
  expect(skipField(bytes, 9, 0, 8)).toBe(8)
  expect(skipField(bytes, 13, 0, 8)).toBe(4)
  expect(skipField(bytes, 10, 2, 8)).toBe(5)
  expect(offsetOf(() => skipField(bytes, 9, 1, 8))).toBe(1)
  for (const wire of [3, 4, 6, 7]) expect(offsetOf(() => skipField(bytes, 8 + wire, 0, 8))).toBe(0)
  expect(offsetOf(() => skipVarint(new Uint8Array(12).fill(0x80), 1, 12))).toBe(1)
  expect(offsetOf(() => readTag(Uint8Array.of(5), 0, 1))).toBe(0)
})

test('every message that a field names is in the table, and no number comes twice', () => {
  for (const [name, fields] of MESSAGES) {
    expect([name, new Set(fields.map((field) => field.number)).size]).toEqual([name, fields.length])
    for (const field of fields)
      if (field.message !== null) expect(message(field.message).length).toBeGreaterThan(0)
  }
})
