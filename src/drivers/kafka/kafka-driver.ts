import { readFile } from 'node:fs/promises'
import { doneWithin, orAborted } from '../../driver/abort.ts'
import type {
  Consumer,
  Driver,
  DriverContext,
  DriverModule,
  Producer,
  ServerInfo,
} from '../../driver/driver.ts'
import { AppError, messageOf } from '../../errors/app-error.ts'
import type { ClientOptions, ClusterInfo, KafkaClient, TlsMaterial } from './clients/client.ts'
import { createTopics, onceKnown, replicationFactor } from './kafka-admin.ts'
import { kafkaCapabilities } from './kafka-capabilities.ts'
import { BATCH_BYTES_LIMIT, isIdempotent, type KafkaConfig } from './kafka-config.ts'
import { authorisationError, connectError, isAuthorisation } from './kafka-errors.ts'
import { figuresOf } from './kafka-figures.ts'
import { kafkaGuarantees } from './kafka-guarantees.ts'
import { createKafkaProducer } from './kafka-producer.ts'
import { kafkaTerms, kafkaTopicTerms } from './kafka-terms.ts'

/** `open` gives up after this long. */
const OPEN_LIMIT_MS = 12_000
const CLOSE_LIMIT_MS = 5000
/** Room for the header of a batch below the broker's limit. */
const BATCH_MARGIN_BYTES = 1024

/** Settings of the server that go into the result. */
const SHOWN_SETTINGS = [
  'min.insync.replicas',
  'log.flush.interval.messages',
  'num.network.threads',
  'num.io.threads',
  'message.max.bytes',
]

/** The Kafka driver. */
export const driverModule: DriverModule<KafkaConfig> = {
  name: 'kafka',
  capabilities: kafkaCapabilities,
  create: createKafkaDriver,
}

function createKafkaDriver(context: DriverContext<KafkaConfig>): Driver {
  const { config } = context
  let client: KafkaClient | null = null
  let cluster: ClusterInfo | null = null
  let batchBytesLimit = BATCH_BYTES_LIMIT
  const parts = new Set<Producer | Consumer>()

  function opened(): { client: KafkaClient; cluster: ClusterInfo } {
    if (client === null || cluster === null)
      throw new AppError('CONTRACT', 'expected open before any other call')
    return { client, cluster }
  }

  /** Names carry the prefix of the trial, whoever put it there. */
  const named = (name: string) =>
    name.startsWith(context.namePrefix) ? name : `${context.namePrefix}${name}`

  const groupOf = (subscription: string, topic: string) => `${named(subscription)}.${topic}`

  return {
    capabilities: kafkaCapabilities(config),
    async open(signal) {
      const options = await clientOptions(context)
      const limit = AbortSignal.any([signal, AbortSignal.timeout(OPEN_LIMIT_MS)])
      const made = await loadClient(options)
      client = made
      try {
        cluster = await orAborted(made.connect(), limit)
        const settings = await orAborted(made.brokerSettings(), limit)
        const maxBytes = Number(config.topicConfig['max.message.bytes'] ?? settings.get('message.max.bytes'))
        if (maxBytes > BATCH_MARGIN_BYTES)
          batchBytesLimit = Math.min(BATCH_BYTES_LIMIT, maxBytes - BATCH_MARGIN_BYTES)
        return serverInfo(config, made.version, cluster, settings)
      } catch (error) {
        signal.throwIfAborted()
        throw connectError(
          limit.aborted ? new Error(`no answer within ${OPEN_LIMIT_MS / 1000} s`) : error,
          context.servers,
        )
      }
    },
    async createTopics(topics, signal) {
      const { client, cluster } = opened()
      await createTopics(
        client,
        config,
        cluster,
        topics.map((topic) => ({ ...topic, name: named(topic.name) })),
        signal,
      )
    },
    async deleteTopics(topics, signal) {
      await orAborted(opened().client.deleteTopics(topics.map(({ name }) => named(name))), signal)
    },
    async topicTerms([topic], signal) {
      if (topic === undefined) return {}
      return await orAborted(kafkaTopicTerms(opened().client, config, named(topic.name)), signal)
    },
    async topicFigures(topics, signal) {
      const { client } = opened()
      const figures = topics.map(async (topic) => {
        const name = named(topic.name)
        const found = await figuresOf(client, { ...topic, name }, (subscription) =>
          groupOf(subscription, name),
        )
        return { ...found, topic: topic.name }
      })
      return await orAborted(Promise.all(figures), signal)
    },
    async createProducer(spec, signal) {
      const topic = named(spec.topic)
      try {
        const link = await onceKnown(
          () => orAborted(opened().client.openProducer(topic, spec.partitions, spec.name), signal),
          signal,
        )
        const producer = createKafkaProducer(spec, link, { config, batchBytesLimit })
        parts.add(producer)
        return producer
      } catch (error) {
        signal.throwIfAborted()
        if (isAuthorisation(error)) throw authorisationError(`to write to ${topic}`, error)
        throw connectError(error, context.servers)
      }
    },
    async createConsumer(spec, signal) {
      const topic = named(spec.topic)
      const groupId = groupOf(spec.subscription, topic)
      try {
        const consumer = await onceKnown(
          () => opened().client.openConsumer({ ...spec, topic }, groupId, signal),
          signal,
        )
        parts.add(consumer)
        return consumer
      } catch (error) {
        signal.throwIfAborted()
        if (isAuthorisation(error)) throw authorisationError(`to read ${topic}`, error)
        throw connectError(error, context.servers)
      }
    },
    async close(signal) {
      const closing = client
      client = null
      await Promise.allSettled([...parts].map((part) => part.close(signal)))
      parts.clear()
      if (closing !== null) await doneWithin(closing.close(), CLOSE_LIMIT_MS, signal)
    },
  }
}

