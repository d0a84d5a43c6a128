import type { Capabilities } from '../../driver/capabilities.ts'
import type { ConsumerSpec, Driver, ProducerSpec, TopicSpec } from '../../driver/driver.ts'
import { AppError } from '../../errors/app-error.ts'
import { connectEcho, type EchoConnection } from './echo-connection.ts'

/** What an echo can do: enough for the engine to work as with a partitioned log. */
export const ECHO_CAPABILITIES: Capabilities = {
  partitions: 'native',
  choosesPartition: true,
  subscriptions: true,
  orderDomain: 'partition',
  sharedStreams: false,
  delivery: 'at-most-once',
  redeliveryFlag: false,
  redelivers: false,
  replay: false,
  keys: false,
  filtersByStream: false,
  consumerIsServer: false,
  transactions: false,
  brokerTimestamps: false,
  maxMessageBytes: 16 * 1024 * 1024,
}

/** A driver for an echo server, `host:port`. */
export function createEchoDriver(server: string): Driver {
  let connection: EchoConnection | undefined

  function connected(): EchoConnection {
    if (connection === undefined)
      throw new AppError('CONTRACT', 'expected an open driver, got one that was not')
    return connection
  }

  const names = (topics: readonly TopicSpec[]) => topics.map(({ name }) => name)
  return {
    capabilities: ECHO_CAPABILITIES,
    async open(signal) {
      connection = await connectEcho(server, signal)
      const notes = ['an echo is not a broker: it shows the noise floor of bench itself']
      return {
        version: '1',
        settings: {},
        client: 'echo 1',
        notes,
        guarantees: { copies: 1, copiesAtAck: 1, syncedAtAck: false },
        terms: {
          acknowledgedBy: 'memory',
          deduplicates: false,
          batching: 'none',
          compression: 'none',
          consumerAcks: 'none',
        },
      }
    },
    createTopics: (topics, signal) =>
      connected().ask({ what: 'createTopics', topics: names(topics) }, signal),
    deleteTopics: (topics, signal) =>
      connected().ask({ what: 'deleteTopics', topics: names(topics) }, signal),
    createProducer: (spec: ProducerSpec, signal) => connected().produce(spec, signal),
    createConsumer: (spec: ConsumerSpec, signal) => connected().consume(spec, signal),
    async close() {
      connection?.close()
    },
  }
}
