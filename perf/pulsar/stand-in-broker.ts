// A stand-in broker as a process of its own: answers every batch at once and sends, for each permit, a message of
// batches made beforehand; it keeps nothing and checks nothing. Arguments: messages in a batch. Prints its port.
import { randomBytes } from 'node:crypto'
import type { Socket } from 'bun'
import { batchedBytes, writeBatched } from '../../src/drivers/pulsar/client/wire/batch.ts'
import { TYPE } from '../../src/drivers/pulsar/client/wire/commands.ts'
import {
  completePayloadFrame,
  payloadFrameBytes,
  readFrame,
  simpleFrame,
} from '../../src/drivers/pulsar/client/wire/frame.ts'
import { createFrameDecoder, type FrameDecoder } from '../../src/drivers/pulsar/client/wire/frame-decoder.ts'
import { ProtoReader } from '../../src/drivers/pulsar/client/wire/proto-reader.ts'
import { ProtoWriter } from '../../src/drivers/pulsar/client/wire/proto-writer.ts'
import { MESSAGE_BYTES } from './spec.ts'

interface Peer {
  readonly decoder: FrameDecoder
  /** What the socket has not taken yet. */
  waiting: Buffer[]
  /** Number of the consumer, and messages it may be sent. */
  consumerId: number
  permits: number
}

const MAX_FRAME_BYTES = 16 * 1024 * 1024
const batchMessages = Number(process.argv[2])

function commandBytes(type: number, fields: ProtoWriter): Buffer {
  return new ProtoWriter().number(1, type).bytes(type, fields.view()).view()
}

/** Number fields of the command in `buffer[start … end)`, with its type as field 0. */
function numbersOf(buffer: Buffer, start: number, end: number): number[] {
  const outer = new ProtoReader(buffer, start, end)
  outer.next()
  const numbers = [outer.number()]
  if (outer.next() === 0) return numbers
  const inner = outer.message()
  for (let field = inner.next(); field !== 0; field = inner.next()) {
    if (inner.packed) inner.skip()
    else numbers[field] = inner.number()
  }
  return numbers
}

function answer(numbers: readonly number[], peer: Peer): Buffer | null {
  const fields = new ProtoWriter()
  const request = (field: number) => numbers[field] ?? 0
  switch (numbers[0]) {
    case TYPE.CONNECT:
      return simpleFrame(
        commandBytes(TYPE.CONNECTED, fields.string(1, 'stand-in 4.0.8').number(2, 19).number(3, 5_242_880)),
      )
    case TYPE.LOOKUP:
      fields.string(1, `pulsar://127.0.0.1:${server.port}`).number(3, 1).number(4, request(2))
      return simpleFrame(commandBytes(TYPE.LOOKUP_RESPONSE, fields))
    case TYPE.PRODUCER:
      fields.number(1, request(3)).string(2, 'p').number(3, -1)
      return simpleFrame(commandBytes(TYPE.PRODUCER_SUCCESS, fields))
    case TYPE.SEND: {
      const id = new ProtoWriter().number(1, 1).number(2, 1).view()
      fields.number(1, request(1)).number(2, request(2)).bytes(3, id)
      return simpleFrame(commandBytes(TYPE.SEND_RECEIPT, fields))
    }
    case TYPE.SUBSCRIBE:
      peer.consumerId = request(4)
      return simpleFrame(commandBytes(TYPE.SUCCESS, fields.number(1, request(5))))
    case TYPE.FLOW:
      peer.permits += request(2)
      return null
    default:
      return null
  }
}

/** A delivery of a whole batch. */
function delivery(consumerId: number): Buffer {
  const id = new ProtoWriter().number(1, 1).number(2, 1).view()
  const command = commandBytes(TYPE.MESSAGE, new ProtoWriter().number(1, consumerId).bytes(2, id))
  const metadata = new ProtoWriter()
    .string(1, 'p')
    .number(2, 0)
    .number(3, Date.now())
    .number(11, batchMessages)
    .view()
  const head = payloadFrameBytes(command.length, metadata.length)
  let bytes = head
  for (let i = 0; i < batchMessages; i++) bytes += batchedBytes(MESSAGE_BYTES, -1, i)
  const frame = Buffer.alloc(bytes)
  const value = randomBytes(MESSAGE_BYTES)
  let at = head
  for (let i = 0; i < batchMessages; i++) at = writeBatched(frame, at, value, null, i)
  completePayloadFrame(frame, command, metadata)
  return frame
}

function write(socket: Socket<Peer>): void {
  const { data: peer } = socket
  for (;;) {
    if (peer.waiting.length === 0 && peer.permits > 0) {
      const frame = deliveries.get(peer.consumerId) ?? delivery(peer.consumerId)
      deliveries.set(peer.consumerId, frame)
      peer.waiting.push(frame)
      peer.permits -= batchMessages
    }
    const bytes = peer.waiting.length === 1 ? peer.waiting[0]! : Buffer.concat(peer.waiting)
    if (bytes.length === 0) return
    const taken = Math.max(0, socket.write(bytes))
    peer.waiting = taken < bytes.length ? [bytes.subarray(taken)] : []
    if (taken < bytes.length) return
  }
}

const deliveries = new Map<number, Buffer>()
const server = Bun.listen<Peer>({
  hostname: '127.0.0.1',
  port: 0,
  socket: {
    open(socket) {
      socket.setNoDelay(true)
      const decoder = createFrameDecoder(MAX_FRAME_BYTES, (buffer, start, end) => {
        const { commandStart, commandEnd } = readFrame(buffer, start, end)
        const frame = answer(numbersOf(buffer, commandStart, commandEnd), socket.data)
        if (frame !== null) socket.data.waiting.push(frame)
      })
      socket.data = { decoder, waiting: [], consumerId: -1, permits: 0 }
    },
    data(socket, chunk) {
      socket.data.decoder.push(chunk)
      write(socket)
    },
    drain: write,
  },
})
console.log(server.port)
