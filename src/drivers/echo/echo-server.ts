import type { Socket } from 'bun'
import { type FrameWriter, frameReader, frameWriter } from '../../driver/fake/remote/frames.ts'
import { messageOf } from '../../errors/app-error.ts'
import {
  type Ask,
  batchOf,
  ECHO_FRAME,
  encodeDelivery,
  encodeSettled,
  type Place,
  partitionOf,
} from './echo-frames.ts'

/** What is kept for a consumer that pauses; beyond that its connection is ended, which the consumer hears of. */
const MAX_HELD_BYTES = 64 * 1024 * 1024

export interface EchoServer {
  readonly port: number
  /** Ends every connection. Idempotent. */
  stop(): void
}

interface Receiver extends Place {
  readonly writer: FrameWriter
  readonly handle: number
  /** Deliveries that wait, while it pauses. */
  held: Buffer[] | null
  heldBytes: number
  readonly end: () => void
}

type Topics = Map<string, Set<Receiver>>

interface Connection {
  readonly writer: FrameWriter
  readonly onChunk: (chunk: Buffer) => void
  close(): void
}

/** Settles what it gets and sends it to the subscriptions, at once and with no work of its own. Port 0 picks a free one. */
export function startEchoServer(port = 0): EchoServer {
  const topics: Topics = new Map()
  const listener = Bun.listen<Connection>({
    hostname: '127.0.0.1',
    port,
    socket: {
      open(socket) {
        socket.data = createConnection(topics, socket)
      },
      data: (socket, chunk) => socket.data.onChunk(chunk),
      drain: (socket) => socket.data.writer.drain(),
      close: (socket) => socket.data.close(),
      error(socket) {
        socket.end()
      },
    },
  })
  return { port: listener.port, stop: () => listener.stop(true) }
}

function createConnection(topics: Topics, socket: Socket<Connection>): Connection {
  const writer = frameWriter(socket)
  const producers = new Map<number, string>()
  const receivers = new Map<number, { readonly topic: string; readonly receiver: Receiver }>()

  function perform(ask: Ask): void {
    switch (ask.what) {
      case 'createTopics':
        createTopics(topics, ask.topics)
        break
      case 'deleteTopics':
        for (const topic of ask.topics) topics.delete(topic)
        break
      case 'produce':
        receiversOf(topics, ask.topic)
        producers.set(ask.handle, ask.topic)
        break
      case 'finish':
        producers.delete(ask.handle)
        break
      case 'consume':
        consume(ask.handle, ask.topic, ask)
        break
      case 'pause':
      case 'resume':
        hold(receivers.get(ask.handle)?.receiver, ask.what === 'pause')
        break
      case 'leave':
        leave(ask.handle)
    }
  }

  function consume(handle: number, topic: string, { index, of }: Place): void {
    const receiver = { writer, handle, index, of, held: null, heldBytes: 0, end: () => socket.end() }
    receiversOf(topics, topic).add(receiver)
    receivers.set(handle, { topic, receiver })
  }

  function leave(handle: number): void {
    const one = receivers.get(handle)
    receivers.delete(handle)
    if (one !== undefined) topics.get(one.topic)?.delete(one.receiver)
  }

  function answer(body: Buffer): void {
    const { id, ...ask } = JSON.parse(body.toString()) as Ask & { readonly id: number }
    let error: string | undefined
    try {
      perform(ask)
    } catch (thrown) {
      error = messageOf(thrown)
    }
    writer.write(ECHO_FRAME.done, Buffer.from(JSON.stringify({ id, error })))
  }

  function publish(body: Buffer): void {
    const topic = producers.get(body.readUInt32LE(0))
    if (topic === undefined) return
    writer.write(ECHO_FRAME.settled, encodeSettled(body))
    const partition = Math.max(0, partitionOf(body))
    for (const receiver of topics.get(topic) ?? []) {
      if (partition % receiver.of === receiver.index) deliver(receiver, body)
    }
  }

  return {
    writer,
    onChunk: frameReader((type, body) => {
      if (type === ECHO_FRAME.publish) publish(body)
      else if (type === ECHO_FRAME.ask) answer(body)
      else socket.end()
    }),
    close() {
      for (const handle of [...receivers.keys()]) leave(handle)
    },
  }
}

function createTopics(topics: Topics, names: readonly string[]): void {
  for (const name of names) {
    if (topics.has(name)) throw new Error(`expected a new topic, got ${name}, which exists`)
    topics.set(name, new Set())
  }
}

function receiversOf(topics: Topics, name: string): Set<Receiver> {
  const receivers = topics.get(name)
  if (receivers === undefined) throw new Error(`expected a topic, got ${name}, which does not exist`)
  return receivers
}

function deliver(receiver: Receiver, publish: Buffer): void {
  const delivery = encodeDelivery(receiver.handle, batchOf(publish))
  if (receiver.held === null) {
    receiver.writer.write(ECHO_FRAME.delivery, delivery)
    return
  }
  receiver.held.push(delivery)
  receiver.heldBytes += delivery.length
  if (receiver.heldBytes > MAX_HELD_BYTES) receiver.end()
}

function hold(receiver: Receiver | undefined, paused: boolean): void {
  if (receiver === undefined) return
  const { held } = receiver
  if (paused) {
    receiver.held ??= []
    return
  }
  receiver.held = null
  receiver.heldBytes = 0
  for (const delivery of held ?? []) receiver.writer.write(ECHO_FRAME.delivery, delivery)
}
