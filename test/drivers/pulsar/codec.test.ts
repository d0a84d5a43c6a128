// Goal: what is written is what the protocol's known bytes are, and is read back the same.
// Method: vectors taken from a real broker's traffic; properties with random values; known sums and blocks.
import { expect, test } from 'bun:test'
import { constants, deflateSync } from 'node:zlib'
import fc from 'fast-check'
import {
  addToBatch,
  bytesInBatch,
  openBatch,
  sealBatch,
} from '../../../src/drivers/pulsar/client/producer-batch.ts'
import { batchedBytes, readBatch, writeBatched } from '../../../src/drivers/pulsar/client/wire/batch.ts'
import { type Answer, readCommand } from '../../../src/drivers/pulsar/client/wire/broker-commands.ts'
import {
  ackFrame,
  connectFrame,
  flowFrame,
  sendCommand,
} from '../../../src/drivers/pulsar/client/wire/commands.ts'
import { compress, decompress } from '../../../src/drivers/pulsar/client/wire/compression.ts'
import { crc32c } from '../../../src/drivers/pulsar/client/wire/crc32c.ts'
import { readDetails } from '../../../src/drivers/pulsar/client/wire/details.ts'
import { readEntry } from '../../../src/drivers/pulsar/client/wire/entry.ts'
import {
  completePayloadFrame,
  payloadFrameBytes,
  readFrame,
  readMessage,
} from '../../../src/drivers/pulsar/client/wire/frame.ts'
import { createFrameDecoder } from '../../../src/drivers/pulsar/client/wire/frame-decoder.ts'
import { lz4Decompress } from '../../../src/drivers/pulsar/client/wire/lz4-block.ts'
import { COMPRESSION, readMetadata, writeMetadata } from '../../../src/drivers/pulsar/client/wire/metadata.ts'
import { ProtoReader } from '../../../src/drivers/pulsar/client/wire/proto-reader.ts'
import {
  ProtoWriter,
  varintBytes,
  writeVarint,
} from '../../../src/drivers/pulsar/client/wire/proto-writer.ts'
import { snappyDecompress } from '../../../src/drivers/pulsar/client/wire/snappy-block.ts'

const SEND_VECTOR =
  '000000520000000c0806320808021000180230010e014b2c9f540000001e0a0e7374616e64616c6f6e652d302d3510001880d095ffbc315802c001010' +
  '0000002180568656c6c6f0000000512016b180670756c736172'
const bytes = fc.uint8Array({ maxLength: 400 }).map((value) => Buffer.from(value))

test('known frames: CONNECT, FLOW and SEND of a batch', () => {
  expect(flowFrame(1, 100).toString('hex')).toBe('0000000c00000008080b5a0408011064')
  expect(connectFrame('bench', null).toString('hex')).toBe('000000110000000d080212090a0562656e63682013')
  const command = Buffer.from(sendCommand(2, 0, 2))
  const metadata = new ProtoWriter()
  writeMetadata(metadata, {
    producerName: 'standalone-0-5',
    sequenceId: 0,
    highestSequenceId: 1,
    publishTimeMs: 1_700_000_000_000,
    key: null,
    compression: COMPRESSION.none,
    uncompressedBytes: 0,
    batchSize: 2,
  })
  const head = payloadFrameBytes(command.length, metadata.at)
  const frame = Buffer.alloc(head + batchedBytes(5, -1) + batchedBytes(6, 1))
  const middle = writeBatched(frame, head, Buffer.from('hello'), null)
  expect(writeBatched(frame, middle, Buffer.from('pulsar'), 'k')).toBe(frame.length)
  completePayloadFrame(frame, command, metadata.view())
  expect(frame.toString('hex')).toBe(SEND_VECTOR)
})