async function loadClient(options: ClientOptions): Promise<KafkaClient> {
  if (options.config.client === 'kafkajs')
    return (await import('./clients/kafkajs.ts')).createKafkajsClient(options)
  return (await import('./clients/platformatic.ts')).createPlatformaticClient(options)
}

async function clientOptions(context: DriverContext<KafkaConfig>): Promise<ClientOptions> {
  const { config, servers, namePrefix, log } = context
  return {
    config,
    servers,
    log,
    clientId: `${namePrefix}admin`,
    password: passwordOf(config),
    tls: await tlsOf(config),
  }
}

function passwordOf(config: KafkaConfig): string | null {
  if (config.sasl === undefined) return null
  const { password, passwordEnv } = config.sasl
  const found = password ?? process.env[passwordEnv ?? '']
  if (found !== undefined) return found
  throw new AppError(
    'CONFIG',
    `expected the kafka password in the environment variable ${passwordEnv}, it is not set`,
    {
      hint: `export ${passwordEnv}=… before the run`,
    },
  )
}

async function tlsOf(config: KafkaConfig): Promise<TlsMaterial | null> {
  const { tls } = config
  if (tls === undefined) return null
  return {
    rejectUnauthorized: tls.rejectUnauthorized,
    ...(tls.caFile === undefined ? {} : { ca: await pem(tls.caFile, 'tls.caFile') }),
    ...(tls.certFile === undefined ? {} : { cert: await pem(tls.certFile, 'tls.certFile') }),
    ...(tls.keyFile === undefined ? {} : { key: await pem(tls.keyFile, 'tls.keyFile') }),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
  }
}

async function pem(file: string, field: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new AppError('CONFIG', `expected a PEM file for ${field}, got: ${messageOf(error)}`, {
      hint: 'give a path that exists, absolute or from where bench is started',
    })
  }
}

function serverInfo(
  config: KafkaConfig,
  clientVersion: string,
  cluster: ClusterInfo,
  found: ReadonlyMap<string, string>,
): ServerInfo {
  const factor = Math.min(
    config.replicationFactor ?? replicationFactor(config, cluster.brokerCount),
    cluster.brokerCount,
  )
  const settings: Record<string, string> = {
    brokers: String(cluster.brokerCount),
    replicationFactor: String(factor),
  }
  for (const name of SHOWN_SETTINGS) {
    const value = config.topicConfig[name] ?? found.get(name)
    if (value !== undefined) settings[name] = value
  }
  return {
    version: versionOf(found),
    settings,
    client: clientVersion,
    notes: notes(config),
    guarantees: kafkaGuarantees(config, factor, found),
    terms: kafkaTerms(config, cluster.brokers),
  }
}

/** The protocol has no call for the server's version; the feature level that brokers of one release speak comes nearest. */
function versionOf(found: ReadonlyMap<string, string>): string {
  return found.get('inter.broker.protocol.version') ?? 'unknown'
}

function notes(config: KafkaConfig): string[] {
  const notes: string[] = []
  if (config.acks === 0)
    notes.push('acks 0: a message counts as acknowledged once it was handed to the socket (at most once)')
  if (config.acks === 1)
    notes.push('acks 1: the leader alone acknowledges; what it had not replicated is lost with it')
  if (!isIdempotent(config))
    notes.push('not idempotent: what may have been written is never sent again, it counts as unknown')
  if (config.client === 'kafkajs') notes.push('kafkajs: one batch of a partition is under way at a time')
  return notes
}
