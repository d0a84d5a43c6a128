// Goal: frames that we write are well formed, and what we read from the socket is complete and in order.
// Method: the reader gets random messages cut at random places; what the writer made is taken apart frame by frame.
// (That a broker understands it is shown by the tests on real ones.)
import { expect, test } from 'bun:test'
import { Duplex } from 'node:stream'
import fc from 'fast-check'
import type { AmqpConnection } from '../../../src/drivers/rabbitmq/amqp-internals.ts'
import { type ChannelSink, readFrames } from '../../../src/drivers/rabbitmq/frame-reader.ts'
import {
  ACK_FRAME_BYTES,
  publishBytes,
  publishTemplate,
  writeAck,
  writePublish,
} from '../../../src/drivers/rabbitmq/frame-writer.ts'

const FRAME_MAX = 64

function frame(type: number, channel: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(7)
  head.writeUInt8(type, 0)
  head.writeUInt16BE(channel, 1)
  head.writeUInt32BE(payload.length, 3)
  return Buffer.concat([head, payload, Buffer.from([0xce])])
}

/** A delivery as a broker writes it (AMQP 0-9-1, basic.deliver). */
function deliver(
  channel: number,
  consumerTag: string,
  tag: number,
  redelivered: boolean,
  body: Buffer,
): Buffer {
  const method = Buffer.concat([
    Buffer.from([0, 60, 0, 60, consumerTag.length]),
    Buffer.from(consumerTag),
    Buffer.from([0, 0, 0, 0, 0, 0, tag >> 8, tag & 255, redelivered ? 1 : 0, 1, 120, 1, 48]),
  ])
  const header = Buffer.alloc(15)
  header.writeUInt16BE(60, 0)
  header.writeUInt32BE(body.length, 8)
  header.writeUInt16BE(0x1000, 12)
  header.writeUInt8(2, 14)
  const parts = [frame(1, channel, method), frame(2, channel, header)]
  for (let at = 0; at < body.length; at += FRAME_MAX - 8) {
    parts.push(frame(3, channel, body.subarray(at, at + FRAME_MAX - 8)))
  }
  return Buffer.concat(parts)
}

test('reads messages cut at any place, and leaves other frames to amqplib', () => {
  const message = fc.record({
    body: fc.uint8Array({ maxLength: 200 }),
    redelivered: fc.boolean(),
    consumerTag: fc.nat(1000),
    foreign: fc.boolean(),
  })
  fc.assert(
    fc.property(
      fc.array(message, { minLength: 1, maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 20 }),
      (messages, cuts) => {
        const wire = Buffer.concat(
          messages.flatMap(({ body, redelivered, consumerTag, foreign }, i) => [
            deliver(1, String(consumerTag), i + 1, redelivered, Buffer.from(body)),
            ...(foreign ? [frame(8, 0, Buffer.alloc(0))] : []),
          ]),
        )
        const chunks: Buffer[] = []
        for (let at = 0, i = 0; at < wire.length; i++) {
          const size = cuts[i % cuts.length] as number
          chunks.push(wire.subarray(at, at + size))
          at += size
        }
        const { connection, frames } = fakeConnection(chunks)
        const got: unknown[] = []
        const sink: ChannelSink = {
          confirmed: () => undefined,
          delivered: (consumerTag, tag, redelivered, _header, body) =>
            got.push({ consumerTag, tag, redelivered, body: [...body] }),
          endOfRead: () => undefined,
        }
        frames.attach(1, sink)
        let others = 0
        while (connection.recvFrame()) others++
        expect(got).toEqual(
          messages.map(({ body, redelivered, consumerTag }, i) => ({
            consumerTag,
            tag: i + 1,
            redelivered,
            body: [...body],
          })),
        )
        expect(others).toBe(messages.filter(({ foreign }) => foreign).length)
      },
    ),
  )
})

test('an acknowledgement and confirms keep tags beyond 32 bits', () => {
  const tag = 2 ** 40 + 7
  const ack = Buffer.alloc(ACK_FRAME_BYTES)
  expect(writeAck(ack, 0, 1, tag, true)).toBe(ACK_FRAME_BYTES)
  const { connection, frames } = fakeConnection([ack])
  const confirms: unknown[] = []
  frames.attach(1, {
    confirmed: (...confirm) => confirms.push(confirm),
    delivered: () => undefined,
    endOfRead: () => confirms.push('end'),
  })
  expect(connection.recvFrame()).toBe(false)
  expect(confirms).toEqual([[tag, true, false], 'end'])
})

test('a published body is cut into frames no larger than agreed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const body = Buffer.from(bytes)
      const template = publishTemplate({
        channel: 5,
        exchange: 'topic',
        routingKey: '12',
        persistent: true,
        mandatory: true,
      })
      const size = publishBytes(template, body.length, FRAME_MAX)
      const out = Buffer.alloc(size)
      expect(writePublish(out, 0, template, 5, body, FRAME_MAX)).toBe(size)
      const frames = [...split(out)]
      expect(frames.map(({ type }) => type)).toEqual([1, 2, ...frames.slice(2).map(() => 3)])
      expect(frames.every(({ channel, payload }) => channel === 5 && payload.length <= FRAME_MAX - 8)).toBe(
        true,
      )
      expect(frames[1]!.payload.readUInt32BE(8)).toBe(body.length)
      expect(Buffer.concat(frames.slice(2).map(({ payload }) => payload))).toEqual(body)
    }),
  )
})

function* split(wire: Buffer) {
  for (let at = 0; at < wire.length; ) {
    const size = wire.readUInt32BE(at + 3)
    expect(wire[at + 7 + size]).toBe(0xce)
    yield {
      type: wire[at],
      channel: wire.readUInt16BE(at + 1),
      payload: wire.subarray(at + 7, at + 7 + size),
    }
    at += size + 8
  }
}

/** The parts of an amqplib connection that the reader uses; its own decoder takes one frame and says so. */
function fakeConnection(chunks: Buffer[]) {
  const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
  stream.read = () => chunks.shift() ?? null
  const connection: AmqpConnection = {
    stream,
    rest: Buffer.alloc(0),
    recvFrame: () => true,
    frameMax: FRAME_MAX,
    sentSinceLastCheck: false,
    recvSinceLastCheck: false,
  }
  return { connection, frames: readFrames(connection) }
}
