// Goal: the producer's limits in time and in requests hold; each test fails when its option is ignored.
// Method: one real broker that is halted (SIGSTOP) while messages are under way, so that only our limits settle them;
// what has a long limit is still unsettled by then, and acknowledged once the broker continues.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { untilHalted } from '../../support/halted.ts'
import { type Harness, harness, until, withDriver } from './harness.ts'
import { CLIENTS, type LocalKafka, localKafka, UP_LIMIT_MS } from './local-kafka.ts'

let kafka: LocalKafka
beforeAll(async () => {
  kafka = await localKafka('single')
}, UP_LIMIT_MS)
afterEach(() => kafka.broker.nodes[0]!.continue())
afterAll(() => kafka?.down(), UP_LIMIT_MS)

const LIMIT_MS = 90_000
const LONG_MS = 60_000
const WINDOW = 8

/** With two drivers at once: sends one message each to the halted broker; only the first one's limit is short. */
function shortAndLong(
  short: Record<string, unknown>,
  long: Record<string, unknown>,
  check: (short: Harness, long: Harness) => Promise<void>,
): Promise<void> {
  const [first, second] = [kafka.driver(short), kafka.driver(long)]
  return withDriver(first, (signal) =>
    withDriver(second, async () => {
      const one = await harness(first, signal, { consume: false })
      const other = await harness(second, signal, { consume: false })
      // A first message each, so that connections stand before the broker halts.
      for (const it of [one, other]) {
        it.send(1)
        await until('a first acknowledgement', () => it.outcomes.size === 1)
      }
      const [node] = kafka.broker.nodes
      node!.stop()
      await untilHalted(node!.pid)
      other.send(1)
      one.send(1)
      await until('the short limit', () => one.outcomes.size === 2, 30_000)
      expect(other.outcomes.size).toBe(1)
      node!.continue()
      await check(one, other)
    }),
  )
}

for (const client of CLIENTS) {
  describe(`kafka limits with ${client}`, () => {
    const base = { client, acks: 1, idempotent: false, lingerMs: 0 }

    test(
      'requestTimeoutMs: the connection is given up, what was under way is unknown',
      async () => {
        const limits = { deliveryTimeoutMs: LONG_MS }
        await shortAndLong(
          { ...base, ...limits, requestTimeoutMs: 500 },
          { ...base, ...limits, requestTimeoutMs: LONG_MS },
          async (short, long) => {
            expect(short.outcomes.get(1)).toBe('unknown')
            await until('the acknowledgement', () => long.outcomes.get(1) === 'acknowledged')
          },
        )
      },
      LIMIT_MS,
    )

    test(
      'deliveryTimeoutMs: an idempotent producer tries again until then, and no longer',
      async () => {
        const limits = { client, lingerMs: 0, requestTimeoutMs: 500 }
        await shortAndLong(
          { ...limits, deliveryTimeoutMs: 2000 },
          { ...limits, deliveryTimeoutMs: LONG_MS },
          async (short, long) => {
            expect(short.outcomes.get(1)).not.toBe('acknowledged')
            await until('the acknowledgement', () => long.outcomes.get(1) === 'acknowledged', 40_000)
          },
        )
      },
      LIMIT_MS,
    )

    test(
      'maxInFlightRequests: so many are under way, the rest waits',
      async () => {
        const underWay = async (maxInFlightRequests: number) => {
          // What waits is rejected after a second; what is under way is unknown only after three.
          const times = { requestTimeoutMs: 3000, deliveryTimeoutMs: 1000 }
          const driver = kafka.driver({ ...base, ...times, batchBytes: 1, maxInFlightRequests })
          return await withDriver(driver, async (signal) => {
            // kafkajs has one request of a partition under way, so its requests go to several.
            const partitions = client === 'kafkajs' ? WINDOW : 1
            const it = await harness(driver, signal, { consume: false, partitions })
            it.send(1)
            await until('a first acknowledgement', () => it.outcomes.size === 1)
            const [node] = kafka.broker.nodes
            node!.stop()
            await untilHalted(node!.pid)
            for (let i = 0; i < WINDOW; i++) it.send(1, i % partitions)
            await until('all to be settled', () => it.outcomes.size === 1 + WINDOW, 30_000)
            kafka.broker.nodes[0]!.continue()
            return [...it.outcomes.values()].filter((outcome) => outcome === 'unknown').length
          })
        }
        expect(await underWay(2)).toBe(2)
        expect(await underWay(6)).toBe(6)
      },
      LIMIT_MS,
    )
  })
}
