import type { IncomingBatch, OutgoingBatch } from '../../driver/driver.ts'

/**
 * Types of frames between the echo driver and its server; see `frameReader` for what is around them. Numbers are
 * little-endian.
 *
 *     ask       = 1 json {id, …Ask}                          client → server
 *     done      = 2 json {id, error?}                        server → client
 *     publish   = 3 producer:u32 first:f64 batch             client → server
 *     settled   = 4 producer:u32 first:f64 count:u32         server → client
 *     delivery  = 5 consumer:u32 batch                       server → client
 *     batch     = count:u32 partition:i32 (length:u32 value)*
 */
export const ECHO_FRAME = { ask: 1, done: 2, publish: 3, settled: 4, delivery: 5 } as const

/** What a client asks of the server; numbers of producers and consumers are the connection's own. */
export type Ask =
  | { readonly what: 'createTopics'; readonly topics: readonly string[] }
  | { readonly what: 'deleteTopics'; readonly topics: readonly string[] }
  | { readonly what: 'produce'; readonly handle: number; readonly topic: string }
  /** Answered behind all settlements. */
  | { readonly what: 'finish'; readonly handle: number }
  | ({ readonly what: 'consume'; readonly handle: number; readonly topic: string } & Place)
  | { readonly what: 'pause' | 'resume' | 'leave'; readonly handle: number }

/** A consumer's place in its subscription. */
export interface Place {
  readonly index: number
  readonly of: number
}

export interface Done {
  readonly id: number
  readonly error?: string
}

const PUBLISH_HEAD = 12
const BATCH_HEAD = 8

export function encodePublish(producer: number, { firstSequence, count, partition, values }: OutgoingBatch) {
  let size = PUBLISH_HEAD + BATCH_HEAD
  for (let i = 0; i < count; i++) size += 4 + values[i]!.length
  const body = Buffer.allocUnsafe(size)
  body.writeUInt32LE(producer, 0)
  body.writeDoubleLE(firstSequence, 4)
  body.writeUInt32LE(count, 12)
  body.writeInt32LE(partition, 16)
  let at = PUBLISH_HEAD + BATCH_HEAD
  for (let i = 0; i < count; i++) {
    const value = values[i]!
    body.writeUInt32LE(value.length, at)
    body.set(value, at + 4)
    at += 4 + value.length
  }
  return body
}

/** The batch of a publish frame, as it is sent on in deliveries. A view. */
export function batchOf(publish: Buffer): Buffer {
  return publish.subarray(PUBLISH_HEAD)
}

export function partitionOf(publish: Buffer): number {
  return publish.readInt32LE(16)
}

/** What settles a publish frame. */
export function encodeSettled(publish: Buffer): Buffer {
  return Buffer.from(publish.subarray(0, 16))
}

export function decodeSettled(body: Buffer) {
  return { producer: body.readUInt32LE(0), first: body.readDoubleLE(4), count: body.readUInt32LE(12) }
}

/** Copies: the publish frame is a view that ends with the callback. */
export function encodeDelivery(consumer: number, batch: Buffer): Buffer {
  const body = Buffer.allocUnsafe(4 + batch.length)
  body.writeUInt32LE(consumer, 0)
  body.set(batch, 4)
  return body
}

/** The values are views into `body`. */
export function decodeDelivery(body: Buffer): { readonly consumer: number; readonly batch: IncomingBatch } {
  const count = body.readUInt32LE(4)
  const partition = body.readInt32LE(8)
  const values: Buffer[] = []
  let at = 4 + BATCH_HEAD
  for (let i = 0; i < count; i++) {
    const length = body.readUInt32LE(at)
    values.push(body.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  const batch = {
    count,
    value: (index: number) => values[index]!,
    partition: () => partition,
    redelivered: () => false,
    acknowledge() {},
  }
  return { consumer: body.readUInt32LE(0), batch }
}
