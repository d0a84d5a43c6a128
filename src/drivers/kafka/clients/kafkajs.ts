import { deepText, kindOfFailure } from '../kafka-errors.ts'
import type { ClientOptions, KafkaClient } from './client.ts'
import { createKafkajsConsumer } from './kafkajs-consume.ts'
import { loadKafkajs, makeKafka } from './kafkajs-library.ts'
import { createKafkajsLink } from './kafkajs-produce.ts'

const ADMIN_REQUEST_LIMIT_MS = 15_000
const FETCH_MARGIN_MS = 5000
const HEARTBEAT_MS = 500
const TOPIC_RESOURCE = 2
const BROKER_RESOURCE = 4
/** What kafkajs logs as errors although it is part of joining a group. */
const USUAL = /rebalanc|coordinator|does not host this topic|member id|MEMBER_ID/i

/** kafkajs, the cross-check: other code, older protocol versions, the same driver around it. */
export async function createKafkajsClient(options: ClientOptions): Promise<KafkaClient> {
  const library = await loadKafkajs()
  const { config, log } = options
  const { version } = (await import('kafkajs/package.json')) as { version: string }
  let lastError = ''
  const note = ({ text }: { text: string }) => {
    lastError = text
    log(`kafkajs: ${text}`)
  }
  const kafka = makeKafka(library, options, options.clientId, note, ADMIN_REQUEST_LIMIT_MS)
  const admin = kafka.admin({ retry: { retries: 1 } })
  let firstBroker: string | null = null

  async function settingsOf(type: number, name: string): Promise<Map<string, string>> {
    const settings = new Map<string, string>()
    const described = await admin
      .describeConfigs({ resources: [{ type, name }], includeSynonyms: false })
      .catch(() => null)
    for (const { configName, configValue } of described?.resources[0]?.configEntries ?? [])
      if (configValue) settings.set(configName, configValue)
    return settings
  }

  return {
    version: `kafkajs ${version}`,
    async connect() {
      try {
        await admin.connect()
      } catch (error) {
        throw new Error(`${deepText(error)} ${lastError}`, { cause: error })
      }
      const { brokers, controller } = await admin.describeCluster()
      firstBroker = String(brokers[0]?.nodeId ?? '')
      return {
        brokerCount: brokers.length,
        brokers: brokers.map(({ host, port }) => `${host}:${port}`),
        controllerId: controller ?? -1,
      }
    },
    brokerSettings: () => settingsOf(BROKER_RESOURCE, firstBroker ?? ''),
    topicSettings: (name) => settingsOf(TOPIC_RESOURCE, name),
    async createTopics(topics) {
      const configEntries = Object.entries(config.topicConfig).map(([name, value]) => ({ name, value }))
      const made = await admin.createTopics({
        waitForLeaders: false,
        topics: topics.map(({ name, partitions, replicationFactor }) => ({
          topic: name,
          numPartitions: partitions,
          replicationFactor,
          configEntries,
        })),
      })
      if (!made) throw new Error('a topic already exists')
    },
    async deleteTopics(names) {
      for (const name of names) {
        try {
          await admin.deleteTopics({ topics: [name] })
        } catch (error) {
          if (!/UNKNOWN_TOPIC_OR_PARTITION|does not host/.test(deepText(error))) throw error
        }
      }
    },
    async describeTopic(name) {
      try {
        const { topics } = await admin.fetchTopicMetadata({ topics: [name] })
        const partitions = topics[0]?.partitions ?? []
        return {
          leaders: partitions.map(({ leader }) => leader),
          replicas: partitions[0]?.replicas.length ?? 0,
        }
      } catch {
        return null
      }
    },
    async logRanges(topic, partitions) {
      const ranges = Array.from({ length: partitions }, () => ({ start: 0, end: 0 }))
      for (const { partition, low, high } of await admin.fetchTopicOffsets(topic))
        ranges[partition] = { start: Number(low), end: Number(high) }
      return ranges
    },
    async committedOffsets(groupId, topic) {
      const [found] = await admin.fetchOffsets({ groupId, topics: [topic] })
      const offsets = (found?.partitions ?? []).map(({ partition, offset }): [number, number] => [
        partition,
        Number(offset),
      ])
      return new Map(offsets.filter(([, offset]) => offset >= 0))
    },
    openProducer(topic, _partitions, name) {
      const own = makeKafka(library, options, name, note)
      return createKafkajsLink(own, admin, topic, options)
    },
    openConsumer(spec, groupId, signal) {
      const onLog = ({ isError, text }: { isError: boolean; text: string }) => {
        log(`kafkajs: ${text}`)
        if (isError && !USUAL.test(text)) spec.onError(kindOfFailure(new Error(text)))
      }
      const timeoutMs = config.requestTimeoutMs + config.fetchMaxWaitMs + FETCH_MARGIN_MS
      const group = makeKafka(library, options, spec.name, onLog, timeoutMs).consumer({
        groupId,
        allowAutoTopicCreation: false,
        sessionTimeout: config.sessionTimeoutMs,
        rebalanceTimeout: Math.max(60_000, config.sessionTimeoutMs),
        heartbeatInterval: Math.min(HEARTBEAT_MS, Math.max(1, Math.floor(config.sessionTimeoutMs / 10))),
        maxBytesPerPartition: config.maxBytesPerPartition,
        minBytes: config.fetchMinBytes,
        maxWaitTimeInMs: config.fetchMaxWaitMs,
        retry: { restartOnFailure: async () => true },
      })
      return createKafkajsConsumer({ admin, group, groupId, options }, spec, signal)
    },
    close: () => admin.disconnect(),
  }
}
