// Goal: every option of the Kafka driver reaches the broker; each test fails when its option is ignored.
// Method: one real broker; what was written is looked at as raw record batches, the rest by its effect.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { BatchFacts } from '../../../src/drivers/kafka/wire/record-scan.ts'
import { harness, until, withDriver } from './harness.ts'
import { CLIENTS, type LocalKafka, localKafka, UP_LIMIT_MS } from './local-kafka.ts'
import { rawBatches } from './raw-log.ts'

let kafka: LocalKafka
beforeAll(async () => {
  kafka = await localKafka('single')
}, UP_LIMIT_MS)
afterAll(() => kafka?.down(), UP_LIMIT_MS)

const LIMIT_MS = 60_000
const CODECS = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const

/** Sends so many messages a call with these settings, waits for them, and returns the batches on the broker. */
function written(
  settings: Record<string, unknown>,
  sends: readonly number[],
): Promise<readonly BatchFacts[]> {
  const driver = kafka.driver(settings)
  return withDriver(driver, async (signal) => {
    const it = await harness(driver, signal, { consume: false })
    for (const count of sends) {
      it.send(count)
      await Bun.sleep(0)
    }
    it.producer.flush()
    await until('every message to be settled', () => it.outcomes.size === it.sent())
    expect(new Set(it.outcomes.values())).toEqual(new Set(['acknowledged']))
    let batches: readonly BatchFacts[] = []
    // With acks 0 the settlement says nothing about the broker.
    for (let left = 200; left > 0 && total(batches) < it.sent(); left--)
      batches = await rawBatches(kafka.broker.servers[0]!, it.topic)
    expect(total(batches)).toBe(it.sent())
    return batches
  })
}

const total = (batches: readonly BatchFacts[]) => batches.reduce((sum, { count }) => sum + count, 0)

