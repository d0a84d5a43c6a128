import type { Outcome, OutgoingBatch } from '../../driver.ts'
import type { Delivery, Emission } from '../subscription.ts'

const OUTCOMES: readonly Outcome[] = ['acknowledged', 'rejected', 'unknown']
const NO_KEY = 0xffff

/** handle:u32 first:f64 count:u32 partition:i32, then per message key length:u16 (0xffff = none) value length:u32 key value. */
export function encodePublish(handle: number, batch: OutgoingBatch): Buffer {
  let size = 20
  const keys = batch.keys?.map((key) => Buffer.from(key)) ?? null
  for (let i = 0; i < batch.count; i++) size += 6 + batch.values[i]!.length + (keys?.[i]?.length ?? 0)
  const body = Buffer.allocUnsafe(size)
  body.writeUInt32BE(handle, 0)
  body.writeDoubleBE(batch.firstSequence, 4)
  body.writeUInt32BE(batch.count, 12)
  body.writeInt32BE(batch.partition, 16)
  let at = 20
  for (let i = 0; i < batch.count; i++) {
    const key = keys === null ? null : keys[i]!
    const value = batch.values[i]!
    body.writeUInt16BE(key === null ? NO_KEY : key.length, at)
    body.writeUInt32BE(value.length, at + 2)
    at += 6
    if (key !== null) at += key.copy(body, at)
    at += value.copy(body, at)
  }
  return body
}

/** The values are views into `body`. */
export function decodePublish(body: Buffer): { readonly handle: number; readonly batch: OutgoingBatch } {
  const count = body.readUInt32BE(12)
  const values: Buffer[] = []
  const keys: string[] = []
  let at = 20
  for (let i = 0; i < count; i++) {
    const keyLength = body.readUInt16BE(at)
    const valueLength = body.readUInt32BE(at + 2)
    at += 6
    if (keyLength !== NO_KEY) {
      keys.push(body.toString('utf8', at, at + keyLength))
      at += keyLength
    }
    values.push(body.subarray(at, at + valueLength))
    at += valueLength
  }
  return {
    handle: body.readUInt32BE(0),
    batch: {
      firstSequence: body.readDoubleBE(4),
      count,
      partition: body.readInt32BE(16),
      values,
      keys: keys.length === 0 ? null : keys,
    },
  }
}

/** A range of one producer with its outcome. */
export interface SettledFrame {
  readonly handle: number
  readonly first: number
  readonly count: number
  readonly outcome: Outcome
  readonly reason: string | undefined
}

/** handle:u32 first:f64 count:u32 outcome:u8 reason:utf8 (to the end; empty = none). */
export function encodeSettled(frame: SettledFrame): Buffer {
  const reason = Buffer.from(frame.reason ?? '')
  const body = Buffer.allocUnsafe(17 + reason.length)
  body.writeUInt32BE(frame.handle, 0)
  body.writeDoubleBE(frame.first, 4)
  body.writeUInt32BE(frame.count, 12)
  body[16] = OUTCOMES.indexOf(frame.outcome)
  reason.copy(body, 17)
  return body
}

/** The inverse of `encodeSettled`. */
export function decodeSettled(body: Buffer): SettledFrame {
  return {
    handle: body.readUInt32BE(0),
    first: body.readDoubleBE(4),
    count: body.readUInt32BE(12),
    outcome: OUTCOMES[body[16]!]!,
    reason: body.length > 17 ? body.toString('utf8', 17) : undefined,
  }
}

/** handle:u32 id:u32 count:u32, then per message partition:i32 redelivered:u8 length:u32 value. */
export function encodeDelivery(handle: number, delivery: Delivery): Buffer {
  let size = 12
  for (const { value } of delivery.emissions) size += 9 + value.length
  const body = Buffer.allocUnsafe(size)
  body.writeUInt32BE(handle, 0)
  body.writeUInt32BE(delivery.id, 4)
  body.writeUInt32BE(delivery.emissions.length, 8)
  let at = 12
  for (const { partition, redelivered, value } of delivery.emissions) {
    body.writeInt32BE(partition, at)
    body[at + 4] = redelivered ? 1 : 0
    body.writeUInt32BE(value.length, at + 5)
    body.set(value, at + 9)
    at += 9 + value.length
  }
  return body
}

/** The values are views into `body`; index and stream are of no use to a receiver and are 0. */
export function decodeDelivery(body: Buffer): { readonly handle: number; readonly delivery: Delivery } {
  const count = body.readUInt32BE(8)
  const emissions: Emission[] = []
  let at = 12
  for (let i = 0; i < count; i++) {
    const length = body.readUInt32BE(at + 5)
    emissions.push({
      index: 0,
      stream: 0,
      receiver: 'any',
      partition: body.readInt32BE(at),
      redelivered: body[at + 4] === 1,
      value: body.subarray(at + 9, at + 9 + length),
    })
    at += 9 + length
  }
  return { handle: body.readUInt32BE(0), delivery: { id: body.readUInt32BE(4), emissions } }
}

/** Two numbers: handle and delivery of an ack. */
export function encodePair(first: number, second: number): Buffer {
  const body = Buffer.allocUnsafe(8)
  body.writeUInt32BE(first, 0)
  body.writeUInt32BE(second, 4)
  return body
}
