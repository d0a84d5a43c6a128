import type { AmqpConnection } from './amqp-internals.ts'

const METHOD_FRAME = 1
const HEADER_FRAME = 2
const BODY_FRAME = 3
const FRAME_END = 0xce
const FRAME_HEADER_BYTES = 7
/** Class 60 (basic) in the upper half, the method in the lower. */
const BASIC_DELIVER = 0x3c_003c
const BASIC_ACK = 0x3c_0050
const BASIC_NACK = 0x3c_0078

/** Receives what arrives for one channel. Calls come while the socket is read; nothing is decoded into objects. */
export interface ChannelSink {
  /** The broker confirmed (or, with `refused`, nacked) published messages up to or exactly with this tag. */
  confirmed(tag: number, multiple: boolean, refused: boolean): void
  /** A message has arrived. `body` may be kept: it is never written again. `header` is the content header's payload. */
  delivered(
    consumerTag: number,
    deliveryTag: number,
    redelivered: boolean,
    header: Buffer,
    body: Buffer,
  ): void
  /** Everything that had arrived was handed over. */
  endOfRead(): void
}

/** A delivery between its method frame and its last body frame. */
interface Delivery {
  consumerTag: number
  deliveryTag: number
  redelivered: boolean
  header: Buffer
  /** Collects a body of several frames; null where one frame holds it. */
  body: Buffer | null
  bodyBytes: number
  receivedBytes: number
  state: 'idle' | 'header' | 'body'
}

/** Sinks by channel number. */
export interface FrameReader {
  attach(channel: number, sink: ChannelSink): void
  detach(channel: number): void
}

/**
 * Reads deliveries and confirms straight from the connection's bytes; every other frame goes the way amqplib decodes
 * it. Consumer tags on attached channels must be decimal numbers.
 */
export function readFrames(connection: AmqpConnection): FrameReader {
  const sinks: (ChannelSink | undefined)[] = []
  const deliveries: Delivery[] = []
  const dirty = new Set<ChannelSink>()
  const decodeNext = connection.recvFrame
  let data = connection.rest
  let position = 0
  connection.rest = Buffer.alloc(0)

  /** Whether the frame at `position` was a delivery or a confirm of an attached channel. */
  function take(sizeBytes: number): boolean {
    const channel = data.readUInt16BE(position + 1)
    const sink = sinks[channel]
    if (sink === undefined) return false
    const start = position + FRAME_HEADER_BYTES
    const delivery = deliveries[channel] as Delivery
    switch (data[position]) {
      case METHOD_FRAME:
        return takeMethod(sink, delivery, start)
      case HEADER_FRAME:
        if (delivery.state !== 'header') return false
        takeHeader(sink, delivery, start, sizeBytes)
        return true
      case BODY_FRAME:
        if (delivery.state !== 'body') return false
        takeBody(sink, delivery, data.subarray(start, start + sizeBytes))
        return true
      default:
        return false
    }
  }

  function takeMethod(sink: ChannelSink, delivery: Delivery, start: number): boolean {
    switch (data.readUInt32BE(start)) {
      case BASIC_DELIVER: {
        const tagBytes = data[start + 4] as number
        let consumerTag = 0
        for (let i = 0; i < tagBytes; i++)
          consumerTag = consumerTag * 10 + (data[start + 5 + i] as number) - 48
        const next = start + 5 + tagBytes
        delivery.consumerTag = consumerTag
        delivery.deliveryTag = readTag(data, next)
        delivery.redelivered = ((data[next + 8] as number) & 1) === 1
        delivery.state = 'header'
        return true
      }
      case BASIC_ACK:
      case BASIC_NACK: {
        const multiple = ((data[start + 12] as number) & 1) === 1
        sink.confirmed(readTag(data, start + 4), multiple, data.readUInt16BE(start + 2) === 0x78)
        dirty.add(sink)
        return true
      }
      default:
        return false
    }
  }

  function takeHeader(sink: ChannelSink, delivery: Delivery, start: number, sizeBytes: number): void {
    delivery.header = data.subarray(start, start + sizeBytes)
    delivery.bodyBytes = readTag(data, start + 4)
    delivery.receivedBytes = 0
    delivery.body = null
    delivery.state = 'body'
    if (delivery.bodyBytes === 0) finish(sink, delivery, data.subarray(start, start))
  }

  function takeBody(sink: ChannelSink, delivery: Delivery, part: Buffer): void {
    if (delivery.body === null && part.length === delivery.bodyBytes) {
      finish(sink, delivery, part)
      return
    }
    delivery.body ??= Buffer.allocUnsafe(delivery.bodyBytes)
    if (delivery.receivedBytes + part.length > delivery.bodyBytes) {
      throw new Error(`expected a body of ${delivery.bodyBytes} bytes, got more`)
    }
    part.copy(delivery.body, delivery.receivedBytes)
    delivery.receivedBytes += part.length
    if (delivery.receivedBytes === delivery.bodyBytes) finish(sink, delivery, delivery.body)
  }

  function finish(sink: ChannelSink, delivery: Delivery, body: Buffer): void {
    delivery.state = 'idle'
    delivery.body = null
    dirty.add(sink)
    sink.delivered(delivery.consumerTag, delivery.deliveryTag, delivery.redelivered, delivery.header, body)
  }

  function endOfRead(): void {
    for (const sink of dirty) {
      dirty.delete(sink)
      sink.endOfRead()
    }
  }

  connection.recvFrame = () => {
    for (;;) {
      if (data.length - position >= FRAME_HEADER_BYTES) {
        const sizeBytes = data.readUInt32BE(position + 3)
        const end = position + FRAME_HEADER_BYTES + sizeBytes + 1
        if (end <= data.length) {
          if (data[end - 1] === FRAME_END && take(sizeBytes)) {
            position = end
            continue
          }
          connection.rest = data.subarray(position, end)
          position = end
          return decodeNext.call(connection)
        }
      }
      const incoming = connection.stream.read() as Buffer | null
      if (incoming === null) {
        endOfRead()
        return false
      }
      connection.recvSinceLastCheck = true
      data = position === data.length ? incoming : Buffer.concat([data.subarray(position), incoming])
      position = 0
    }
  }

  return {
    attach(channel, sink) {
      sinks[channel] = sink
      deliveries[channel] = emptyDelivery()
    },
    detach(channel) {
      sinks[channel] = undefined
    },
  }
}

function emptyDelivery(): Delivery {
  return {
    consumerTag: 0,
    deliveryTag: 0,
    redelivered: false,
    header: Buffer.alloc(0),
    body: null,
    bodyBytes: 0,
    receivedBytes: 0,
    state: 'idle',
  }
}

/** An unsigned 64 bit number; tags never come near 2^53. */
function readTag(data: Buffer, offset: number): number {
  return data.readUInt32BE(offset) * 0x1_0000_0000 + data.readUInt32BE(offset + 4)
}
