// Goal: a driver file's settings mean what they say: defaults, contradictions, addresses, OMB's fields, partitions dealt.
// Method: the schema and the pure functions, on OMB's stock file and on wrong input.
import { expect, test } from 'bun:test'
import type { ConsumerSpec } from '../../../src/driver/driver.ts'
import { javaStringHash } from '../../../src/drivers/pulsar/client/router.ts'
import { pulsarCapabilities } from '../../../src/drivers/pulsar/pulsar-capabilities.ts'
import { pulsarConfigSchema } from '../../../src/drivers/pulsar/pulsar-config.ts'
import { partitionsOf } from '../../../src/drivers/pulsar/pulsar-consumer.ts'
import { pulsarFromOmb } from '../../../src/drivers/pulsar/pulsar-omb.ts'
import { addressesOf, tokenOf } from '../../../src/drivers/pulsar/pulsar-settings.ts'

const parse = (settings: object) => pulsarConfigSchema.parse(settings)

const STOCK_OMB = {
  client: {
    serviceUrl: 'pulsar+ssl://broker-1:6651,broker-2',
    httpUrl: 'https://broker-1:8443',
    ioThreads: 8,
    connectionsPerBroker: 8,
    clusterName: 'local',
    namespacePrefix: 'benchmark/ns',
    topicType: 'persistent',
    persistence: { ensembleSize: 3, writeQuorum: 3, ackQuorum: 2, deduplicationEnabled: true },
    tlsAllowInsecureConnection: false,
    tlsTrustCertsFilePath: '/certs/ca.pem',
    authentication: { plugin: 'org.apache.pulsar.client.impl.auth.AuthenticationToken', data: 'token:abc' },
  },
  producer: {
    batchingEnabled: true,
    batchingMaxPublishDelayMs: 1,
    blockIfQueueFull: true,
    pendingQueueSize: 0,
  },
  consumer: { receiverQueueSize: 10_000, subscriptionType: 'Failover' },
}

test("OMB's fields are understood, and what has no meaning here is named", () => {
  const { config, servers, ignored } = pulsarFromOmb(STOCK_OMB)
  expect(servers).toEqual(['broker-1:6651', 'broker-2:6651'])
  expect(config).toEqual({
    tls: { rejectUnauthorized: true, caFile: '/certs/ca.pem' },
    adminUrl: 'https://broker-1:8443',
    connectionsPerBroker: 8,
    namespace: 'benchmark/ns',
    topicType: 'persistent',
    persistence: { ensembleSize: 3, writeQuorum: 3, ackQuorum: 2 },
    deduplication: true,
    token: 'abc',
    batching: 'default',
    batchDelayMs: 1,
    batchBytes: 1_048_576,
    receiverQueueSize: 10_000,
    subscriptionType: 'failover',
  })
  expect(parse(config)).toMatchObject({ compression: 'none', ackMode: 'individual' })
  const named = ignored.map((line) => line.split(':')[0])
  expect(named.sort()).toEqual([
    'client.clusterName',
    'client.ioThreads',
    'client.namespacePrefix',
    'client.persistence',
    'producer.blockIfQueueFull',
    'producer.pendingQueueSize',
  ])
})

test("OMB's unknown fields, plugins and addresses are named, not swallowed", () => {
  const { config, servers, ignored } = pulsarFromOmb({
    client: { serviceUrl: 'http://x', authentication: { plugin: 'a.b.Athenz' }, colour: 1 },
    consumer: { subscriptionType: 'Key_Shared' },
  })
  expect(servers).toBeNull()
  expect(config).toMatchObject({ subscriptionType: 'key_shared', batching: 'key' })
  expect(ignored.length).toBe(4)
  expect(() => parse(config)).not.toThrow()
})

test('non-persistent topics promise nothing, and have nothing to persist', () => {
  expect(pulsarCapabilities(parse({ topicType: 'non-persistent' }))).toMatchObject({
    delivery: 'at-most-once',
    redelivers: false,
    replay: false,
  })
  const client = { ...STOCK_OMB.client, topicType: 'non-persistent' }
  const { config, ignored } = pulsarFromOmb({ ...STOCK_OMB, client })
  expect(parse(config).topicType).toBe('non-persistent')
  expect(ignored.filter((line) => line.includes('non-persistent'))).toHaveLength(1)
})

test('contradictions are refused', () => {
  const broken = [
    { subscriptionType: 'shared', ackMode: 'cumulative' },
    { subscriptionType: 'key_shared' },
    { token: 'a', tokenEnv: 'B' },
    { namespace: 'no-tenant' },
    { persistence: { ensembleSize: 1, writeQuorum: 2, ackQuorum: 1 } },
    { topicType: 'non-persistent', retention: { minutes: 1, megabytes: 1 } },
    { batchMesages: 1 },
  ]
  for (const settings of broken) expect(pulsarConfigSchema.safeParse(settings).success).toBe(false)
})

test('servers are brokers or admin interfaces', () => {
  const config = parse({})
  expect(addressesOf(['a:1', 'http://a:2', 'pulsar://b'], config)).toEqual({
    brokers: ['a:1', 'b:6650'],
    adminUrls: ['http://a:2'],
  })
  expect(addressesOf(['a:1'], config).adminUrls).toEqual(['http://a:8080'])
  expect(addressesOf(['a:1', 'http://a:2'], parse({ adminUrl: 'http://c:3' })).adminUrls).toEqual([
    'http://c:3',
  ])
  expect(() => addressesOf(['http://a:2'], config)).toThrow('at least one Pulsar broker')
})

test('a token that is not there is told with its variable', () => {
  expect(tokenOf(parse({ token: 'x' }))).toBe('x')
  expect(tokenOf(parse({}))).toBeNull()
  expect(() => tokenOf(parse({ tokenEnv: 'BENCH_NO_SUCH_TOKEN' }))).toThrow('BENCH_NO_SUCH_TOKEN')
})

test('an exclusive subscription deals every partition to exactly one consumer', () => {
  for (const consumers of [1, 2, 3, 5]) {
    const dealt = Array.from({ length: consumers }, (_, indexInSubscription) => {
      const spec = { partitions: 4, consumersOfSubscription: consumers, indexInSubscription }
      return partitionsOf(spec as ConsumerSpec, true)
    })
    expect(dealt.flat().sort()).toEqual([0, 1, 2, 3])
  }
})

test('order and sharing follow the subscription type', () => {
  const of = (subscriptionType: string) => pulsarCapabilities(parse({ subscriptionType, batching: 'key' }))
  expect(of('exclusive')).toMatchObject({ orderDomain: 'partition', sharedStreams: false })
  expect(of('shared')).toMatchObject({ orderDomain: 'none', sharedStreams: true })
  expect(of('key_shared')).toMatchObject({ orderDomain: 'key', sharedStreams: true })
})

test("keys go where Java's clients send them", () => {
  // Values of String.hashCode() & 0x7fffffff.
  expect(javaStringHash('')).toBe(0)
  expect(javaStringHash('key-1')).toBe(101_943_363)
  expect(javaStringHash('polygenelubricants')).toBe(0)
})
