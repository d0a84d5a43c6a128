import { orAborted } from '../../../driver/abort.ts'
import type { Producer } from '../../../driver/driver.ts'
import { createConsumer, type SubscribedConsumer } from './consumer.ts'
import type { ConsumerOptions } from './consumer-options.ts'
import { partitionsOf } from './lookup.ts'
import { type ClientOptions, DEFAULT_CLIENT_OPTIONS } from './options.ts'
import { createPool } from './pool.ts'
import { createProducer } from './producer.ts'
import type { ProducerOptions } from './producer-options.ts'
import type { ClientContext } from './session.ts'

/** A client of a cluster: connections to its brokers, shared by producers and consumers. */
export interface Client {
  /** Connects to one of the servers; what it says of itself. */
  open(signal: AbortSignal): Promise<{ readonly version: string; readonly maxMessageBytes: number }>
  /** Partitions of a topic; 0 = it has none. */
  partitions(topic: string, signal: AbortSignal): Promise<number>
  createProducer(options: ProducerOptions, signal: AbortSignal): Promise<Producer>
  createConsumer(options: ConsumerOptions, signal: AbortSignal): Promise<SubscribedConsumer>
  /** Ends every connection; producers and consumers should be closed before. */
  close(): void
}

/** Connects nowhere yet. Every rejection is a `ClientError`, or the reason of the signal. */
export function createClient(
  settings: Partial<ClientOptions> & { readonly servers: readonly string[] },
): Client {
  const options: ClientOptions = { ...DEFAULT_CLIENT_OPTIONS, ...settings }
  const pool = createPool(options)
  let lastId = 0
  const context: ClientContext = { options, pool, nextId: () => ++lastId }
  return {
    async open(signal) {
      const { connection } = await orAborted(pool.entry(), signal)
      return { version: connection.serverVersion, maxMessageBytes: connection.maxMessageBytes }
    },
    partitions: (topic, signal) => orAborted(partitionsOf(pool, topic), signal),
    createProducer: (producer, signal) => createProducer(producer, context, signal),
    createConsumer: (consumer, signal) => createConsumer(consumer, context, signal),
    close: () => pool.close(),
  }
}
