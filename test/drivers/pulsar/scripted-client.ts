import type { Outcome } from '../../../src/driver/driver.ts'
import { type Client, createClient } from '../../../src/drivers/pulsar/client/client.ts'
import type { ConsumerOptions } from '../../../src/drivers/pulsar/client/consumer-options.ts'
import type { ProducerOptions } from '../../../src/drivers/pulsar/client/producer-options.ts'
import { type Script, type ScriptedBroker, scriptedBroker } from './scripted-broker.ts'

const WAIT_MS = 10_000
const open: { stop(): void }[] = []
/** Ends every broker and client made here: for `afterEach`. */
export function stopAll(): void {
  for (const one of open.splice(0)) one.stop()
}

/** A scripted broker that lives until `stopAll`. */
export function serve(script?: Script): ScriptedBroker {
  const broker = scriptedBroker(script)
  open.push(broker)
  return broker
}

/** A client of this broker (or of `settings.servers`) with short back-offs. */
export function clientOf(broker: { readonly port: number }, settings: object = {}): Client {
  const client = createClient({ servers: [`127.0.0.1:${broker.port}`], backoffMs: 5, ...settings })
  open.push({ stop: () => client.close() })
  return client
}

export const signal = () => AbortSignal.timeout(WAIT_MS)

export async function until(what: string, condition: () => boolean): Promise<void> {
  const endMs = performance.now() + WAIT_MS
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`waited in vain for ${what}`)
    await Bun.sleep(2)
  }
}

/** The kind of what a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<string> {
  const result = await promise.then(
    () => 'no failure',
    (error: { kind?: string }) => error.kind ?? String(error),
  )
  return result
}

/** What a producer was told of its messages. */
export interface Books {
  readonly outcomes: Map<number, Outcome>
  readonly reasons: (string | undefined)[]
  settledTwice: number
}

/** A producer with batches of 10, its books, and a way to send. */
export async function producerOf(client: Client, settings: Partial<ProducerOptions> = {}) {
  const books: Books = { outcomes: new Map(), reasons: [], settledTwice: 0 }
  const producer = await client.createProducer(
    {
      topic: 'persistent://t/n/topic',
      partitions: 0,
      name: 'p',
      compression: 'none',
      batching: 'default',
      batchMessages: 10,
      batchBytes: 100_000,
      batchDelayMs: 0,
      maxPendingMessages: 1000,
      maxPendingBytes: 1_000_000,
      sendTimeoutMs: 60_000,
      onSettled(first, count, outcome, reason) {
        for (let i = first; i < first + count; i++) {
          if (books.outcomes.has(i)) books.settledTwice++
          books.outcomes.set(i, outcome)
        }
        books.reasons.push(reason)
      },
      onWritable() {},
      ...settings,
    },
    signal(),
  )
  const send = (first: number, count: number, bytes = 20) =>
    producer.send({
      firstSequence: first,
      count,
      partition: -1,
      values: Array.from({ length: count }, () => Buffer.alloc(bytes)),
      keys: null,
    })
  return { producer, books, send }
}

/** A consumer of the same topic. */
export function consumerOf(client: Client, settings: Partial<ConsumerOptions> = {}) {
  return client.createConsumer(
    {
      topic: 'persistent://t/n/topic',
      partitions: null,
      subscription: 's',
      type: 'exclusive',
      name: 'c',
      startAt: 'earliest',
      receiverQueue: 100,
      ackMode: 'individual',
      ackReceipts: false,
      ackGroupMessages: 1000,
      ackGroupMs: 0,
      nackDelayMs: 1,
      onBatch: () => {},
      onError: () => {},
      ...settings,
    },
    signal(),
  )
}
