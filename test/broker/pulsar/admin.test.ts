// Goal: what a driver file asks of a namespace is what the broker has afterwards, deduplication removes what is sent
// twice, and mutual TLS opens both the binary port and the admin interface to those with a certificate only.
// Method: one standalone with TLS listeners that want client certificates; policies are read back by the admin
// interface; a proxy swallows receipts and cuts the connection, so that the client sends again what the broker has.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { dirname, join } from 'node:path'
import { freePorts } from '../../../src/brokers/process/index.ts'
import { randomSuffix } from '../../../src/driver/conformance/session.ts'
import type { Driver, Outcome } from '../../../src/driver/driver.ts'
import { pulsarConfigSchema } from '../../../src/drivers/pulsar/pulsar-config.ts'
import { driverModule } from '../../../src/drivers/pulsar/pulsar-driver.ts'
import { AppError } from '../../../src/errors/app-error.ts'
import { pollUntil } from '../../support/poll.ts'
import { type LocalPulsar, localPulsar, UP_LIMIT_MS } from './local-pulsar.ts'
import { swallowingProxy } from './swallowing-proxy.ts'

const LIMIT_MS = 60_000
const { BENCH_RUNTIME } = process.env
let pulsar: LocalPulsar
let secureWebPort: number
beforeAll(async () => {
  process.env.BENCH_RUNTIME = 'native'
  const [port] = await freePorts(1)
  secureWebPort = port!
  const configuration = { tlsRequireTrustedClientCertOnConnect: true, webServicePortTls: secureWebPort }
  pulsar = await localPulsar('single', { tls: true, configuration })
}, UP_LIMIT_MS)
afterAll(async () => {
  if (BENCH_RUNTIME === undefined) delete process.env.BENCH_RUNTIME
  else process.env.BENCH_RUNTIME = BENCH_RUNTIME
  await pulsar?.down()
}, UP_LIMIT_MS)

const signal = () => AbortSignal.timeout(LIMIT_MS)

function driverOf(settings: object, brokers: readonly string[] = pulsar.broker.servers): Driver {
  const config = pulsarConfigSchema.parse(settings)
  const servers = [...brokers, ...pulsar.broker.adminUrls!]
  return driverModule.create({ config, servers, namePrefix: 'x', log: () => {} })
}

const topicOf = (partitions: number) => ({ name: `t-${randomSuffix()}`, partitions, subscriptions: ['s'] })

async function policy(namespace: string, name: string): Promise<unknown> {
  const response = await fetch(`${pulsar.broker.adminUrls![0]}/admin/v2/namespaces/${namespace}/${name}`)
  expect(response.status).toBe(200)
  return await response.json()
}

test(
  'tenant, namespace, persistence, retention and deduplication are as asked; the topic has its partitions',
  async () => {
    const namespace = `tenant-${randomSuffix()}/space`
    const driver = driverOf({
      namespace,
      persistence: { ensembleSize: 1, writeQuorum: 1, ackQuorum: 1 },
      retention: { minutes: 7, megabytes: 11 },
      deduplication: true,
    })
    const { settings } = await driver.open(signal())
    expect(settings).toMatchObject({
      persistence: 'ensemble 1, write quorum 1, ack quorum 1',
      retention: '7 min, 11 MB',
      deduplication: 'true',
    })
    const topic = topicOf(3)
    await driver.createTopics([topic], signal())
    const told = await driver.topicTerms!([topic], signal())
    expect(told.guarantees).toEqual({ copies: 1, copiesAtAck: 1 })
    expect(told.terms!.deduplicates).toBe(true)
    expect(told.terms!.platform).toBe(pulsar.broker.platform!)
    expect(await policy(namespace, 'persistence')).toMatchObject({
      bookkeeperEnsemble: 1,
      bookkeeperWriteQuorum: 1,
      bookkeeperAckQuorum: 1,
    })
    expect(await policy(namespace, 'retention')).toMatchObject({
      retentionTimeInMinutes: 7,
      retentionSizeInMB: 11,
    })
    expect(await policy(namespace, 'deduplication')).toBe(true)
    const partitions = await fetch(
      `${pulsar.broker.adminUrls![0]}/admin/v2/persistent/${namespace}/${topic.name}/partitions`,
    )
    expect(await partitions.json()).toMatchObject({ partitions: 3 })
    await driver.deleteTopics([topic], signal())
    // Gone already: fine.
    await driver.deleteTopics([topic], signal())
    await driver.close(signal())
  },
  LIMIT_MS,
)

