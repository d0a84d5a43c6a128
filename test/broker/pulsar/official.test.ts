// Goal: the driver with the official npm client keeps the same contract as with ours, with every subscription type,
// compression and batching mode, by token and over TLS; unloading its topic loses nothing it acknowledged.
// Method: the conformance suite and a few runs of its own on one secured standalone. Only where the package's addon loads:
// it comes from a host beyond the registries.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { signToken } from '../../../src/brokers/pulsar/pulsar-token.ts'
import { randomSuffix } from '../../../src/driver/conformance/session.ts'
import { conformanceSuite } from '../../../src/driver/conformance/suite.ts'
import type { Driver } from '../../../src/driver/driver.ts'
import { missingLibrary } from '../../../src/drivers/pulsar/official/library.ts'
import { pulsarConfigSchema } from '../../../src/drivers/pulsar/pulsar-config.ts'
import { driverModule } from '../../../src/drivers/pulsar/pulsar-driver.ts'
import { pollUntil } from '../../support/poll.ts'
import { skipLoudly } from '../../support/skip.ts'
import { pulsarSubject, serversOf } from './conformance-subject.ts'
import { type LocalPulsar, localPulsar, UP_LIMIT_MS } from './local-pulsar.ts'
import { roundTrip } from './round-trip.ts'

const LIMIT_MS = 60_000
const MESSAGES = 3000
const client = 'pulsar-client'
const missing = await missingLibrary()
const secret = randomBytes(32)
const token = signToken(secret, { subject: 'admin' })
const signal = () => AbortSignal.timeout(LIMIT_MS)

const SIDES = [
  { subscriptionType: 'exclusive' },
  { subscriptionType: 'exclusive', ackMode: 'cumulative', compression: 'lz4' },
  { subscriptionType: 'failover', compression: 'zlib' },
  { subscriptionType: 'shared', compression: 'zstd' },
  // Keyless messages are dealt out by entry: with small ones both consumers get a share.
  { subscriptionType: 'key_shared', batching: 'key', batchMessages: 5 },
  { subscriptionType: 'exclusive', batching: 'none', compression: 'snappy' },
] as const

const isSkipped = missing !== null && skipLoudly(`Pulsar's official client: ${missing.what}; ${missing.hint}`)
describe.skipIf(isSkipped)('the official client', () => {
  let pulsar: LocalPulsar
  const { BENCH_RUNTIME } = process.env
  beforeAll(async () => {
    process.env.BENCH_RUNTIME = 'native'
    pulsar = await localPulsar('single', { tokenSecret: secret.toString('base64'), tls: true })
  }, UP_LIMIT_MS)
  afterAll(async () => {
    if (BENCH_RUNTIME === undefined) delete process.env.BENCH_RUNTIME
    else process.env.BENCH_RUNTIME = BENCH_RUNTIME
    await pulsar?.down()
  }, UP_LIMIT_MS)

  // Skipped as a whole, not 31 times for each.
  for (const settings of missing === null ? SIDES : []) {
    const name = `pulsar ${client} ${Object.values(settings).join(' ')}`
    const subject = pulsarSubject(name, { client, token, ...settings }, () => serversOf(pulsar))
    conformanceSuite(subject, { describe, test })
  }

  const driverOf = (settings: object, servers: readonly string[]): Driver => {
    const config = pulsarConfigSchema.parse({ client, token, ...settings })
    return driverModule.create({ config, servers, namePrefix: 'x', log: () => {} })
  }

  test(
    'comes in over TLS',
    async () => {
      const { settings, adminUrls } = pulsar.broker
      const servers = [...settings['tls.servers']!.split(','), ...(adminUrls ?? [])]
      await roundTrip(driverOf({ tls: { caFile: settings['tls.caFile'] } }, servers), signal())
    },
    LIMIT_MS,
  )

  test(
    'is named with its version, and a topic that is not there refuses it in words',
    async () => {
      const driver = driverOf({}, serversOf(pulsar))
      expect((await driver.open(signal())).client).toMatch(/^pulsar-client \d+\.\d+\.\d+$/)
      const spec = { topic: 'a b/c', partitions: 1, name: 'p', onSettled() {}, onWritable() {} }
      const error = await driver.createProducer(spec, signal()).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'PREPARE' })
      await driver.close(signal())
    },
    LIMIT_MS,
  )

  test(
    'unloading its topic loses nothing it acknowledged; what is too large is rejected',
    async () => {
      const driver = driverOf({}, serversOf(pulsar))
      await driver.open(signal())
      const topic = { name: `unload-${randomSuffix()}`, partitions: 1, subscriptions: ['s'] }
      await driver.createTopics([topic], signal())
      const received = new Set<number>()
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
            for (let i = 0; i < batch.count; i++) received.add(Buffer.from(batch.value(i)).readUInt32BE())
            batch.acknowledge()
          },
          onError() {},
        },
        signal(),
      )
      const acknowledged = new Set<number>()
      const others: string[] = []
      const producer = await driver.createProducer(
        {
          topic: topic.name,
          partitions: 1,
          name: 'p',
          onSettled(first, count, outcome, reason) {
            for (let i = first; i < first + count; i++) {
              if (outcome === 'acknowledged') acknowledged.add(i)
              else others.push(`${i}: ${outcome}, ${reason}`)
            }
          },
          onWritable() {},
        },
        signal(),
      )
      const offer = (sequence: number, value: Buffer) => {
        const batch = { firstSequence: sequence, count: 1, partition: 0, values: [value], keys: null }
        expect(producer.send(batch)).toBe(1)
      }
      for (let sequence = 0; sequence < MESSAGES; sequence++) {
        const value = Buffer.alloc(100)
        value.writeUInt32BE(sequence)
        offer(sequence, value)
        if (sequence % 1000 === 500) await unload(pulsar, topic.name)
      }
      offer(MESSAGES, Buffer.alloc(6 * 1024 * 1024))
      await pollUntil('every message to be settled', LIMIT_MS / 2, () => {
        return acknowledged.size + others.length === MESSAGES + 1
      })
      await pollUntil('what was acknowledged to arrive', LIMIT_MS / 2, () => {
        return acknowledged.isSubsetOf(received)
      })
      expect(others).toEqual([`${MESSAGES}: rejected, message too large`])
      await producer.close(signal())
      await consumer.close(signal())
      await driver.deleteTopics([topic], signal())
      await driver.close(signal())
    },
    2 * LIMIT_MS,
  )
})

async function unload({ broker }: LocalPulsar, topic: string): Promise<void> {
  const url = `${broker.adminUrls![0]}/admin/v2/persistent/public/bench/${topic}-partition-0/unload`
  const reply = await fetch(url, { method: 'PUT', headers: { authorization: `Bearer ${token}` } })
  expect(reply.status).toBeLessThan(300)
}
