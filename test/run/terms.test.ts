// Goal: what holds for a side comes from whoever knows it best: the topics as made, then the driver, then the local broker.
// Method: the drivers' own statements for settings, a scripted client as the server, and their joining.
import { expect, test } from 'bun:test'
import type { BrokerNode } from '../../src/brokers/broker.ts'
import { releaseOf } from '../../src/brokers/provision/java.ts'
import type { ServerInfo, TopicTerms } from '../../src/driver/driver.ts'
import { kafkaConfigSchema } from '../../src/drivers/kafka/kafka-config.ts'
import { kafkaTerms, kafkaTopicTerms } from '../../src/drivers/kafka/kafka-terms.ts'
import { otlpConfigSchema } from '../../src/drivers/otlp/otlp-config.ts'
import { endpointsOf } from '../../src/drivers/otlp/otlp-endpoints.ts'
import { otlpServerInfo } from '../../src/drivers/otlp/otlp-settings.ts'
import { pulsarConfigSchema } from '../../src/drivers/pulsar/pulsar-config.ts'
import { pulsarTerms } from '../../src/drivers/pulsar/pulsar-terms.ts'
import { type Get, pulsarTopicTerms } from '../../src/drivers/pulsar/pulsar-topic-terms.ts'
import { rabbitmqConfigSchema } from '../../src/drivers/rabbitmq/rabbitmq-config.ts'
import { rabbitmqGuarantees, rabbitmqTerms } from '../../src/drivers/rabbitmq/rabbitmq-terms.ts'
import { knownTerms } from '../../src/run/guarantees.ts'

const kafka = (settings: object) => kafkaConfigSchema.parse(settings)
const rabbitmq = (settings: object) => rabbitmqConfigSchema.parse(settings)

test('a log says its own settings and its brokers', () => {
  expect(kafkaTerms(kafka({}), ['a:9092', 'b:9092'])).toEqual({
    acknowledgedBy: 'copies in sync',
    deduplicates: true,
    batching: { lingerMs: 1, maxBytes: 131_072 },
    compression: 'none',
    consumerAcks: 'offsets, every 1000 ms',
    hosts: ['a:9092', 'b:9092'],
  })
  expect(kafkaTerms(kafka({ acks: 1 }), [])).toMatchObject({
    acknowledgedBy: 'one copy',
    deduplicates: false,
  })
  expect(kafkaTerms(kafka({ acks: 0 }), []).acknowledgedBy).toBe('nobody')
})

/** A topic as the server made it. */
const server = (replicas: number, settings: Record<string, string>) => ({
  describeTopic: async () => ({ leaders: [1], replicas }),
  topicSettings: async () => new Map(Object.entries(settings)),
})

test('of a topic that was made the server knows better than the driver file', async () => {
  const settings = { 'min.insync.replicas': '2', 'flush.messages': '1', 'compression.type': 'producer' }
  expect(await kafkaTopicTerms(server(3, settings), kafka({ compression: 'lz4' }), 't')).toEqual({
    guarantees: { copies: 3, copiesAtAck: 2, syncedAtAck: true },
    terms: { compression: 'lz4' },
  })
  const stored = async (kept: string) =>
    (await kafkaTopicTerms(server(1, { 'compression.type': kept }), kafka({ compression: 'lz4' }), 't')).terms
  expect(await stored('zstd')).toEqual({ compression: 'lz4, stored as zstd' })
  expect(await stored('uncompressed')).toEqual({ compression: 'lz4, stored as none' })
  // It refuses to show settings: what it would say is not known.
  expect(await kafkaTopicTerms(server(2, {}), kafka({}), 't')).toEqual({ guarantees: { copies: 2 } })
  const gone = { describeTopic: async () => null, topicSettings: async () => new Map<string, string>() }
  expect(await kafkaTopicTerms(gone, kafka({}), 't')).toEqual({})
})

test('queues: who has a message follows from what is really declared', () => {
  const by = (settings: object) => rabbitmqTerms(rabbitmq(settings), 'Erlang/OTP 25.2.3').acknowledgedBy
  expect(by({})).toBe('majority of copies')
  expect(by({ queueType: 'stream' })).toBe('majority of copies')
  expect(by({ queueType: 'classic' })).toBe('one copy')
  expect(by({ queueType: 'classic', persistent: false })).toBe('memory')
  expect(by({ confirms: false })).toBe('nobody')
  const overruled = rabbitmq({ queueArguments: { 'x-queue-type': 'classic' } })
  expect(rabbitmqTerms(overruled, undefined).acknowledgedBy).toBe('one copy')
  expect(rabbitmqGuarantees(overruled)).toMatchObject({ copies: 1, copiesAtAck: 1 })
  const three = rabbitmq({ quorumGroupSize: 5, queueArguments: { 'x-quorum-initial-group-size': 3 } })
  expect(rabbitmqGuarantees(three).copies).toBe(3)
  expect(rabbitmqTerms(rabbitmq({ ackMode: 'auto' }), undefined).consumerAcks).toStartWith('none: ')
  expect(rabbitmqTerms(rabbitmq({}), 'Erlang/OTP 25.2.3')).toMatchObject({
    batching: 'none',
    platform: 'Erlang/OTP 25.2.3',
    consumerAcks: 'one for each batch of deliveries, at most 500 open',
  })
})

