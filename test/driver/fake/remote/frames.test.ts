// Goal: the fake's protocol loses and mixes nothing, however the bytes are cut and whatever the socket takes at once.
// Method: property tests of writer and reader against each other, and of each codec against its inverse.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import {
  decodeDelivery,
  decodePublish,
  decodeSettled,
  encodeDelivery,
  encodePublish,
  encodeSettled,
} from '../../../../src/driver/fake/remote/codec.ts'
import { frameReader, frameWriter } from '../../../../src/driver/fake/remote/frames.ts'

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 })

test('frames survive any cut of the stream and any short write', async () => {
  const frame = fc.record({ type: fc.integer({ min: 1, max: 7 }), body: bytes })
  await fc.assert(
    fc.asyncProperty(
      fc.array(frame, { maxLength: 20 }),
      fc.integer({ min: 1, max: 700 }),
      async (frames, room) => {
        const received: { type: number; body: Buffer }[] = []
        const read = frameReader((type, body) => received.push({ type, body: Buffer.from(body) }))
        let taken = 0
        const writer = frameWriter({
          write(chunk) {
            const size = Math.min(room, chunk.length)
            const copy = Buffer.from(chunk.subarray(0, size))
            read(copy)
            copy.fill(0)
            taken += size
            return size
          },
        })
        for (const { type, body } of frames) writer.write(type, body)
        await Promise.resolve()
        for (let before = -1; before !== taken; ) {
          before = taken
          writer.drain()
        }
        expect(received).toEqual(frames)
      },
    ),
  )
})

test('a batch comes out as it went in', () => {
  fc.assert(
    fc.property(
      u32,
      fc.integer({ min: 0, max: 2 ** 50 }),
      fc.integer({ min: -1, max: 1000 }),
      fc.array(fc.tuple(fc.string({ unit: 'binary', maxLength: 20 }), bytes), {
        minLength: 1,
        maxLength: 20,
      }),
      fc.boolean(),
      (handle, firstSequence, partition, messages, keyed) => {
        const values = messages.map(([, value]) => value)
        const keys = keyed ? messages.map(([key]) => Buffer.from(key).toString()) : null
        const batch = { firstSequence, count: messages.length, partition, values, keys }
        expect(decodePublish(encodePublish(handle, batch))).toEqual({ handle, batch })
      },
    ),
  )
})

test('a settlement comes out as it went in', () => {
  for (const outcome of ['acknowledged', 'rejected', 'unknown'] as const) {
    for (const reason of [undefined, 'timeout', 'größer']) {
      const frame = { handle: 7, first: 2 ** 40, count: 12, outcome, reason }
      expect(decodeSettled(encodeSettled(frame))).toEqual(frame)
    }
  }
})

test('a delivery comes out as it went in', () => {
  const emission = fc.record({
    index: fc.constant(0),
    stream: fc.constant(0),
    receiver: fc.constant('any' as const),
    partition: fc.integer({ min: -1, max: 1000 }),
    redelivered: fc.boolean(),
    value: bytes,
  })
  fc.assert(
    fc.property(u32, u32, fc.array(emission, { maxLength: 20 }), (handle, id, emissions) => {
      const delivery = { id, emissions }
      expect(decodeDelivery(encodeDelivery(handle, delivery))).toEqual({ handle, delivery })
    }),
  )
})

test('nonsense is refused', () => {
  const read = frameReader(() => {})
  expect(() => read(Buffer.from([0xff, 0xff, 0xff, 0xff, 1]))).toThrow('expected a frame')
})
