import { messageOf } from '../../../errors/app-error.ts'
import { PRODUCE_VERSIONS } from '../wire/produce.ts'
import type { ClientOptions, KafkaClient } from './client.ts'
import { createPlatformaticConsumer } from './platformatic-consume.ts'
import { createTopicNodes } from './platformatic-nodes.ts'
import { createProduceLink } from './platformatic-produce.ts'

const CONNECT_LIMIT_MS = 5000
const ADMIN_REQUEST_LIMIT_MS = 15_000
const RETRIES = 3
/** A member hears of a rebalance with its next heartbeat: short, so that groups are complete soon. */
const HEARTBEAT_MS = 500
const RETRY_DELAY_MS = 200
/** A fetch waits this long beyond what the broker was asked to. */
const FETCH_MARGIN_MS = 5000

/** `@platformatic/kafka`, with produce and fetch requests of our own over its connections. */
export async function createPlatformaticClient(options: ClientOptions): Promise<KafkaClient> {
  const library = await import('@platformatic/kafka')
  const { config, servers, clientId } = options
  const network = {
    connectTimeout: CONNECT_LIMIT_MS,
    ...(options.tls === null
      ? {}
      : { tls: options.tls, ...(options.tls.servername ? { tlsServerName: options.tls.servername } : {}) }),
    ...(config.sasl === undefined
      ? {}
      : {
          sasl: {
            mechanism: config.sasl.mechanism,
            username: config.sasl.username,
            password: options.password ?? '',
          },
        }),
  }
  const base = { ...network, bootstrapBrokers: [...servers], retries: RETRIES, retryDelay: RETRY_DELAY_MS }
  const admin = new library.Admin({
    ...base,
    clientId,
    retries: 0,
    requestTimeout: ADMIN_REQUEST_LIMIT_MS,
    timeout: ADMIN_REQUEST_LIMIT_MS,
  })
  let produceVersion: number = PRODUCE_VERSIONS.to

  function nodesFor(topic: string, name: string, requestTimeoutMs: number) {
    const pool = new library.ConnectionPool(name, {
      ...network,
      requestTimeout: requestTimeoutMs,
      maxInflights: config.maxInFlightRequests,
    })
    return createTopicNodes(library, admin, pool, topic)
  }

  async function settingsOf(type: 'BROKER' | 'TOPIC', resourceName: string): Promise<Map<string, string>> {
    const settings = new Map<string, string>()
    const resource = { resourceType: library.ConfigResourceTypes[type], resourceName }
    const described = await admin.describeConfigs({ resources: [resource] }).catch(() => [])
    for (const { name, value } of described[0]?.configs ?? []) if (value) settings.set(name, value)
    return settings
  }

  async function offsetsAt(topic: string, partitions: number, timestamp: bigint): Promise<number[]> {
    const asked = Array.from({ length: partitions }, (_, partitionIndex) => ({ partitionIndex, timestamp }))
    const [listed] = await admin.listOffsets({ topics: [{ name: topic, partitions: asked }] })
    const offsets = new Map(
      listed?.partitions.map(({ partitionIndex, offset }) => [partitionIndex, Number(offset)]),
    )
    return asked.map(({ partitionIndex }) => offsets.get(partitionIndex) ?? 0)
  }

  return {
    version: `@platformatic/kafka ${library.clientSoftwareVersion}`,
    async connect() {
      const metadata = await admin.metadata({ topics: [], forceUpdate: true, retries: 0 })
      const produce = (await admin.listApis()).find(({ apiKey }) => apiKey === PRODUCE_VERSIONS.key)
      produceVersion = Math.min(produce?.maxVersion ?? PRODUCE_VERSIONS.to, PRODUCE_VERSIONS.to)
      if (produceVersion < PRODUCE_VERSIONS.from)
        throw new Error(`the broker is too old: it speaks Produce up to ${produceVersion}`)
      return {
        brokerCount: metadata.brokers.size,
        brokers: [...metadata.brokers.values()].map(({ host, port }) => `${host}:${port}`),
        controllerId: metadata.controllerId,
      }
    },
    async brokerSettings() {
      const node = admin.currentMetadata?.brokers.keys().next().value
      return node === undefined ? new Map() : await settingsOf('BROKER', String(node))
    },
    topicSettings: (name) => settingsOf('TOPIC', name),
    async createTopics(topics) {
      const configs = Object.entries(config.topicConfig).map(([name, value]) => ({ name, value }))
      await admin.createTopics({
        topics: topics.map(({ name, partitions, replicationFactor }) => ({
          topic: name,
          partitions,
          replicas: replicationFactor,
        })),
        configs,
      })
    },
    async deleteTopics(names) {
      for (const name of names) {
        try {
          await admin.deleteTopics({ topics: [name] })
        } catch (error) {
          if (!library.findErrorBy(error as Error, 'apiId', 'UNKNOWN_TOPIC_OR_PARTITION')) throw error
        }
      }
    },
    async describeTopic(name) {
      try {
        const metadata = await admin.metadata({ topics: [name], forceUpdate: true, retries: 0 })
        const partitions = metadata.topics.get(name)?.partitions ?? []
        return {
          leaders: partitions.map((partition) => partition?.leader ?? -1),
          replicas: partitions[0]?.replicas.length ?? 0,
        }
      } catch (error) {
        options.log(`kafka: topic ${name} is not known yet: ${messageOf(error)}`)
        return null
      }
    },
    async logRanges(topic, partitions) {
      const { EARLIEST, LATEST } = library.ListOffsetTimestamps
      const [starts, ends] = await Promise.all([
        offsetsAt(topic, partitions, EARLIEST),
        offsetsAt(topic, partitions, LATEST),
      ])
      return starts.map((start, partition) => ({ start, end: ends[partition]! }))
    },
    async committedOffsets(groupId, topic, partitions) {
      const partitionIndexes = Array.from({ length: partitions }, (_, partition) => partition)
      const groups = await admin.listConsumerGroupOffsets({
        groups: [{ groupId, topics: [{ name: topic, partitionIndexes }] }],
      })
      const found = groups[0]?.topics.find(({ name }) => name === topic)?.partitions ?? []
      const offsets = found.map(({ partitionIndex, committedOffset }): [number, number] => [
        partitionIndex,
        Number(committedOffset),
      ])
      return new Map(offsets.filter(([, offset]) => offset >= 0))
    },
    openProducer(topic, _partitions, name) {
      const nodes = nodesFor(topic, name, config.requestTimeoutMs)
      return createProduceLink(library, nodes, topic, produceVersion, options)
    },
    openConsumer(spec, groupId, signal) {
      const group = new library.Consumer({
        ...base,
        clientId: spec.name,
        groupId,
        requestTimeout: config.requestTimeoutMs,
        sessionTimeout: config.sessionTimeoutMs,
        rebalanceTimeout: Math.max(60_000, config.sessionTimeoutMs),
        heartbeatInterval: Math.min(HEARTBEAT_MS, Math.max(1, Math.floor(config.sessionTimeoutMs / 10))),
        autocommit: false,
        ...(config.groupProtocol === 'consumer' ? { groupProtocol: 'consumer' as const } : {}),
      })
      const nodes = nodesFor(
        spec.topic,
        spec.name,
        config.requestTimeoutMs + config.fetchMaxWaitMs + FETCH_MARGIN_MS,
      )
      return createPlatformaticConsumer({ library, admin, group, nodes, options }, spec, signal)
    },
    close: () => admin.close(),
  }
}
