import type { Socket } from 'bun'
import type { Clock } from '../../../clock/clock.ts'
import { AppError, messageOf } from '../../../errors/app-error.ts'
import type { Receiver } from '../subscription.ts'
import { createFakeSystem, type FakeSystem } from '../system.ts'
import type { ConsumerPlace, Sender } from '../topic.ts'
import { decodePublish, encodeDelivery, encodeSettled } from './codec.ts'
import { FRAME, type FrameWriter, frameReader, frameWriter } from './frames.ts'
import type { FakeReply, FakeRequest } from './requests.ts'

/** A fake system that is served on loopback. */
export interface FakeServer {
  readonly port: number
  /** Closes every connection. Idempotent. */
  stop(): void
}

interface Connection {
  readonly onChunk: (chunk: Buffer) => void
  readonly writer: FrameWriter
  /** What a client leaves behind when it goes without saying so. */
  abandon(): void
}

/** Serves one system to many processes. Port 0 picks a free one. */
export function startFakeServer(clock: Clock, port = 0): FakeServer {
  const system = createFakeSystem(clock)
  const listener = Bun.listen<Connection>({
    hostname: '127.0.0.1',
    port,
    socket: {
      open(socket) {
        socket.data = createConnection(system, socket)
      },
      data(socket, chunk) {
        socket.data.onChunk(chunk)
      },
      drain(socket) {
        socket.data.writer.drain()
      },
      close(socket) {
        socket.data.abandon()
      },
      error(socket) {
        socket.end()
      },
    },
  })
  return { port: listener.port, stop: () => listener.stop(true) }
}

function createConnection(system: FakeSystem, socket: Socket<Connection>): Connection {
  const writer = frameWriter(socket)
  const senders = new Map<number, Sender>()
  const receivers = new Map<number, Receiver>()

  function perform(request: FakeRequest): void {
    switch (request.method) {
      case 'createTopics':
        system.createTopics(request.topics, request.options)
        break
      case 'deleteTopics':
        system.deleteTopics(request.topics)
        break
      case 'produce':
        produce(request.handle, request.topic, request.name)
        break
      case 'finish':
        senders.get(request.handle)?.finish()
        senders.delete(request.handle)
        break
      case 'consume':
        consume(request.handle, request.topic, request.place)
        break
      case 'leave':
        receivers.get(request.handle)?.detach()
        receivers.delete(request.handle)
        break
    }
  }

  function consume(handle: number, topic: string, place: ConsumerPlace): void {
    const receiver = system.topic(topic).attachConsumer(place, (delivery) => {
      writer.write(FRAME.delivery, encodeDelivery(handle, delivery))
    })
    receivers.set(handle, receiver)
  }

  function produce(handle: number, topic: string, name: string): void {
    const sender = system.topic(topic).attachProducer(name, (first, count, outcome, reason) => {
      writer.write(FRAME.settled, encodeSettled({ handle, first, count, outcome, reason }))
    })
    senders.set(handle, sender)
  }

  function answer(body: Buffer): void {
    const { id, ...request } = JSON.parse(body.toString()) as FakeRequest & { id: number }
    let reply: FakeReply = { id }
    try {
      perform(request as FakeRequest)
    } catch (error) {
      const code = error instanceof AppError ? error.code : 'UNEXPECTED'
      reply = { id, error: { code, message: messageOf(error) } }
    }
    writer.write(FRAME.reply, Buffer.from(JSON.stringify(reply)))
  }

  function onFrame(type: number, body: Buffer): void {
    if (type === FRAME.request) answer(body)
    else if (type === FRAME.publish) {
      const { handle, batch } = decodePublish(body)
      senders.get(handle)?.publish(batch)
    } else if (type === FRAME.ack) receivers.get(body.readUInt32BE(0))?.acknowledge(body.readUInt32BE(4))
    else if (type === FRAME.flow) {
      const receiver = receivers.get(body.readUInt32BE(0))
      if (body[4] === 1) receiver?.pause()
      else receiver?.resume()
    } else socket.end()
  }

  return {
    writer,
    onChunk: frameReader(onFrame),
    abandon() {
      for (const receiver of receivers.values()) receiver.detach()
      receivers.clear()
      senders.clear()
    },
  }
}
