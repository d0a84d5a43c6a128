import { parseJavaProperties } from '../../driver/java-properties.ts'
import type { OmbTranslation } from '../registry.ts'
import { BATCH_BYTES_LIMIT } from './kafka-config.ts'
import { translateSecurity } from './kafka-omb-security.ts'

/** What a translation collects on its way. */
export interface Draft {
  readonly config: Record<string, unknown>
  readonly ignored: string[]
  servers: string[] | null
}

/** Takes one property's value over, or says why it has no meaning here. */
type Rule = (value: string, draft: Draft) => string | undefined

const number =
  (field: string): Rule =>
  (value, draft) => {
    const parsed = Number(value)
    if (!Number.isFinite(parsed)) return `expected a number, got ${value}`
    draft.config[field] = parsed
    return undefined
  }
const without =
  (reason: string): Rule =>
  () =>
    reason

const COMMON: Readonly<Record<string, Rule>> = {
  'bootstrap.servers': (value, draft) => {
    draft.servers = value.split(',').map((server) => server.trim().replace(/^[A-Z_]+:\/\//, ''))
    return undefined
  },
  'request.timeout.ms': number('requestTimeoutMs'),
  'default.api.timeout.ms': without('every wait of bench has a limit of its own'),
  'client.id': without('bench names its clients itself, one a producer or consumer'),
  'metric.reporters': without('a Java class'),
}

const PRODUCER: Readonly<Record<string, Rule>> = {
  acks: (value, draft) => {
    draft.config.acks = value === 'all' || value === '-1' ? 'all' : Number(value)
    return undefined
  },
  'linger.ms': number('lingerMs'),
  'batch.size': (value, draft) => {
    const bytes = Number(value)
    if (!Number.isFinite(bytes)) return `expected a number, got ${value}`
    draft.config.batchBytes = Math.min(Math.max(1, bytes), BATCH_BYTES_LIMIT)
    return bytes > BATCH_BYTES_LIMIT
      ? `taken as ${BATCH_BYTES_LIMIT}: a batch must stay below the broker's message.max.bytes`
      : undefined
  },
  'compression.type': (value, draft) => {
    draft.config.compression = value
    return undefined
  },
  'enable.idempotence': (value, draft) => {
    draft.config.idempotent = value === 'true'
    return undefined
  },
  'max.in.flight.requests.per.connection': number('maxInFlightRequests'),
  'delivery.timeout.ms': number('deliveryTimeoutMs'),
  'buffer.memory': number('maxPendingBytes'),
  retries: without('retries go on until deliveryTimeoutMs, and only when they cannot duplicate'),
  'retry.backoff.ms': without('the back-off is fixed'),
  'max.block.ms': without('send never blocks: what is not taken stays in the schedule'),
  'max.request.size': without('requests stay below 1 MiB by themselves'),
  'transactional.id': without('transactions are not supported'),
  'partitioner.class': without('the engine or the key chooses the partition'),
}

const CONSUMER: Readonly<Record<string, Rule>> = {
  'auto.offset.reset': without('the workload says where a new subscription starts'),
  'enable.auto.commit': without('offsets are committed at commitIntervalMs, as OMB does after each poll'),
  'auto.commit.interval.ms': number('commitIntervalMs'),
  'max.partition.fetch.bytes': number('maxBytesPerPartition'),
  'fetch.min.bytes': number('fetchMinBytes'),
  'fetch.max.wait.ms': number('fetchMaxWaitMs'),
  'fetch.max.bytes': without('bounded by maxBytesPerPartition times the partitions'),
  'session.timeout.ms': number('sessionTimeoutMs'),
  'heartbeat.interval.ms': without('500 ms, or a tenth of sessionTimeoutMs when that is less'),
  'max.poll.records': without('there is no poll: what a fetch brings is handed over at once'),
  'max.poll.interval.ms': without('there is no poll'),
  'group.protocol': (value, draft) => {
    draft.config.groupProtocol = value.toLowerCase()
    return undefined
  },
  'isolation.level': without('there are no transactions'),
  'receive.buffer.bytes': without('left to the operating system'),
}

const TOP_LEVEL = [
  'name',
  'driverClass',
  'replicationFactor',
  'topicConfig',
  'commonConfig',
  'producerConfig',
  'consumerConfig',
]

/**
 * Translates an OMB driver file of Kafka: the four blocks of Java properties become our fields, and every property
 * without a meaning here is named with the reason.
 */
export function kafkaFromOmb(raw: Readonly<Record<string, unknown>>): OmbTranslation {
  const draft: Draft = { config: {}, ignored: [], servers: null }
  const common = block(raw, 'commonConfig', draft)
  const of = (rules: Readonly<Record<string, Rule>>) =>
    [...common].filter(([key]) => rules[key] !== undefined || !(key in PRODUCER || key in CONSUMER))
  apply(new Map([...of(PRODUCER), ...block(raw, 'producerConfig', draft)]), PRODUCER, 'producerConfig', draft)
  apply(new Map([...of(CONSUMER), ...block(raw, 'consumerConfig', draft)]), CONSUMER, 'consumerConfig', draft)
  translateSecurity(common, draft)
  const topicConfig = Object.fromEntries(block(raw, 'topicConfig', draft))
  if (Object.keys(topicConfig).length > 0) draft.config.topicConfig = topicConfig
  if (typeof raw.replicationFactor === 'number') {
    draft.config.replicationFactor = raw.replicationFactor
    if (raw.replicationFactor > 1)
      draft.ignored.push(
        `replicationFactor: kept as ${raw.replicationFactor}, which needs that many brokers: with one broker override it (replicationFactor=1, topicConfig={}) or use --topology cluster`,
      )
  }
  for (const key of Object.keys(raw)) {
    if (!TOP_LEVEL.includes(key)) draft.ignored.push(`${key}: not a field of OMB's Kafka driver`)
  }
  return { config: draft.config, servers: draft.servers, ignored: [...new Set(draft.ignored)] }
}

function block(raw: Readonly<Record<string, unknown>>, name: string, draft: Draft): Map<string, string> {
  const text = raw[name]
  if (typeof text === 'string') return parseJavaProperties(text)
  if (text !== undefined && text !== null) draft.ignored.push(`${name}: expected Java properties as text`)
  return new Map()
}

function apply(
  properties: ReadonlyMap<string, string>,
  rules: Readonly<Record<string, Rule>>,
  where: string,
  draft: Draft,
): void {
  for (const [key, value] of properties) {
    if (/^(sasl|ssl|security)\./.test(key)) continue
    const rule = rules[key] ?? COMMON[key]
    const reason = rule === undefined ? 'has no counterpart here' : rule(value, draft)
    if (reason !== undefined)
      draft.ignored.push(`${rules[key] || !COMMON[key] ? `${where}.` : ''}${key}: ${reason}`)
  }
}
