// Goal: an envelope comes back as written, and no damaged or foreign message passes for an intact one.
// Method: properties over fields and bodies; every single bit of a message flipped; random damage.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import {
  bodyChecksum,
  ENVELOPE_BYTES,
  newEnvelope,
  readEnvelope,
  writeEnvelope,
} from '../../src/engine/envelope.ts'

const RUN = 0xfedcba98

function message(body: Uint8Array, fields = { sequence: 7, streamSequence: 3, scheduledUs: 12_345 }) {
  const bytes = new Uint8Array(body.length + ENVELOPE_BYTES)
  bytes.set(body)
  const { sequence, streamSequence, scheduledUs } = fields
  writeEnvelope(
    bytes,
    body.length,
    bodyChecksum(body),
    RUN,
    1,
    11,
    9999,
    sequence,
    streamSequence,
    scheduledUs,
  )
  return bytes
}

test('an envelope takes at most 64 bytes', () => {
  expect(ENVELOPE_BYTES).toBeLessThanOrEqual(64)
})

describe('readEnvelope', () => {
  test('gives back what was written, at any offset in a larger buffer', () => {
    const big = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.record({ sequence: big, streamSequence: big, scheduledUs: big }),
        fc.nat({ max: 9 }),
        (body, fields, offset) => {
          const bytes = message(body, fields)
          const larger = new Uint8Array(bytes.length + 20).fill(0xaa)
          larger.set(bytes, offset)
          const into = newEnvelope()
          expect(readEnvelope(larger.subarray(offset, offset + bytes.length), RUN, into)).toBe('ok')
          expect(into).toEqual({ phase: 1, producer: 11, stream: 9999, ...fields })
        },
      ),
    )
  })

  test('finds every flipped bit', () => {
    const bytes = message(crypto.getRandomValues(new Uint8Array(300)))
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      bytes[bit >>> 3]! ^= 1 << (bit & 7)
      expect(readEnvelope(bytes, RUN, newEnvelope())).toBe('corrupted')
      bytes[bit >>> 3]! ^= 1 << (bit & 7)
    }
    expect(readEnvelope(bytes, RUN, newEnvelope())).toBe('ok')
  })

  test('finds bodies that were swapped, cut or lengthened', () => {
    const bytes = message(new Uint8Array(100).fill(1))
    const other = message(new Uint8Array(100).fill(2))
    const swapped = bytes.slice()
    swapped.set(other.subarray(0, 100))
    const longer = new Uint8Array([...bytes, 0])
    const shifted = new Uint8Array([0, ...bytes])
    for (const damaged of [swapped, bytes.subarray(1), bytes.subarray(0, 147), longer, shifted]) {
      expect(readEnvelope(damaged, RUN, newEnvelope())).toBe('corrupted')
    }
  })

  test('anything else is corrupted and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(readEnvelope(bytes, RUN, newEnvelope())).toBe('corrupted')
      }),
    )
  })

  test('a message of another run is foreign', () => {
    expect(readEnvelope(message(new Uint8Array(10)), RUN + 1, newEnvelope())).toBe('foreign')
  })
})