test('the known SEND frame is read: checksum, metadata, both messages and the key', () => {
  const frame = Buffer.from(SEND_VECTOR, 'hex')
  const parts = readFrame(frame, 4, frame.length)
  const message = readMessage(frame, parts.messageStart, frame.length, true)
  expect(message.intact).toBe(true)
  const metadata = readMetadata(frame, message.metadataStart, message.metadataEnd)
  expect(metadata.publishTimeMs).toBe(1_700_000_000_000)
  const views = readBatch(frame, message.metadataEnd, frame.length, metadata.batchSize)
  const texts = views.starts.map((start, i) => frame.toString('utf8', start, views.ends[i]))
  expect(texts).toEqual(['hello', 'pulsar'])
  expect(views.keys?.map((key) => key?.toString() ?? null)).toEqual([null, 'k'])
  for (let i = parts.messageStart + 6; i < frame.length; i++) {
    const damaged = Buffer.from(frame)
    damaged[i]! ^= 1
    let intact = false
    try {
      intact = readMessage(damaged, parts.messageStart, frame.length, true).intact
    } catch {
      // Its sizes do not fit any more: found out too.
    }
    expect(intact).toBe(false)
  }
})

test('metadata of the broker before a message is skipped', () => {
  const frame = Buffer.from(SEND_VECTOR, 'hex')
  const message = frame.subarray(readFrame(frame, 4, frame.length).messageStart)
  const extra = Buffer.from('0e0200000003010203', 'hex')
  const whole = Buffer.concat([extra, message])
  const parts = readMessage(whole, 0, whole.length, true)
  expect(parts.intact).toBe(true)
  expect(parts.metadataStart).toBe(extra.length + 10)
})

test('crc32c has the known sum, and slices change nothing', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
  const bitwise = (data: Uint8Array) => {
    let sum = 0xffffffff
    for (const byte of data) {
      sum ^= byte
      for (let i = 0; i < 8; i++) sum = sum & 1 ? (sum >>> 1) ^ 0x82f63b78 : sum >>> 1
    }
    return ~sum >>> 0
  }
  fc.assert(
    fc.property(bytes, fc.nat(20), (data, skip) => {
      const start = Math.min(skip, data.length)
      expect(crc32c(data, start)).toBe(bitwise(data.subarray(start)))
    }),
  )
  // Long enough to be folded, with every length of what the rounds leave; then more than is taken at once.
  const large = Buffer.alloc(300_000)
  for (let i = 0; i < large.length; i++) large[i] = (i * i * 7 + (i >> 8)) & 0xff
  for (let end = 5000; end < 5070; end++) expect(crc32c(large, 3, end)).toBe(bitwise(large.subarray(3, end)))
  for (const bytes of [131_072, 131_073, 136_087, 136_088, 262_143, 299_997]) {
    expect(crc32c(large, 1, 1 + bytes)).toBe(bitwise(large.subarray(1, 1 + bytes)))
  }
})

test('varints: whole numbers to 2^53, and −1 in ten bytes', () => {
  const roundTrip = (value: number) => {
    const out = Buffer.alloc(11)
    const end = writeVarint(out, 1, value)
    expect(end - 1).toBe(varintBytes(value))
    const tagged = Buffer.concat([Buffer.from([0x08]), out.subarray(1, end)])
    const reader = new ProtoReader(tagged, 0, tagged.length)
    expect(reader.next()).toBe(1)
    expect(reader.number()).toBe(value)
    expect(reader.next()).toBe(0)
  }
  fc.assert(fc.property(fc.maxSafeInteger(), roundTrip))
  fc.assert(fc.property(fc.maxSafeNat(), roundTrip))
  for (let bits = 0; bits <= 53; bits++) for (const off of [-1, 0]) roundTrip(2 ** bits + off)
  const minusOne = new ProtoWriter().number(1, -1).view()
  expect(minusOne.toString('hex')).toBe('08ffffffffffffffffff01')
  const reader = new ProtoReader(Buffer.from(minusOne), 0, minusOne.length)
  reader.next()
  expect(reader.bits64()).toBe(0xffff_ffff_ffff_ffffn)
})

test('ids of messages are echoed byte for byte', () => {
  fc.assert(
    fc.property(bytes, (id) => {
      const command = new ProtoWriter().number(1, 7).bytes(2, id).number(3, 2).view()
      const base = Buffer.from(new ProtoWriter().number(1, 9).bytes(9, command).view())
      const read = readCommand(base, 0, base.length)
      if (read.type !== 'message') throw new Error(`expected a message, got ${read.type}`)
      expect(read.messageId.equals(id)).toBe(true)
      expect([read.consumerId, read.redeliveryCount, read.ackSet]).toEqual([7, 2, null])
      expect(ackFrame(7, false, [read.messageId]).includes(id)).toBe(true)
    }),
  )
})