for (const client of CLIENTS) {
  describe(`kafka options with ${client}`, () => {
    for (const [compression, codec] of Object.entries(CODECS)) {
      test(
        `compression ${compression} stands in the batches, and they can be read`,
        async () => {
          const batches = await written({ client, compression }, [50])
          expect(new Set(batches.map((batch) => batch.codec))).toEqual(new Set([codec]))
          const bytes = batches.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
          if (compression === 'none') expect(bytes).toBeGreaterThan(50 * 200)
          else expect(bytes).toBeLessThan(50 * 100)
          const driver = kafka.driver({ client, compression })
          await withDriver(driver, async (signal) => {
            const it = await harness(driver, signal)
            it.send(50)
            await until('50 messages read', () => it.received.size === 50)
          })
        },
        LIMIT_MS,
      )
    }

    test(
      'idempotent: batches carry a producer number, and none without',
      async () => {
        expect(
          (await written({ client, idempotent: true }, [5])).every(({ producerId }) => producerId >= 0n),
        ).toBe(true)
        expect(
          (await written({ client, idempotent: false }, [5])).every(({ producerId }) => producerId < 0n),
        ).toBe(true)
      },
      LIMIT_MS,
    )

    test(
      'lingerMs: what comes within it travels together',
      async () => {
        const many = [1, 1, 1, 1, 1, 1, 1, 1]
        expect((await written({ client, lingerMs: 5000 }, many)).length).toBe(1)
        expect((await written({ client, lingerMs: 0, batchBytes: 1 }, many)).length).toBe(8)
      },
      LIMIT_MS,
    )

    test(
      'batchBytes: a batch is sent when full, however long it may linger',
      async () => {
        const batches = await written({ client, lingerMs: 5000, batchBytes: 1500 }, [40])
        expect(batches.length).toBeGreaterThan(4)
        expect(Math.max(...batches.map(({ sizeBytes }) => sizeBytes))).toBeLessThan(1700)
      },
      LIMIT_MS,
    )

    test(
      'acks 0 settles without an answer: even what the broker refuses counts as acknowledged',
      async () => {
        const topicConfig = { 'max.message.bytes': '500' }
        const outcomeOf = (acks: unknown) => {
          const driver = kafka.driver({ client, acks, topicConfig })
          return withDriver(driver, async (signal) => {
            const it = await harness(driver, signal, { consume: false })
            it.send(1, 0, Buffer.alloc(2000, 1))
            await until('one settlement', () => it.outcomes.size === 1)
            return [it.outcomes.get(0), ...it.reasons.keys()]
          })
        }
        expect(await outcomeOf(0)).toEqual(['acknowledged'])
        expect(await outcomeOf(1)).toEqual(['rejected', 'message too large'])
        expect(await outcomeOf('all')).toEqual(['rejected', 'message too large'])
      },
      LIMIT_MS,
    )

    test(
      'maxPendingMessages and maxPendingBytes bound what a producer takes',
      async () => {
        const taken = (settings: Record<string, unknown>) => {
          const driver = kafka.driver({ client, lingerMs: 5000, ...settings })
          return withDriver(driver, async (signal) =>
            (await harness(driver, signal, { consume: false })).send(100),
          )
        }
        expect(await taken({})).toBe(100)
        expect(await taken({ maxPendingMessages: 7 })).toBe(7)
        expect(await taken({ maxPendingBytes: 1000 })).toBe(4)
      },
      LIMIT_MS,
    )

    test(
      'fetchMinBytes with fetchMaxWaitMs holds a fetch back',
      async () => {
        const delayMs = (settings: Record<string, unknown>) => {
          const driver = kafka.driver({ client, ...settings })
          return withDriver(driver, async (signal) => {
            const it = await harness(driver, signal)
            it.send(1)
            await until('a first message', () => it.received.size === 1)
            const startMs = performance.now()
            it.send(1)
            await until('a second message', () => it.received.size === 2)
            return performance.now() - startMs
          })
        }
        const slow = await delayMs({ fetchMinBytes: 1_000_000, fetchMaxWaitMs: 3000 })
        const quick = await delayMs({ fetchMinBytes: 1, fetchMaxWaitMs: 3000 })
        expect(slow).toBeGreaterThan(1500)
        const soon = await delayMs({ fetchMinBytes: 1_000_000, fetchMaxWaitMs: 100 })
        expect(quick).toBeLessThan(slow)
        expect(soon).toBeLessThan(slow)
      },
      LIMIT_MS,
    )

    test(
      'what holds for a topic is asked of the broker: its own defaults, and what topicConfig changed',
      async () => {
        const told = (settings: Record<string, unknown>) => {
          const driver = kafka.driver({ client, compression: 'gzip', ...settings })
          return withDriver(driver, async (signal) => {
            const { topic } = await harness(driver, signal, { consume: false })
            return await driver.topicTerms!([{ name: topic, partitions: 1, subscriptions: [] }], signal)
          })
        }
        expect(await told({})).toEqual({
          guarantees: { copies: 1, copiesAtAck: 1, syncedAtAck: false },
          terms: { compression: 'gzip' },
        })
        expect(await told({ topicConfig: { 'flush.messages': '1', 'compression.type': 'zstd' } })).toEqual({
          guarantees: { copies: 1, copiesAtAck: 1, syncedAtAck: true },
          terms: { compression: 'gzip, stored as zstd' },
        })
      },
      LIMIT_MS,
    )

    test(
      'more replicas than brokers is an error that names both numbers',
      async () => {
        const driver = kafka.driver({ client, replicationFactor: 3 })
        const failure = await withDriver(driver, (signal) => harness(driver, signal)).catch((error) => error)
        expect(String(failure)).toContain('at least 3 kafka brokers')
        expect(String(failure)).toContain('got 1')
      },
      LIMIT_MS,
    )
  })
}

test(
  'groupProtocol consumer: the group is of the new kind, complete before it is ready',
  async () => {
    const { Admin } = await import('@platformatic/kafka')
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: [...kafka.broker.servers] })
    for (const [groupProtocol, type] of [
      ['consumer', 'consumer'],
      ['classic', 'classic'],
    ] as const) {
      const driver = kafka.driver({ groupProtocol })
      await withDriver(driver, async (signal) => {
        const it = await harness(driver, signal, { partitions: 4 })
        for (let partition = 0; partition < 4; partition++) it.send(5, partition)
        await until('20 messages', () => it.received.size === 20)
        const groups = [...(await admin.listGroups({ types: [type] })).keys()]
        expect(groups.filter((id) => id.includes(it.topic))).toHaveLength(1)
      })
    }
    await admin.close()
  },
  LIMIT_MS,
)
