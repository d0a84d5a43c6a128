// Goal: what is encoded as a record batch is read back the same, and the client library reads it the same too.
// Method: random values and keys, every codec, through our writer, our reader and the library's reader.

import { expect, test } from 'bun:test'
import {
  compressionsAlgorithms,
  compressionsAlgorithmsByBitmask,
  crc32c,
  murmur2,
  Reader,
  readRecordsBatches,
} from '@platformatic/kafka'
import fc from 'fast-check'
import { createKeyPartitioner, murmur2 as ours } from '../../../src/drivers/kafka/key-partitioner.ts'
import { encodeRecordBatch } from '../../../src/drivers/kafka/wire/record-batch.ts'
import { scanRecords } from '../../../src/drivers/kafka/wire/record-scan.ts'

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
const decompress = (codec: number, bytes: Buffer) =>
  compressionsAlgorithmsByBitmask[codec]!.decompressSync(bytes)
const bytes = fc.uint8Array({ maxLength: 300 }).map((value) => Buffer.from(value))

test('a record batch is read back as it was written, by us and by the library', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(bytes, bytes), { minLength: 1, maxLength: 200 }),
      fc.constantFrom(...CODECS),
      fc.boolean(),
      (pairs, name, keyed) => {
        const algorithm = compressionsAlgorithms[name]
        const values = pairs.map(([value]) => value)
        const keys = keyed ? pairs.map(([, key]) => key) : null
        const batch = encodeRecordBatch(values, keys, {
          timestampMs: 1_790_000_000_123,
          producerId: 7n,
          producerEpoch: 1,
          baseSequence: 3,
          codec: algorithm.bitmask,
          compress: name === 'none' ? null : (records) => algorithm.compressSync(records),
          crc32c,
        })
        const read: Buffer[] = []
        const next = scanRecords(batch, 0, decompress, (run) => {
          for (let i = 0; i < run.count; i++) read.push(run.buffer.subarray(run.starts[i], run.ends[i]))
        })
        expect(next).toBe(values.length)
        expect(Buffer.concat(read).equals(Buffer.concat(values))).toBe(true)
        expect(read.map(({ length }) => length)).toEqual(values.map(({ length }) => length))
        const [theirs] = readRecordsBatches(Reader.from(batch))
        expect(theirs!.records.map(({ value }) => value?.length ?? 0)).toEqual(
          values.map(({ length }) => length),
        )
        expect(theirs!.crc).toBe(crc32c(batch.subarray(21)))
        expect(theirs!.producerId).toBe(7n)
      },
    ),
    { numRuns: 60 },
  )
})

test('records before the wanted offset and a batch cut off at the end are left out', () => {
  const header = {
    timestampMs: 1,
    producerId: -1n,
    producerEpoch: -1,
    baseSequence: -1,
    codec: 0,
    compress: null,
    crc32c,
  }
  const first = encodeRecordBatch(
    [0, 1, 2].map((i) => Buffer.from([i])),
    null,
    header,
  )
  const second = encodeRecordBatch(
    [3, 4].map((i) => Buffer.from([i])),
    null,
    header,
  )
  second.writeInt32BE(3, 4)
  const log = Buffer.concat([first, second])
  const read = (from: number, upTo: number) => {
    const found: number[] = []
    const next = scanRecords(log.subarray(0, upTo), from, decompress, (run) => {
      for (let i = 0; i < run.count; i++) found.push(run.buffer[run.starts[i]!]!)
    })
    return [found, next]
  }
  expect(read(2, log.length)).toEqual([[2, 3, 4], 5])
  expect(read(0, log.length - 1)).toEqual([[0, 1, 2], 3])
})

test('keys go where every Kafka client sends them', () => {
  const partitioner = createKeyPartitioner(16)
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (key) => {
      expect(ours(Buffer.from(key))).toBe(murmur2(Buffer.from(key)))
      expect(partitioner.partitionOf(key)).toBe((murmur2(Buffer.from(key)) & 0x7fffffff) % 16)
    }),
  )
})
