import type { Consumer, ConsumerSpec, Producer, ProducerSpec } from '../../driver/driver.ts'
import type { Client } from './client/client.ts'
import type { PulsarConfig } from './pulsar-config.ts'
import { createPulsarConsumer } from './pulsar-consumer.ts'
import { createPulsarProducer } from './pulsar-producer.ts'

/** Version of our own client, for the result. */
const NATIVE_NAME = 'bench native 1'

/** An open connection to the brokers, by one of the clients. */
export interface PulsarSession {
  /** Name and version of the client. */
  readonly clientName: string
  /** What a reader of the report must know of the client. */
  readonly notes: readonly string[]
  /** Rejects with a `ClientError`, as `createConsumer` does. */
  createProducer(spec: ProducerSpec, signal: AbortSignal): Promise<Producer>
  createConsumer(spec: ConsumerSpec, signal: AbortSignal): Promise<Consumer>
  /** Never rejects. */
  close(signal: AbortSignal): Promise<void>
}

/** A session by our own client, which is open and now belongs to it. */
export function nativeSession(client: Client, config: PulsarConfig): PulsarSession {
  return {
    clientName: NATIVE_NAME,
    notes: [],
    createProducer: (spec, signal) => createPulsarProducer(spec, config, client, signal),
    createConsumer: (spec, signal) => createPulsarConsumer(spec, config, client, signal),
    close() {
      client.close()
      return Promise.resolve()
    },
  }
}