test('a set of what is acknowledged in a batch is read packed and unpacked', () => {
  const words = [0x5n, 0xffff_ffff_ffff_fffen]
  const unpacked = new ProtoWriter()
    .number(1, 1)
    .bytes(2, Buffer.from([1]))
    .number(4, 5)
    .number(4, -2)
    .view()
  const packedWords = Buffer.concat([Buffer.from([5]), Buffer.alloc(10)])
  writeVarint(packedWords, 1, -2)
  const packed = new ProtoWriter()
    .number(1, 1)
    .bytes(2, Buffer.from([1]))
    .bytes(4, packedWords)
    .view()
  for (const inner of [unpacked, packed]) {
    const base = Buffer.from(new ProtoWriter().number(1, 9).bytes(9, inner).view())
    expect(readCommand(base, 0, base.length)).toMatchObject({ type: 'message', ackSet: words })
  }
})

test('answers: granted, refused, redirected', () => {
  const answer = (type: number, inner: ProtoWriter) => {
    const base = Buffer.from(new ProtoWriter().number(1, type).bytes(type, inner.view()).view())
    return readCommand(base, 0, base.length) as Answer
  }
  expect(answer(13, new ProtoWriter().number(1, 4))).toMatchObject({ requestId: 4, error: null })
  expect(answer(14, new ProtoWriter().number(1, 4).number(2, 11).string(3, 'no'))).toMatchObject({
    requestId: 4,
    error: { code: 11, words: 'no' },
  })
  const ready = new ProtoWriter().number(1, 5).string(2, 'p-1').number(3, -1)
  expect(answer(17, ready)).toMatchObject({ producerName: 'p-1', lastSequenceId: -1, producerReady: true })
  expect(answer(17, ready.boolean(6, false))).toMatchObject({ producerReady: false })
  const lookup = new ProtoWriter().string(1, 'u').number(3, 0).number(4, 9).boolean(5, true)
  expect(answer(24, lookup)).toMatchObject({ redirect: true, authoritative: true, url: 'u', error: null })
  const failed = new ProtoWriter().number(3, 2).number(4, 9).number(6, 6).string(7, 'redo')
  expect(answer(24, failed)).toMatchObject({ redirect: false, error: { code: 6, words: 'redo' } })
  expect(answer(22, new ProtoWriter().number(1, 4).number(2, 1).number(3, 0))).toMatchObject({
    partitions: 4,
    error: null,
  })
})

test('batches are read back as they were written', () => {
  const message = fc.tuple(bytes, fc.option(fc.string({ maxLength: 30, unit: 'grapheme' })))
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 50 }), fc.nat(9), (messages, offset) => {
      const size = (value: Buffer, key: string | null) =>
        batchedBytes(value.length, key === null ? -1 : Buffer.byteLength(key))
      const total = messages.reduce((sum, [value, key]) => sum + size(value, key), 0)
      const out = Buffer.alloc(offset + total)
      let at = offset
      for (const [value, key] of messages) at = writeBatched(out, at, value, key)
      expect(at).toBe(out.length)
      const views = readBatch(out, offset, out.length, messages.length)
      messages.forEach(([value, key], i) => {
        expect(out.subarray(views.starts[i], views.ends[i]).equals(value)).toBe(true)
        expect(views.keys?.[i]?.toString() ?? null).toBe(key)
      })
      expect(() => readBatch(out, offset, out.length, messages.length + 1)).toThrow('expected')
    }),
  )
})

test('every codec gives back what it got, and refuses another size', () => {
  const word = fc.constantFrom('aaaaaaaaaaaaaaaa', 'abc', 'the quick brown fox', '\0\0\0\0', 'z')
  const texts = fc.array(word, { maxLength: 2000 }).map((words) => Buffer.from(words.join('')))
  const payload = fc.oneof(
    bytes,
    texts,
    fc.uint8Array({ minLength: 70_000, maxLength: 90_000 }).map(Buffer.from),
  )
  for (const codec of Object.values(COMPRESSION)) {
    fc.assert(
      fc.property(payload, (input) => {
        const packed = compress(codec, input)
        expect(decompress(codec, packed, input.length, 1_000_000).equals(input)).toBe(true)
        if (codec === COMPRESSION.none) return
        expect(() => decompress(codec, packed, input.length + 1, 1_000_000)).toThrow('expected')
        expect(() => decompress(codec, packed, 1_000_001, 1_000_000)).toThrow('expected at most')
      }),
      { numRuns: 60 },
    )
  }
}, 60_000)

