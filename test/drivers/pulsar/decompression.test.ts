// Goal: compressed payloads of any writer are read, and what is cut, changed or of another size than announced fails as
// the client's own error, without allocating more than announced and without keeping memory.
// Method: the runtime's own zlib and Zstandard write at every level and strategy; each stream is then damaged with a
// seed, and our reader must agree with the runtime's about every one.
import { expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { constants, deflateSync, inflateSync, zstdCompressSync } from 'node:zlib'
import { ClientError } from '../../../src/drivers/pulsar/client/errors.ts'
import { decompress } from '../../../src/drivers/pulsar/client/wire/compression.ts'
import { inflate } from '../../../src/drivers/pulsar/client/wire/inflate.ts'
import { COMPRESSION } from '../../../src/drivers/pulsar/client/wire/metadata.ts'
import { seeded } from './mutated-frames.ts'

const STRATEGIES = [
  constants.Z_DEFAULT_STRATEGY,
  constants.Z_FILTERED,
  constants.Z_HUFFMAN_ONLY,
  constants.Z_RLE,
  constants.Z_FIXED,
]
const LEVELS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
const LIMIT_BYTES = 1_000_000
const LIMIT_MS = 60_000

type Random = (below: number) => number

/** Bytes of an alphabet of some size: what they compress to ranges from stored blocks to a few codes. */
function payload(random: Random, bytes: number): Buffer {
  const letters = 1 + random([2, 5, 40, 256][random(4)]!)
  const out = Buffer.allocUnsafe(bytes)
  for (let at = 0; at < bytes; at++) {
    // Now and then a piece of what was before.
    const isRepeat = at > 300 && random(20) === 0
    if (!isRepeat) out[at] = random(letters)
    else at += out.copy(out, at, random(at - 260), at) % 256
  }
  return out
}

function damage(stream: Buffer, random: Random): Buffer {
  const kind = random(4)
  if (kind === 0) return stream.subarray(0, random(stream.length))
  if (kind === 1) return Buffer.concat([stream, Buffer.alloc(1 + random(5), random(256))])
  const out = Buffer.from(stream)
  const reach = kind === 2 ? Math.min(out.length, 40) : out.length
  for (let changes = 1 + random(3); changes > 0; changes--) out[random(reach)]! ^= 1 << random(8)
  return out
}

function outcome(read: () => Buffer): string {
  try {
    return read().toString('hex')
  } catch (error) {
    if (error instanceof ClientError && error.kind === 'protocol error') return 'refused'
    throw error
  }
}

test(
  'zlib streams of every level and strategy are read',
  () => {
    const random = seeded(11)
    for (const bytes of [0, 1, 50, 1000, 20_000, 150_000]) {
      for (const strategy of STRATEGIES) {
        for (const level of LEVELS) {
          const plain = payload(random, bytes)
          const stream = deflateSync(plain, { level, strategy, memLevel: 1 + random(9) })
          expect(inflate(stream, bytes).equals(plain)).toBe(true)
          expect(decompress(COMPRESSION.zlib, stream, bytes, LIMIT_BYTES).equals(plain)).toBe(true)
        }
      }
    }
  },
  LIMIT_MS,
)

test(
  'large zlib streams are read',
  () => {
    const random = seeded(12)
    for (const plain of [randomBytes(LIMIT_BYTES), payload(random, LIMIT_BYTES), Buffer.alloc(LIMIT_BYTES)]) {
      const stream = deflateSync(plain)
      expect(decompress(COMPRESSION.zlib, stream, plain.length, LIMIT_BYTES).equals(plain)).toBe(true)
      expect(() => decompress(COMPRESSION.zlib, stream, plain.length - 1, LIMIT_BYTES)).toThrow('expected')
    }
  },
  LIMIT_MS,
)

test(
  'damaged zlib streams are read or refused as the runtime does',
  () => {
    const random = seeded(13)
    const counts = { read: 0, refused: 0 }
    for (let i = 0; i < 8000; i++) {
      const plain = payload(random, random(700))
      const level = random(10)
      const strategy = STRATEGIES[random(5)]!
      const stream = damage(deflateSync(plain, { level, strategy, memLevel: 1 + random(9) }), random)
      // No bytes at all are an empty payload of the protocol's Java client.
      if (stream.length === 0) continue
      const native = outcome(() => {
        try {
          return inflateSync(stream, { maxOutputLength: LIMIT_BYTES })
        } catch {
          throw new ClientError('protocol error', 'the runtime refuses it')
        }
      })
      const bytes = native === 'refused' ? plain.length : native.length / 2
      counts[native === 'refused' ? 'refused' : 'read']++
      expect(outcome(() => inflate(stream, bytes))).toBe(native)
      expect(outcome(() => decompress(COMPRESSION.zlib, stream, bytes, LIMIT_BYTES))).toBe(native)
      // One byte less than there is: nothing may be written behind it.
      if (native !== 'refused' && bytes > 0) expect(outcome(() => inflate(stream, bytes - 1))).toBe('refused')
    }
    expect(counts.read).toBeGreaterThan(1000)
    expect(counts.refused).toBeGreaterThan(1000)
  },
  LIMIT_MS,
)

const zstdLevels = [1, 3, 9, 19]

test(
  'Zstandard frames with and without their size are read; damaged ones are refused',
  () => {
    const random = seeded(14)
    const counts = { read: 0, refused: 0 }
    for (let i = 0; i < 1500; i++) {
      const plain = payload(random, random(i % 50 === 0 ? 300_000 : 700))
      const params = {
        [constants.ZSTD_c_compressionLevel]: zstdLevels[random(4)]!,
        [constants.ZSTD_c_checksumFlag]: 1,
        [constants.ZSTD_c_contentSizeFlag]: random(2),
      }
      const frame = zstdCompressSync(plain, { params })
      const read = (bytes: Buffer, size: number) =>
        outcome(() => decompress(COMPRESSION.zstd, bytes, size, LIMIT_BYTES))
      expect(read(frame, plain.length)).toBe(plain.toString('hex'))
      expect(read(frame, plain.length + 1)).toBe('refused')
      const got = read(damage(frame, random), plain.length)
      counts[got === 'refused' ? 'refused' : 'read']++
      if (got !== 'refused') expect(got).toBe(plain.toString('hex'))
    }
    expect(counts.refused).toBeGreaterThan(1000)
  },
  LIMIT_MS,
)

test('two Zstandard frames are not one payload', () => {
  const frame = zstdCompressSync(Buffer.from('hello'))
  const twice = Buffer.concat([frame, frame])
  expect(() => decompress(COMPRESSION.zstd, twice, 5, LIMIT_BYTES)).toThrow('Zstandard')
  expect(() => decompress(COMPRESSION.zstd, twice, 10, LIMIT_BYTES)).toThrow('Zstandard')
})

test(
  'payloads that fail leave nothing behind',
  () => {
    const words = payload(seeded(15), 2000)
    const flipLast = (stream: Buffer) => {
      stream[stream.length - 1]! ^= 0xff
      return stream
    }
    const params = { [constants.ZSTD_c_checksumFlag]: 1 }
    const failing: [number, Buffer][] = [
      [COMPRESSION.zlib, flipLast(deflateSync(words))],
      [COMPRESSION.zlib, deflateSync(words).subarray(0, 100)],
      [COMPRESSION.zstd, flipLast(zstdCompressSync(words, { params }))],
    ]
    const rounds = (count: number) => {
      for (let i = 0; i < count; i++) {
        for (const [codec, stream] of failing) {
          expect(outcome(() => decompress(codec, stream, words.length, LIMIT_BYTES))).toBe('refused')
        }
      }
      Bun.gc(true)
      return process.memoryUsage().rss
    }
    rounds(2000)
    const before = rounds(2000)
    const cases = 10_000
    // The runtime's leak was 6.7 KB a failure.
    expect(rounds(cases) - before).toBeLessThan(cases * failing.length * 1000)
  },
  LIMIT_MS,
)
