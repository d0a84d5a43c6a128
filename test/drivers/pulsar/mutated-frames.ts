import { ClientError } from '../../../src/drivers/pulsar/client/errors.ts'
import { batchedBytes, writeBatched } from '../../../src/drivers/pulsar/client/wire/batch.ts'
import { readCommand } from '../../../src/drivers/pulsar/client/wire/broker-commands.ts'
import { sendCommand } from '../../../src/drivers/pulsar/client/wire/commands.ts'
import { compress } from '../../../src/drivers/pulsar/client/wire/compression.ts'
import { readEntry } from '../../../src/drivers/pulsar/client/wire/entry.ts'
import {
  completePayloadFrame,
  payloadFrameBytes,
  readFrame,
  simpleFrame,
} from '../../../src/drivers/pulsar/client/wire/frame.ts'
import { createFrameDecoder } from '../../../src/drivers/pulsar/client/wire/frame-decoder.ts'
import { COMPRESSION, writeMetadata } from '../../../src/drivers/pulsar/client/wire/metadata.ts'
import { ProtoWriter } from '../../../src/drivers/pulsar/client/wire/proto-writer.ts'

export const MAX_FRAME_BYTES = 65_536

/** A small generator with a seed (mulberry32), so that a finding can be had again. */
export function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

/** Text whose zlib stream is too large to be left to the runtime. */
function longText(): string {
  const random = seeded(1)
  return Array.from({ length: 50_000 }, () => String.fromCharCode(48 + random(64))).join('')
}

function delivery(codec: number, count: number, text = 'message'): Buffer {
  const inner = new ProtoWriter()
    .number(1, 3)
    .bytes(2, new ProtoWriter().number(1, 12).number(2, 5).number(3, -1).view())
    .number(3, 1)
    .number(4, -1)
  const command = Buffer.from(new ProtoWriter().number(1, 9).bytes(9, inner.view()).view())
  const parts: Buffer[] = []
  for (let i = 0; i < Math.max(1, count); i++) {
    const value = Buffer.from(`${text} ${i} of a batch of ${count}`)
    if (count === 0) {
      parts.push(value)
      break
    }
    const one = Buffer.alloc(batchedBytes(value.length, 2))
    writeBatched(one, 0, value, `k${i % 10}`)
    parts.push(one)
  }
  const plain = Buffer.concat(parts)
  const payload = compress(codec, plain)
  const metadata = new ProtoWriter()
  writeMetadata(metadata, {
    producerName: 'p',
    sequenceId: 1,
    highestSequenceId: count,
    publishTimeMs: 1_700_000_000_000,
    key: null,
    compression: codec,
    uncompressedBytes: plain.length,
    batchSize: count,
  })
  const head = payloadFrameBytes(command.length, metadata.at)
  const frame = Buffer.alloc(head + payload.length)
  payload.copy(frame, head)
  completePayloadFrame(frame, command, metadata.view())
  return frame
}

function answers(): Buffer[] {
  const text = (type: number, inner: ProtoWriter) =>
    simpleFrame(new ProtoWriter().number(1, type).bytes(type, inner.view()).view())
  return [
    text(3, new ProtoWriter().string(1, 'Pulsar 4').number(2, 19).number(3, 5_242_880)),
    text(
      7,
      new ProtoWriter()
        .number(1, 1)
        .number(2, 77)
        .bytes(3, Buffer.from([8, 1, 16, 2])),
    ),
    text(14, new ProtoWriter().number(1, 1).number(2, 6).string(3, 'not served by this instance')),
    text(17, new ProtoWriter().number(1, 1).string(2, 'standalone-0-1').number(3, -1).number(6, 1)),
    text(22, new ProtoWriter().number(1, 4).number(2, 1).number(3, 0)),
    text(24, new ProtoWriter().string(1, 'pulsar://127.0.0.1:6650').number(3, 1).number(4, 9)),
    text(15, new ProtoWriter().number(1, 1).number(2, -1)),
    simpleFrame(Buffer.from(sendCommand(1, 2, 3))),
  ]
}

/** Frames as a broker sends them, of every kind. */
export function validFrames(): Buffer[] {
  const deliveries = Object.values(COMPRESSION).flatMap((codec) => [
    delivery(codec, 0),
    delivery(codec, 1),
    delivery(codec, 40),
  ])
  return [...answers(), ...deliveries, delivery(COMPRESSION.zlib, 1, longText())]
}

const INTERESTING = [0, 1, 0x7f, 0x80, 0xfe, 0xff]

/** Changes some bytes, cuts, repeats or extends: often still a frame, rarely a right one. */
export function mutate(frame: Buffer, random: (below: number) => number): Buffer {
  let out = Buffer.from(frame)
  for (let changes = 1 + random(4); changes > 0; changes--) {
    const at = random(Math.max(1, out.length))
    const kind = random(6)
    if (kind <= 2 && out.length > 0)
      out[at] = kind === 0 ? random(256) : kind === 1 ? INTERESTING[random(6)]! : out[at]! ^ (1 << random(8))
    else if (kind === 3) out = Buffer.from(out.subarray(0, at))
    else if (kind === 4) out = Buffer.concat([out.subarray(0, at), out.subarray(random(at + 1))])
    else if (out.length >= at + 4) out.writeUInt32BE(random(2) === 0 ? random(2 ** 32) : random(300), at)
  }
  // Most of the time the outer size fits, so that the inner parts are reached.
  if (random(8) !== 0 && out.length >= 4) out.writeUInt32BE(out.length - 4, 0)
  return out.subarray(0, MAX_FRAME_BYTES)
}

export interface FuzzCounts {
  read: number
  refused: number
}

/**
 * Reads bytes as a connection and a consumer do; without checksums, so that damage reaches the inner parts. Anything
 * thrown but a `ClientError` is a finding and passes on.
 */
export function readAll(stream: Buffer, cutAt: number, counts: FuzzCounts): void {
  const decoder = createFrameDecoder(MAX_FRAME_BYTES, (buffer, start, end) => {
    const parts = readFrame(buffer, start, end)
    const command = readCommand(buffer, parts.commandStart, parts.commandEnd)
    if (command.type === 'message') {
      const entry = readEntry(buffer, parts.messageStart, end, false)
      if ('error' in entry) counts.refused++
      else if (
        entry.starts.some((from, i) => from > entry.ends[i]! || entry.ends[i]! > entry.buffer.length)
      ) {
        throw new Error('a view lies outside of its buffer')
      }
    }
    counts.read++
  })
  try {
    decoder.push(Buffer.from(stream.subarray(0, cutAt)))
    decoder.push(Buffer.from(stream.subarray(cutAt)))
  } catch (error) {
    if (!(error instanceof ClientError)) throw error
    counts.refused++
  }
}
