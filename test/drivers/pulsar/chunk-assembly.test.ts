// Goal: parts of chunked messages become whole messages again, whatever comes between, and never take more than their
// bounds: what is incomplete, repeated, out of place or too large is reported and nothing is held for it.
// Method: parts as `readEntry` gives them, made by hand.
import { expect, test } from 'bun:test'
import { type ChunkAssembly, createChunkAssembly } from '../../../src/drivers/pulsar/client/chunk-assembly.ts'
import type { ChunkPart } from '../../../src/drivers/pulsar/client/wire/chunk.ts'
import { compress } from '../../../src/drivers/pulsar/client/wire/compression.ts'
import { type Entry, MAX_UNCOMPRESSED_BYTES } from '../../../src/drivers/pulsar/client/wire/entry.ts'
import { COMPRESSION } from '../../../src/drivers/pulsar/client/wire/metadata.ts'

function partOf(uuid: string, index: number, payload: Buffer, chunk: Partial<ChunkPart>): Entry {
  return {
    buffer: payload,
    starts: [0],
    ends: [payload.length],
    keys: [null],
    removed: null,
    frame: payload,
    metadataStart: 0,
    metadataEnd: 0,
    batchStart: -1,
    chunk: { uuid, index, count: 2, totalBytes: 10, compression: 0, uncompressedBytes: 10, ...chunk },
  }
}

/** The parts of one message, each of `bytes` bytes. */
function cut(uuid: string, packed: Buffer, bytes: number, chunk: Partial<ChunkPart> = {}): Entry[] {
  const count = Math.ceil(packed.length / bytes)
  const sizes = { count, totalBytes: packed.length, uncompressedBytes: packed.length, ...chunk }
  return Array.from({ length: count }, (_, i) =>
    partOf(uuid, i, packed.subarray(i * bytes, (i + 1) * bytes), sizes),
  )
}

const id = (number: number) => Buffer.from([number])
const textOf = ({ entry }: { entry: Entry }) => entry.buffer.toString('utf8', entry.starts[0], entry.ends[0])

function assembly(): { chunks: ChunkAssembly; abandoned: string[] } {
  const abandoned: string[] = []
  return { chunks: createChunkAssembly(({ message }) => abandoned.push(message)), abandoned }
}

test('messages whose parts come in turn are whole in the end, each with the ids of its parts', () => {
  const { chunks, abandoned } = assembly()
  const text = 'many words, many words, many words'
  const one = cut('one', Buffer.from(text), 10)
  const two = cut('two', compress(COMPRESSION.zlib, Buffer.from(text)), 8, {
    compression: COMPRESSION.zlib,
    uncompressedBytes: text.length,
  })
  expect([one.length, two.length]).toEqual([4, 3])
  const told = [one[0], two[0], one[1], two[1], one[2]].map((part, i) => chunks.add(id(i), part!))
  expect(told).toEqual([null, null, null, null, null])
  const [first, second] = [chunks.add(id(5), one[3]!)!, chunks.add(id(6), two[2]!)!]
  expect([textOf(first), textOf(second)]).toEqual([text, text])
  expect(first.earlierIds.map((one) => one[0])).toEqual([0, 2, 4])
  expect(second.earlierIds.map((one) => one[0])).toEqual([1, 3])
  expect(abandoned).toEqual([])
})

test('a part that comes twice counts once, and is acknowledged twice', () => {
  const { chunks } = assembly()
  const parts = cut('one', Buffer.from('0123456789'), 4)
  for (const [i, at] of [0, 1, 0, 1].entries()) expect(chunks.add(id(i), parts[at]!)).toBeNull()
  const whole = chunks.add(id(4), parts[2]!)!
  expect(textOf(whole)).toBe('0123456789')
  expect(whole.earlierIds.map((one) => one[0])).toEqual([0, 1, 2, 3])
})

test('a part without those before it, or beyond its total, is refused, and its message forgotten', () => {
  const { chunks } = assembly()
  const parts = cut('one', Buffer.from('0123456789'), 4)
  expect(() => chunks.add(id(0), parts[1]!)).toThrow('expected the first part')
  chunks.add(id(1), parts[0]!)
  expect(() => chunks.add(id(2), parts[2]!)).toThrow('expected part 1')
  expect(() => chunks.add(id(3), parts[1]!)).toThrow('expected the first part')
  chunks.add(id(4), parts[0]!)
  expect(() => chunks.add(id(5), partOf('one', 1, Buffer.alloc(7), { count: 3 }))).toThrow('of 10 bytes')
  chunks.add(id(6), parts[0]!)
  chunks.clear()
  expect(() => chunks.add(id(7), parts[1]!)).toThrow('expected the first part')
  const total = { totalBytes: MAX_UNCOMPRESSED_BYTES }
  expect(() => chunks.add(id(8), partOf('large', 0, Buffer.alloc(1), total))).toThrow('expected a chunked')
})

test('what is never finished makes room, the oldest first', () => {
  const { chunks, abandoned } = assembly()
  const message = (uuid: number) => cut(String(uuid), Buffer.from('0123456789'), 5)
  for (let i = 0; i < 1000; i++) expect(chunks.add(id(0), message(i)[0]!)).toBeNull()
  expect(abandoned.length).toBe(900)
  expect(() => chunks.add(id(1), message(899)[1]!)).toThrow('expected the first part')
  expect(textOf(chunks.add(id(1), message(900)[1]!)!)).toBe('0123456789')
})

test('bytes are bounded: of large messages, and of endless empty parts', () => {
  const { chunks, abandoned } = assembly()
  const payload = Buffer.alloc(8_388_608)
  const sizes = { totalBytes: 2 * payload.length, uncompressedBytes: 2 * payload.length }
  for (let i = 0; i < 20; i++) chunks.add(id(0), partOf(String(i), 0, payload, sizes))
  expect(abandoned.length).toBe(13)
  const endless = () => {
    for (let i = 0; i < 1_000_000; i++) {
      chunks.add(id(0), partOf('endless', i, Buffer.alloc(0), { count: 10_000_000 }))
    }
  }
  expect(endless).toThrow('expected a chunked message in fewer parts')
})
