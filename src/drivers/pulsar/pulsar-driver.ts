import type { Driver, DriverContext, DriverModule, ServerInfo } from '../../driver/driver.ts'
import { AppError } from '../../errors/app-error.ts'
import { createClient } from './client/client.ts'
import { loadLibrary, missingLibrary } from './official/library.ts'
import { officialSession } from './official/official-session.ts'
import { createAdmin } from './pulsar-admin.ts'
import { pulsarCapabilities } from './pulsar-capabilities.ts'
import type { PulsarConfig } from './pulsar-config.ts'
import { pulsarError } from './pulsar-errors.ts'
import { nativeSession, type PulsarSession } from './pulsar-session.ts'
import { addressesOf, type PulsarAddresses, tlsOf, tokenOf } from './pulsar-settings.ts'
import { pulsarGuarantees, pulsarTerms } from './pulsar-terms.ts'

/** The contract allows 15 s for a server that does not answer. */
const OPEN_TIMEOUT_MS = 14_000
const CONNECT_TIMEOUT_MS = 10_000

function create(context: DriverContext<PulsarConfig>): Driver {
  const { config } = context
  let session: PulsarSession | null = null
  let addresses: PulsarAddresses = { brokers: [], adminUrls: [] }

  function connected(): PulsarSession {
    if (session !== null) return session
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
      const official = config.client === 'native' ? null : await loadLibrary()
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
        if (official === null) {
          session = nativeSession(fresh, config)
        } else {
          // The package cannot say who answers: our own client's handshake did, and has done its part.
          fresh.close()
          const target = { brokers: addresses.brokers, token, connectTimeoutMs: CONNECT_TIMEOUT_MS }
          session = officialSession(official, target, config)
        }
        return serverInfo(config, version, session)
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
    topicTerms: async ([topic], signal) => (topic === undefined ? {} : await admin().terms(topic, signal)),
    topicFigures: (topics, signal) => Promise.all(topics.map((topic) => admin().figures(topic, signal))),
    createProducer: (spec, signal) =>
      explain(`take a producer of topic ${spec.topic}`, signal, connected().createProducer(spec, signal)),
    createConsumer: (spec, signal) =>
      explain(
        `let subscription ${spec.subscription} of topic ${spec.topic} be read`,
        signal,
        connected().createConsumer(spec, signal),
      ),
    async close(signal) {
      const last = session
      session = null
      await last?.close(signal)
    },
  }
}

function serverInfo(config: PulsarConfig, version: string, session: PulsarSession): ServerInfo {
  const { persistence, retention, subscriptionType } = config
  return {
    version: /(\d+\.\d+\.\d+\S*)/.exec(version)?.[1] ?? (version === '' ? 'unknown' : version),
    client: session.clientName,
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
    guarantees: pulsarGuarantees(config),
    terms: pulsarTerms(config),
    notes: [
      ...(config.topicType === 'persistent'
        ? []
        : [
            'non-persistent topics: nothing is stored, so an acknowledged message may be lost (at most once)',
          ]),
      subscriptionType === 'exclusive'
        ? 'bench deals the partitions out to the consumers of a subscription; consumers beyond the partitions are idle'
        : `the broker deals messages out to the consumers of a ${subscriptionType} subscription`,
      ...session.notes,
    ],
  }
}

/** Pulsar, for the registry. */
export const driverModule: DriverModule<PulsarConfig> = {
  name: 'pulsar',
  capabilities: pulsarCapabilities,
  missing: (config) => (config.client === 'native' ? Promise.resolve(null) : missingLibrary()),
  create,
}