test('LZ4 and Snappy blocks of other writers are read', () => {
  // Literal "ab", then a match of 8 at offset 2 that overlaps itself, then literals.
  expect(lz4Decompress(Buffer.from('24616202005068656c6c6f', 'hex'), 15).toString()).toBe(
    'ababababab' + 'hello',
  )
  // Literal "ab", then copies with offsets of one byte (kind 1), two (2) and four (3).
  const snappy = Buffer.from('0a046162' + '0102' + '060200' + '0702000000', 'hex')
  expect(snappyDecompress(snappy, 10).toString()).toBe('ababababab')
})

test('a batch has the size it says, with sequence ids of every length', () => {
  const form = {
    producerId: 1,
    producerName: 'p',
    compression: 'none',
    batching: true,
    byKey: false,
  } as const
  for (const first of [0, 100, 126, 16_380, 2 ** 35 - 2, Number.MAX_SAFE_INTEGER - 300]) {
    const batch = openBatch()
    const value = Buffer.from('v')
    for (let i = 0; i < 300; i++) addToBatch(batch, i, value, null, bytesInBatch(value, null))
    const { frame } = sealBatch(batch, form, first, 0, 1_700_000_000_000)
    const { messageStart } = readFrame(frame, 4, frame.length)
    const entry = readEntry(frame, messageStart, frame.length, true)
    if ('error' in entry) throw entry.error
    expect(entry.ends.at(-1)).toBe(frame.length)
    const ids = entry.starts.map((_, i) => readDetails(entry, i).sequenceId)
    expect(ids).toEqual(ids.map((_, i) => first + i))
  }
})

test('zlib streams that are flushed and never ended, as the Java client writes them, are read', () => {
  expect(decompress(COMPRESSION.zlib, Buffer.from('789c000000ffff', 'hex'), 0, 100).length).toBe(0)
  expect(decompress(COMPRESSION.zlib, Buffer.alloc(0), 0, 100).length).toBe(0)
  for (const size of [1, 1000, 40_000, 100_000]) {
    const plain = Buffer.from(Array.from({ length: size }, (_, i) => (i * i) % 251))
    const stream = deflateSync(plain, { finishFlush: constants.Z_SYNC_FLUSH })
    expect(decompress(COMPRESSION.zlib, stream, size, 1_000_000).equals(plain)).toBe(true)
    if (size < 1000) continue
    const cut = stream.subarray(0, Math.floor(stream.length / 2))
    expect(() => decompress(COMPRESSION.zlib, cut, size, 1_000_000)).toThrow('expected')
  }
})

test('a stream is cut into the same frames however it is chunked', () => {
  const frames = fc.array(fc.uint8Array({ minLength: 4, maxLength: 300 }), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }), (bodies, cuts) => {
      const stream = Buffer.concat(
        bodies.flatMap((body) => {
          const size = Buffer.alloc(4)
          size.writeUInt32BE(body.length)
          return [size, Buffer.from(body)]
        }),
      )
      const seen: string[] = []
      const decoder = createFrameDecoder(300, (buffer, start, end) =>
        seen.push(buffer.toString('hex', start, end)),
      )
      for (let at = 0, i = 0; at < stream.length; i++) {
        const end = Math.min(stream.length, at + cuts[i % cuts.length]!)
        decoder.push(Buffer.from(stream.subarray(at, end)))
        at = end
      }
      expect(seen).toEqual(bodies.map((body) => Buffer.from(body).toString('hex')))
    }),
  )
})

test('a frame over the limit is refused before anything is allocated', () => {
  const decoder = createFrameDecoder(1000, () => {})
  expect(() => decoder.push(Buffer.from('7fffffff00', 'hex'))).toThrow('expected a frame of 4 to 1000 bytes')
  const split = createFrameDecoder(1000, () => {})
  split.push(Buffer.from('7fff', 'hex'))
  expect(() => split.push(Buffer.from('ffff', 'hex'))).toThrow('got 2147483647')
})
