// Goal: a cluster of three that loses a node, or whose node halts, loses no acknowledged message, with either client.
// Method: steady sends by this test's own numbering while a node is killed, restarted, stopped and continued; then every
// acknowledged sequence must have been received, in order, and every accepted one settled once.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type Harness, harness, until, withDriver } from './harness.ts'
import { CLIENTS, type LocalKafka, localKafka, UP_LIMIT_MS } from './local-kafka.ts'

let kafka: LocalKafka
beforeAll(async () => {
  kafka = await localKafka('cluster')
}, UP_LIMIT_MS)
afterAll(() => kafka?.down(), UP_LIMIT_MS)

const LIMIT_MS = 120_000
const PARTITIONS = 3

/** Sends 20 messages to each partition every 20 ms until told to end. */
async function load(it: Harness, end: AbortSignal): Promise<void> {
  while (!end.aborted) {
    for (let partition = 0; partition < PARTITIONS; partition++) it.send(20, partition)
    await Bun.sleep(20)
  }
}

async function underLoad(client: string, disturb: (it: Harness) => Promise<void>): Promise<Harness> {
  const settings = { client, requestTimeoutMs: 5000, deliveryTimeoutMs: 30_000 }
  const driver = kafka.driver(settings)
  const signal = AbortSignal.timeout(LIMIT_MS)
  await driver.open(signal)
  try {
    const it = await harness(driver, signal, { partitions: PARTITIONS })
    const end = new AbortController()
    const loading = load(it, end.signal)
    await until('traffic', () => it.received.size > 500)
    await disturb(it)
    const atEnd = it.sent()
    await until('traffic to go on', () => countAbove(it, atEnd) > 300, 40_000)
    end.abort()
    await loading
    it.producer.flush()
    await until('everything to be settled', () => it.outcomes.size === it.sent(), 60_000)
    await until('every acknowledged message', () => lost(it).length === 0, 40_000).catch(() => {})
    expect(lost(it)).toEqual([])
    expect(it.outOfOrder()).toBe(0)
    expect(acknowledged(it)).toBeGreaterThan(it.sent() * 0.5)
    return it
  } finally {
    await driver.close(AbortSignal.timeout(10_000))
  }
}

const countAbove = (it: Harness, sequence: number) =>
  [...it.received.keys()].reduce((count, one) => count + (one >= sequence ? 1 : 0), 0)
const lost = (it: Harness) =>
  [...it.outcomes].flatMap(([one, outcome]) =>
    outcome === 'acknowledged' && !it.received.has(one) ? [one] : [],
  )

const acknowledged = (it: Harness) =>
  [...it.outcomes.values()].filter((outcome) => outcome === 'acknowledged').length

/** Sends one message at a time until the condition holds. */
function sendsUntil(it: Harness, done: boolean): boolean {
  if (!done && it.outcomes.size === it.sent()) it.send(1)
  return done
}

for (const client of CLIENTS) {
  test(
    `${client}: a topic has as many replicas as replicationFactor says, and by default one a node`,
    async () => {
      const { Admin } = await import('@platformatic/kafka')
      const admin = new Admin({ clientId: 'test', bootstrapBrokers: [...kafka.broker.servers] })
      for (const [settings, replicas] of [
        [{ replicationFactor: 1 }, 1],
        [{ replicationFactor: 2 }, 2],
        [{}, 3],
      ] as const) {
        const driver = kafka.driver({ client, ...settings })
        await withDriver(driver, async (signal) => {
          const { topic } = await harness(driver, signal, { consume: false })
          const found = await admin.metadata({ topics: [topic] })
          expect(found.topics.get(topic)!.partitions[0]!.replicas).toHaveLength(replicas)
        })
      }
      await admin.close()
    },
    LIMIT_MS,
  )

  test(
    `${client}: kill -9 of a node under load loses nothing acknowledged`,
    async () => {
      const victim = kafka.broker.nodes[client === 'kafkajs' ? 1 : 0]!
      await underLoad(client, () => victim.kill())
      await victim.restart(AbortSignal.timeout(60_000))
    },
    LIMIT_MS,
  )
}

test(
  'a halted node that continues loses nothing acknowledged',
  async () => {
    const node = kafka.broker.nodes[2]!
    await underLoad('platformatic', async () => {
      node.stop()
      await Bun.sleep(3000)
      node.continue()
    })
  },
  LIMIT_MS,
)

test(
  'acks all needs the in-sync replicas, acks 1 does not',
  async () => {
    const victim = kafka.broker.nodes[2]!
    const topicConfig = { 'min.insync.replicas': '3' }
    const drivers = (['all', 1] as const).map((acks) =>
      kafka.driver({ acks, topicConfig, idempotent: false, deliveryTimeoutMs: 1000 }),
    )
    const signal = AbortSignal.timeout(LIMIT_MS)
    const parts = []
    for (const driver of drivers) {
      await driver.open(signal)
      parts.push(await harness(driver, signal, { consume: false }))
    }
    await victim.kill()
    const [all, one] = parts
    await until(
      'a refusal for want of replicas',
      () => sendsUntil(all!, all!.reasons.has('not enough replicas')),
      40_000,
    )
    const before = acknowledged(one!)
    await until(
      'acknowledgements by the leader alone',
      () => sendsUntil(one!, acknowledged(one!) > before + 3),
      40_000,
    )
    await Promise.all(drivers.map((driver) => driver.close(AbortSignal.timeout(5000))))
    expect(one!.reasons.has('not enough replicas')).toBe(false)
  },
  LIMIT_MS,
)
