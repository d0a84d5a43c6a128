const METHOD_FRAME = 1
const HEADER_FRAME = 2
const BODY_FRAME = 3
const FRAME_END = 0xce
const BASIC_CLASS = 60
const PUBLISH_METHOD = 40
const DELIVERY_MODE_FLAG = 0x1000
const MANDATORY_BIT = 1
/** Type, channel, size and end of each frame. */
const FRAME_OVERHEAD_BYTES = 8
const FRAME_HEADER_BYTES = 7

export interface PublishTarget {
  readonly channel: number
  readonly exchange: string
  readonly routingKey: string
  readonly persistent: boolean
  readonly mandatory: boolean
}

/** The frames of one `basic.publish` up to the body; only the body's size changes from message to message. */
export interface PublishTemplate {
  readonly bytes: Buffer
  /** Where the low half of the body's size stands. */
  readonly bodySizeOffset: number
}

/** AMQP 0-9-1, sections 4.2.3 (frames) and 1.8.3.7 (basic.publish). */
export function publishTemplate(target: PublishTarget): PublishTemplate {
  const exchange = Buffer.from(target.exchange)
  const routingKey = Buffer.from(target.routingKey)
  const methodBytes = 4 + 2 + 1 + exchange.length + 1 + routingKey.length + 1
  const headerBytes = 2 + 2 + 8 + 2 + 1
  const bytes = Buffer.alloc(methodBytes + headerBytes + 2 * FRAME_OVERHEAD_BYTES)
  let at = writeFrameHeader(bytes, 0, METHOD_FRAME, target.channel, methodBytes)
  at = bytes.writeUInt16BE(BASIC_CLASS, at)
  at = bytes.writeUInt16BE(PUBLISH_METHOD, at)
  at = bytes.writeUInt16BE(0, at)
  at = writeShortString(bytes, at, exchange)
  at = writeShortString(bytes, at, routingKey)
  at = bytes.writeUInt8(target.mandatory ? MANDATORY_BIT : 0, at)
  at = bytes.writeUInt8(FRAME_END, at)
  at = writeFrameHeader(bytes, at, HEADER_FRAME, target.channel, headerBytes)
  at = bytes.writeUInt16BE(BASIC_CLASS, at)
  const bodySizeOffset = at + 2 + 4
  at = bytes.writeUInt16BE(DELIVERY_MODE_FLAG, bodySizeOffset + 4)
  at = bytes.writeUInt8(target.persistent ? 2 : 1, at)
  bytes.writeUInt8(FRAME_END, at)
  return { bytes, bodySizeOffset }
}

/** Bytes that one message takes on the wire. */
export function publishBytes(template: PublishTemplate, bodyBytes: number, frameMax: number): number {
  const frames = Math.ceil(bodyBytes / (frameMax - FRAME_OVERHEAD_BYTES))
  return template.bytes.length + bodyBytes + frames * FRAME_OVERHEAD_BYTES
}

/** Writes one message into `out` at `at`; returns where the next begins. */
export function writePublish(
  out: Buffer,
  at: number,
  template: PublishTemplate,
  channel: number,
  body: Buffer,
  frameMax: number,
): number {
  out.set(template.bytes, at)
  out.writeUInt32BE(body.length, at + template.bodySizeOffset)
  let next = at + template.bytes.length
  const maxBodyBytes = frameMax - FRAME_OVERHEAD_BYTES
  for (let from = 0; from < body.length; from += maxBodyBytes) {
    const part = body.length <= maxBodyBytes ? body : body.subarray(from, from + maxBodyBytes)
    next = writeFrameHeader(out, next, BODY_FRAME, channel, part.length)
    out.set(part, next)
    next += part.length
    out[next++] = FRAME_END
  }
  return next
}

const ACK_METHOD = 80
const ACK_PAYLOAD_BYTES = 13
/** Bytes of one `basic.ack` on the wire. */
export const ACK_FRAME_BYTES = FRAME_OVERHEAD_BYTES + ACK_PAYLOAD_BYTES

/** Writes a `basic.ack` into `out` at `at`; returns where the next begins. */
export function writeAck(out: Buffer, at: number, channel: number, tag: number, multiple: boolean): number {
  let next = writeFrameHeader(out, at, METHOD_FRAME, channel, ACK_PAYLOAD_BYTES)
  next = out.writeUInt16BE(BASIC_CLASS, next)
  next = out.writeUInt16BE(ACK_METHOD, next)
  next = out.writeUInt32BE(Math.floor(tag / 0x1_0000_0000), next)
  next = out.writeUInt32BE(tag % 0x1_0000_0000, next)
  out[next++] = multiple ? 1 : 0
  out[next++] = FRAME_END
  return next
}

function writeFrameHeader(out: Buffer, at: number, type: number, channel: number, sizeBytes: number): number {
  out[at] = type
  out.writeUInt16BE(channel, at + 1)
  out.writeUInt32BE(sizeBytes, at + 3)
  return at + FRAME_HEADER_BYTES
}

function writeShortString(out: Buffer, at: number, text: Buffer): number {
  out[at] = text.length
  out.set(text, at + 1)
  return at + 1 + text.length
}
