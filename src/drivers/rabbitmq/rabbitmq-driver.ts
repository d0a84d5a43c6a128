import { orAborted } from '../../driver/abort.ts'
import type { Capabilities } from '../../driver/capabilities.ts'
import type { Driver, DriverContext, DriverModule, ServerInfo, TopicSpec } from '../../driver/driver.ts'
import { AppError } from '../../errors/app-error.ts'
import { partitionOfKey } from './names.ts'
import { createTopics, deleteTopics, queueArgumentsOf, topicFigures } from './rabbitmq-admin.ts'
import type { RabbitmqConfig } from './rabbitmq-config.ts'
import { createRabbitmqConsumer } from './rabbitmq-consumer.ts'
import { type Connection, createLink, type Link } from './rabbitmq-link.ts'
import { createRabbitmqProducer, MAX_MESSAGE_BYTES } from './rabbitmq-producer.ts'
import { rabbitmqGuarantees, rabbitmqTerms } from './rabbitmq-terms.ts'

/** RabbitMQ allows 2,047 channels on a connection; far fewer keep one socket from being everyone's bottleneck. */
const CHANNELS_PER_CONNECTION = 500

function capabilities(config: RabbitmqConfig): Capabilities {
  const isStream = config.queueType === 'stream'
  const manual = config.ackMode === 'manual'
  const shared = config.competingConsumers && !isStream
  return {
    partitions: 'emulated',
    choosesPartition: true,
    subscriptions: true,
    orderDomain: shared ? 'queue' : 'partition',
    sharedStreams: shared,
    delivery: config.confirms && manual ? 'at-least-once' : 'at-most-once',
    redeliveryFlag: !isStream,
    redelivers: manual && !isStream,
    replay: isStream,
    keys: true,
    filtersByStream: false,
    consumerIsServer: false,
    transactions: false,
    brokerTimestamps: false,
    maxMessageBytes: MAX_MESSAGE_BYTES,
  }
}

/** Connections for publishing and for consuming are kept apart: RabbitMQ blocks publishers by their connection. */
function createPool(context: DriverContext<RabbitmqConfig>, purpose: string) {
  const links = new Map<string, Link>()
  let taken = 0
  return {
    /** The link of a client, by its name spread over the servers. */
    take(name: string): Link {
      const first = partitionOfKey(name, context.servers.length)
      const key = `${first}/${Math.floor(taken++ / CHANNELS_PER_CONNECTION)}`
      const { config, servers, log } = context
      const link =
        links.get(key) ??
        createLink({ config, servers, log, name: `${context.namePrefix} ${purpose} ${key}` }, first)
      links.set(key, link)
      return link
    },
    async close(): Promise<void> {
      await Promise.all([...links.values()].map((link) => link.close()))
    },
  }
}

function create(context: DriverContext<RabbitmqConfig>): Driver {
  const { config, servers, log } = context
  const control = createLink({ config, servers, log, name: `${context.namePrefix} control` }, 0)
  const publishers = createPool(context, 'producers')
  const consumers = createPool(context, 'consumers')
  return {
    capabilities: capabilities(config),
    open: async (signal) => serverInfo(config, await openAny(control, servers, signal)),
    createTopics: (topics, signal) => createTopics(control, config, topics, signal),
    deleteTopics: (topics, signal) => deleteTopics(control, config, topics, signal),
    // A stream keeps what was read, and no queue tells how far its readers are.
    ...(config.queueType !== 'stream' && {
      topicFigures: (topics: readonly TopicSpec[], signal: AbortSignal) =>
        topicFigures(control, config, topics, signal),
    }),
    createProducer: (spec, signal) =>
      createRabbitmqProducer(spec, config, publishers.take(spec.name), log, signal),
    createConsumer: (spec, signal) =>
      createRabbitmqConsumer(spec, config, consumers.take(spec.name), log, signal),
    async close(signal) {
      const closing = Promise.all([publishers.close(), consumers.close(), control.close()])
      await orAborted(closing, signal).catch(() => undefined)
    },
  }
}

/** The first server that answers; of several failures the first is told. */
async function openAny(link: Link, servers: readonly string[], signal: AbortSignal): Promise<Connection> {
  let first: unknown = null
  for (let attempt = 0; attempt < Math.min(3, servers.length); attempt++) {
    try {
      return await link.acquire(signal)
    } catch (error) {
      if (signal.aborted) throw error
      first ??= error
    }
  }
  throw first ?? new AppError('PREPARE', 'expected at least one RabbitMQ server, got none')
}

function serverInfo(config: RabbitmqConfig, { model }: Connection): ServerInfo {
  const properties = model.connection.serverProperties
  const declared = Object.entries(queueArgumentsOf(config)).map(([name, value]) => `${name}=${value}`)
  const isStream = config.queueType === 'stream'
  return {
    version: properties.version ?? 'unknown',
    client: 'amqplib 2.3.1',
    settings: {
      platform: properties.platform ?? 'unknown',
      'queue declaration': `durable, ${declared.join(', ')}`,
      'message persistence': config.persistent
        ? 'persistent (delivery mode 2)'
        : 'transient (delivery mode 1)',
      'publisher confirms': config.confirms ? `on, at most ${config.maxUnconfirmed} outstanding` : 'off',
      acknowledgement:
        config.ackMode === 'auto'
          ? 'automatic (no prefetch)'
          : `manual, ${config.ackMultiple ? 'multiple' : 'single'}, prefetch ${config.prefetch} per queue`,
    },
    guarantees: rabbitmqGuarantees(config),
    terms: rabbitmqTerms(config, properties.platform),
    notes: [
      isStream
        ? 'a topic is a direct exchange; each partition is one stream that all subscriptions read'
        : 'a topic is a direct exchange; each partition is one queue per subscription',
      'keys are hashed to a partition by the client; the broker sees only the routing key of the partition',
      ...(config.confirms
        ? []
        : ['without publisher confirms a message counts as acknowledged once the socket took it']),
      ...(config.competingConsumers && !isStream
        ? ['consumers beyond the number of partitions share a queue (competing consumers)']
        : ['a queue has one consumer of a subscription; consumers beyond the number of partitions are idle']),
      'batches are framed by bench on connections of amqplib: one socket write a batch, confirms counted in ranges',
    ],
  }
}

/** RabbitMQ, for the registry. */
export const driverModule: DriverModule<RabbitmqConfig> = { name: 'rabbitmq', capabilities, create }