/** Sends ten messages whose receipts are lost with the connection; how many the broker took, and what came of them. */
async function sendTwice(deduplication: boolean) {
  const proxy = swallowingProxy(pulsar.broker.servers[0]!)
  const namespace = `public/twice-${randomSuffix()}`
  const driver = driverOf({ namespace, deduplication, batching: 'none', batchDelayMs: 0 }, [proxy.address])
  const outcomes = new Map<number, Outcome>()
  try {
    await driver.open(signal())
    const topic = topicOf(1)
    await driver.createTopics([topic], signal())
    const producer = await driver.createProducer(
      {
        topic: topic.name,
        partitions: 1,
        name: 'p',
        onSettled(first, count, outcome) {
          for (let i = first; i < first + count; i++) outcomes.set(i, outcome)
        },
        onWritable() {},
      },
      signal(),
    )
    const taken = async () => (await driver.topicFigures!([topic], signal()))[0]!.messagesIn
    proxy.swallow()
    const values = Array.from({ length: 10 }, (_, i) => Buffer.from(`message ${i}`))
    producer.send({ firstSequence: 0, count: 10, partition: 0, values, keys: null })
    await pollUntil('the broker to have all', LIMIT_MS, async () => (await taken()) === 10)
    expect(outcomes.size).toBe(0)
    proxy.cut()
    await pollUntil('all to be settled', LIMIT_MS, () => outcomes.size === 10)
    const received: string[] = []
    const consumer = await driver.createConsumer(
      {
        topic: topic.name,
        partitions: 1,
        subscription: 's',
        name: 'c',
        startAt: 'earliest',
        consumersOfSubscription: 1,
        indexInSubscription: 0,
        onBatch(batch) {
          for (let i = 0; i < batch.count; i++) received.push(Buffer.from(batch.value(i)).toString())
        },
        onError() {},
      },
      signal(),
    )
    // One more shows that nothing else is under way before it.
    producer.send({ firstSequence: 10, count: 1, partition: 0, values: [Buffer.from('last')], keys: null })
    await pollUntil('the last message', LIMIT_MS, () => received.includes('last'))
    await producer.close(signal())
    await consumer.close(signal())
    await driver.deleteTopics([topic], signal())
    return { outcomes: new Set(outcomes.values()), received }
  } finally {
    await driver.close(signal())
    proxy.stop()
  }
}

test(
  'what is sent twice arrives once with deduplication, and twice without',
  async () => {
    const once = Array.from({ length: 10 }, (_, i) => `message ${i}`)
    const acknowledged = new Set<Outcome>(['acknowledged'])
    expect(await sendTwice(true)).toEqual({ outcomes: acknowledged, received: [...once, 'last'] })
    expect(await sendTwice(false)).toEqual({ outcomes: acknowledged, received: [...once, ...once, 'last'] })
  },
  LIMIT_MS * 2,
)

test(
  'mutual TLS: with a certificate both ports answer, without one neither does',
  async () => {
    const caFile = pulsar.broker.settings['tls.caFile']!
    const folder = dirname(caFile)
    const tls = { caFile, certFile: join(folder, 'server.pem'), keyFile: join(folder, 'server.key') }
    const adminUrl = `https://127.0.0.1:${secureWebPort}`
    const brokers = pulsar.broker.settings['tls.servers']!.split(',')

    const driver = driverOf({ tls, adminUrl }, brokers)
    await driver.open(signal())
    const topic = topicOf(1)
    await driver.createTopics([topic], signal())
    await driver.deleteTopics([topic], signal())
    await driver.close(signal())

    const stranger = driverOf({ tls: { caFile }, adminUrl }, brokers)
    const refusal = await stranger.open(signal()).then(
      () => null,
      (error: unknown) => error as AppError,
    )
    expect(refusal).toBeInstanceOf(AppError)
    expect(refusal!.code).toBe('PREPARE')
    expect(refusal!.hint).toMatch(/tls/)
    // The admin interface refuses by itself, too.
    const half = driverOf({ adminUrl, tls: { caFile } })
    await expect(half.createTopics([topic], signal())).rejects.toThrow("expected Pulsar's admin interface")
  },
  LIMIT_MS,
)
