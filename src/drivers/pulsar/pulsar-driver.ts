import type { Driver, DriverContext, DriverModule, ServerInfo } from '../../driver/driver.ts'
import { AppError } from '../../errors/app-error.ts'
import { type Client, createClient } from './client/client.ts'
import { createAdmin } from './pulsar-admin.ts'
import { pulsarCapabilities } from './pulsar-capabilities.ts'
import type { PulsarConfig } from './pulsar-config.ts'
import { createPulsarConsumer } from './pulsar-consumer.ts'
import { pulsarError } from './pulsar-errors.ts'
import { createPulsarProducer } from './pulsar-producer.ts'
import { addressesOf, type PulsarAddresses, tlsOf, tokenOf } from './pulsar-settings.ts'

/** The contract allows 15 s for a server that does not answer. */
const OPEN_TIMEOUT_MS = 14_000
const CONNECT_TIMEOUT_MS = 10_000
/** Version of our own client, for the result. */
const CLIENT_VERSION = 'bench native 1'

function create(context: DriverContext<PulsarConfig>): Driver {
  const { config } = context
  let client: Client | null = null
  let addresses: PulsarAddresses = { brokers: [], adminUrls: [] }

  function connected(): Client {
    if (client !== null) return client
    throw new AppError('CONTRACT', 'expected the pulsar driver to be open')
  }
  const admin = () => createAdmin(addressesOf(context.servers, config).adminUrls, config, tokenOf(config))
  const explain = async <T>(what: string, signal: AbortSignal, promise: Promise<T>): Promise<T> => {
    try {
      return await promise
    } catch (error) {
      signal.throwIfAborted()
      throw pulsarError(what, addresses.brokers, error)
    }
  }

  return {
    capabilities: pulsarCapabilities(config),
    async open(signal) {
      signal.throwIfAborted()
      if (config.client !== 'native') await refuseOfficial()
      addresses = addressesOf(context.servers, config)
      const token = tokenOf(config)
      const fresh = createClient({
        servers: addresses.brokers,
        tls: tlsOf(config),
        token: token === null ? null : () => token,
        clientVersion: 'bench',
        connectTimeoutMs: CONNECT_TIMEOUT_MS,
        requestTimeoutMs: config.operationTimeoutMs,
        keepAliveMs: config.keepAliveMs,
        connectionsPerBroker: config.connectionsPerBroker,
        verifyChecksums: config.verifyChecksums,
        log: context.log,
      })
      try {
        const limit = AbortSignal.any([signal, AbortSignal.timeout(OPEN_TIMEOUT_MS)])
        const { version } = await explain('answer', signal, fresh.open(limit))
        client = fresh
        return serverInfo(config, version)
      } catch (error) {
        fresh.close()
        throw error
      }
    },
    async createTopics(topics, signal) {
      await admin().prepareNamespace(signal)
      for (const topic of topics) await admin().createTopic(topic, signal)
    },
    async deleteTopics(topics, signal) {
      for (const topic of topics) await admin().deleteTopic(topic, signal)
    },
    topicFigures: (topics, signal) => Promise.all(topics.map((topic) => admin().figures(topic, signal))),
    createProducer: (spec, signal) =>
      explain(
        `take a producer of topic ${spec.topic}`,
        signal,
        createPulsarProducer(spec, config, connected(), signal),
      ),
    createConsumer: (spec, signal) =>
      explain(
        `let subscription ${spec.subscription} of topic ${spec.topic} be read`,
        signal,
        createPulsarConsumer(spec, config, connected(), signal),
      ),
    close() {
      client?.close()
      client = null
      return Promise.resolve()
    },
  }
}

/** Not a literal: where the package is absent, neither the type checker nor the bundler may look for it. */
const OFFICIAL_PACKAGE: string = 'pulsar-client'

/** Says what choosing the official client comes to on this machine. */
async function refuseOfficial(): Promise<never> {
  const hint = 'use client: native, which needs nothing installed'
  try {
    await import(OFFICIAL_PACKAGE)
  } catch (error) {
    const message = `expected the npm package ${OFFICIAL_PACKAGE} with its native addon, it cannot be loaded here`
    throw new AppError('MISSING_TOOL', message, { hint, cause: error })
  }
  throw new AppError('MISSING_TOOL', `expected client native: ${OFFICIAL_PACKAGE} is not supported yet`, {
    hint,
  })
}

function serverInfo(config: PulsarConfig, version: string): ServerInfo {
  const { persistence, retention, subscriptionType } = config
  return {
    version: /(\d+\.\d+\.\d+\S*)/.exec(version)?.[1] ?? (version === '' ? 'unknown' : version),
    client: CLIENT_VERSION,
    settings: {
      namespace: config.namespace,
      'topic type': config.topicType,
      persistence:
        persistence === undefined
          ? 'as the broker is configured'
          : `ensemble ${persistence.ensembleSize}, write quorum ${persistence.writeQuorum}, ack quorum ${persistence.ackQuorum}`,
      deduplication:
        config.deduplication === undefined ? 'as the broker is configured' : String(config.deduplication),
      ...(retention !== undefined && { retention: `${retention.minutes} min, ${retention.megabytes} MB` }),
      batching: `${config.batching}, ${config.batchMessages} messages, ${config.batchBytes} bytes, ${config.batchDelayMs} ms`,
      compression: config.compression,
      'subscription type': subscriptionType,
      acknowledgement: `${config.ackMode}, grouped up to ${config.ackGroupMs} ms${config.ackReceipts ? ', confirmed by the broker' : ''}`,
      'receiver queue': `${config.receiverQueueSize} messages a partition`,
    },
    notes: [
      ...(config.topicType === 'persistent'
        ? []
        : [
            'non-persistent topics: nothing is stored, so an acknowledged message may be lost (at most once)',
          ]),
      subscriptionType === 'exclusive'
        ? 'bench deals the partitions out to the consumers of a subscription; consumers beyond the partitions are idle'
        : `the broker deals messages out to the consumers of a ${subscriptionType} subscription`,
    ],
  }
}

/** Pulsar, for the registry. */
export const driverModule: DriverModule<PulsarConfig> = {
  name: 'pulsar',
  capabilities: pulsarCapabilities,
  create,
}
