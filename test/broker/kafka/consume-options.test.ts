// Goal: options of consumers reach the broker; each test fails when its option is ignored.
// Method: one real broker; sizes of deliveries, offsets as the broker has them, and what it refuses.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { Admin } from '@platformatic/kafka'
import type { Driver } from '../../../src/driver/driver.ts'
import { kafkaConfigSchema } from '../../../src/drivers/kafka/kafka-config.ts'
import { driverModule } from '../../../src/drivers/kafka/kafka-driver.ts'
import { type Harness, harness, until, withDriver } from './harness.ts'
import { CLIENTS, type LocalKafka, localKafka, UP_LIMIT_MS } from './local-kafka.ts'

let kafka: LocalKafka
let admin: Admin
beforeAll(async () => {
  kafka = await localKafka('single')
  admin = new Admin({ clientId: 'test', bootstrapBrokers: [...kafka.broker.servers] })
}, UP_LIMIT_MS)
afterAll(async () => {
  await admin?.close()
  await kafka?.down()
}, UP_LIMIT_MS)

const LIMIT_MS = 60_000
const MESSAGES = 400

/** The largest delivery of a consumer that reads many small batches which are all there already. */
async function largestDelivery(driver: Driver, topic: string, signal: AbortSignal): Promise<number> {
  let largest = 0
  let total = 0
  const consumer = await driver.createConsumer(
    {
      topic,
      partitions: 1,
      subscription: 's',
      name: `${topic}-c`,
      startAt: 'earliest',
      consumersOfSubscription: 1,
      indexInSubscription: 0,
      onBatch(batch) {
        largest = Math.max(largest, batch.count)
        total += batch.count
        batch.acknowledge()
      },
      onError() {},
    },
    signal,
  )
  await until('all messages', () => total === MESSAGES)
  await consumer.close(signal)
  return largest
}

/** The offset that the broker has of the harness's group; −1 without one. */
async function committed(it: Harness): Promise<number> {
  const ids = [...(await admin.listGroups()).keys()].filter((id) => id.includes(it.topic))
  const [group] = await admin.listConsumerGroupOffsets({ groups: ids })
  return Number(group?.topics[0]?.partitions[0]?.committedOffset ?? -1)
}

async function untilCommitted(it: Harness, offset: number): Promise<void> {
  const endMs = performance.now() + 20_000
  while ((await committed(it)) !== offset) {
    if (performance.now() > endMs) throw new Error(`expected offset ${offset} to be committed within 20 s`)
    await Bun.sleep(20)
  }
}

for (const client of CLIENTS) {
  describe(`kafka consumer options with ${client}`, () => {
    test(
      'maxBytesPerPartition bounds what one fetch brings',
      async () => {
        const writer = kafka.driver({ client, batchBytes: 1000 })
        await withDriver(writer, async (signal) => {
          const largest = async (settings: Record<string, unknown>) => {
            // A topic for each reader: a group would go on where the other one stopped.
            const it = await harness(writer, signal, { consume: false })
            it.send(MESSAGES)
            it.producer.flush()
            await until('all to be settled', () => it.outcomes.size === MESSAGES)
            const reader = kafka.driver({ client, ...settings })
            return await withDriver(reader, () => largestDelivery(reader, it.topic, signal))
          }
          expect(await largest({ maxBytesPerPartition: 2000 })).toBeLessThan(20)
          expect(await largest({})).toBeGreaterThan(100)
        })
      },
      LIMIT_MS,
    )

    test(
      'commitIntervalMs: often, or hardly ever',
      async () => {
        const seldom = kafka.driver({ client, commitIntervalMs: 600_000 })
        const often = kafka.driver({ client, commitIntervalMs: 50 })
        await withDriver(seldom, (signal) =>
          withDriver(often, async () => {
            const rare = await harness(seldom, signal)
            rare.send(1)
            await until('a message', () => rare.received.size === 1)
            const frequent = await harness(often, signal)
            // At the default interval these rounds would take longer than the other needs for its own.
            for (let round = 1; round <= 3; round++) {
              frequent.send(1)
              await untilCommitted(frequent, round)
            }
            const startMs = performance.now()
            await until('more than the default interval', () => performance.now() - startMs > 1500)
            // Where it begins is committed at once.
            expect(await committed(rare)).toBe(0)
          }),
        )
      },
      LIMIT_MS,
    )

    test(
      'sessionTimeoutMs goes to the broker, which refuses what is below its own minimum',
      async () => {
        const outcomeOf = async (sessionTimeoutMs: number) => {
          const refused = new AbortController()
          // kafkajs tries again for ever, but says why.
          const log = (line: string) => {
            if (/session timeout/i.test(line)) refused.abort(new Error(line))
          }
          const config = kafkaConfigSchema.parse({ client, sessionTimeoutMs })
          const { servers } = kafka.broker
          const driver = driverModule.create({ config, servers, namePrefix: 'test-', log })
          return await withDriver(driver, (signal) =>
            harness(driver, AbortSignal.any([signal, refused.signal])),
          ).then(
            () => 'joined',
            (error) => `${error.message} ${error.cause?.message}`,
          )
        }
        // group.min.session.timeout.ms is 6000 unless told otherwise.
        expect(await outcomeOf(5000)).toMatch(/session.?timeout/i)
        expect(await outcomeOf(6000)).toBe('joined')
      },
      LIMIT_MS,
    )
  })
}