test('ledgers: what is left to the broker is not known from the driver file', () => {
  const terms = pulsarTerms(pulsarConfigSchema.parse({}))
  expect(terms).toMatchObject({ acknowledgedBy: 'quorum of copies', compression: 'none' })
  expect(terms).not.toHaveProperty('deduplicates')
  const other = pulsarConfigSchema.parse({ topicType: 'non-persistent', batching: 'none', ackGroupMs: 0 })
  expect(pulsarTerms(other)).toMatchObject({
    acknowledgedBy: 'memory',
    batching: 'none',
    consumerAcks: 'individual, at once',
  })
})

test('a gateway acknowledges from memory, unless its queue is on disk or its upstream has answered', () => {
  const info = (settings: object) => {
    const config = otlpConfigSchema.parse(settings)
    return otlpServerInfo(config, endpointsOf(['127.0.0.1:4318'], config))
  }
  expect(info({}).terms).toMatchObject({ acknowledgedBy: 'memory', hosts: ['127.0.0.1:4318'] })
  expect(info({}).guarantees).toEqual({ copies: 0, copiesAtAck: 0, syncedAtAck: false })
  expect(info({ answerMeans: 'stored' }).terms!.acknowledgedBy).toBe('one copy')
  expect(info({ answerMeans: 'stored' }).guarantees).toEqual({ copies: 1, copiesAtAck: 1 })
  expect(info({ answerMeans: 'delivered' }).terms!.acknowledgedBy).toBe('receiver')
})

const info: ServerInfo = {
  version: '1',
  client: 'c 1',
  settings: {},
  notes: [],
  guarantees: { copies: 'every node', copiesAtAck: 'majority' },
  terms: { compression: 'lz4', platform: 'Erlang/OTP 25.2.3' },
}
const broker = {
  nodes: [{}, {}, {}] as BrokerNode[],
  platform: 'OpenJDK 17.0.15',
  guarantees: { syncedAtAck: true },
}
const joined = (topicTerms: TopicTerms | string, stated = info) =>
  knownTerms({ opened: { server: stated, capabilities: {} as never }, topicTerms }, broker)

test('each source goes before those that know less; a refusal is told and harms nothing', () => {
  expect(joined({})).toEqual({
    guarantees: { copies: 3, copiesAtAck: 2, syncedAtAck: true },
    terms: { compression: 'lz4', platform: 'Erlang/OTP 25.2.3' },
    notes: [],
  })
  const made = joined({ guarantees: { copies: 2 }, terms: { compression: 'none', deduplicates: false } })
  expect(made.guarantees).toEqual({ copies: 2, copiesAtAck: 2, syncedAtAck: true })
  expect(made.terms).toMatchObject({ compression: 'none', deduplicates: false })
  const { terms: _terms, ...silent } = info
  expect(joined({}, silent).terms).toEqual({ platform: 'OpenJDK 17.0.15' })
  expect(joined('403 forbidden').notes).toEqual([
    'the server was not asked what holds for these topics: 403 forbidden',
  ])
})

test('no more copies than there are nodes', () => {
  expect(joined({ guarantees: { copies: 5 } }).guarantees).toMatchObject({ copies: 3, copiesAtAck: 2 })
})

test.each([
  ['openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime Environment (build 17)', 'OpenJDK 17.0.15'],
  ['java version "21.0.2" 2024-01-16 LTS\nJava(TM) SE Runtime Environment', 'Java 21.0.2'],
])('%j is a release', (text, release) => {
  expect(releaseOf(text)).toBe(release)
})

/** Pulsar's web service with these answers by path; what is not there is refused. */
function answering(answers: Readonly<Record<string, string>>): Get {
  return (path, read) => {
    const text = answers[path]
    return read(text === undefined ? new Response('no', { status: 404 }) : new Response(text))
  }
}

test('a ledger server tells policies and its Java, of a long text a part at a time; a refusal is no failure', async () => {
  const line =
    'jvm_info{cluster="c",runtime="OpenJDK Runtime Environment",vendor="V",version="21.0.5+11-LTS"} 1.0\n'
  const answers = {
    '/admin/v2/p/t/persistence?applied=true': '{"bookkeeperWriteQuorum":3,"bookkeeperAckQuorum":2}',
    '/admin/v2/p/t/deduplicationEnabled?applied=true': 'true',
    '/metrics/': `${'other_metric{a="b"} 1\n'.repeat(20_000)}${line}`,
  }
  expect(await pulsarTopicTerms(answering(answers), 'p/t', true)).toEqual({
    guarantees: { copies: 3, copiesAtAck: 2 },
    terms: { deduplicates: true, platform: 'OpenJDK 21.0.5' },
  })
  expect(await pulsarTopicTerms(answering({}), 'p/t', true)).toEqual({ guarantees: {}, terms: {} })
  expect((await pulsarTopicTerms(answering(answers), 'p/t', false)).guarantees).toEqual({})
  const strange = { ...answers, '/admin/v2/p/t/persistence?applied=true': '{"bookkeeperWriteQuorum":"3"}' }
  expect((await pulsarTopicTerms(answering(strange), 'p/t', true)).guarantees).toEqual({})
})
