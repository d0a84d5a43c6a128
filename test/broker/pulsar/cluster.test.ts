// Goal: on several brokers (topology: cluster), every message on three bookies, the driver keeps the contract; and under
// 10,000 messages a second, with consumption running, no acknowledged message is lost and the run goes on when topics are
// unloaded, when their bundle is split or sent to the other broker, when the broker that serves them is killed, and when
// a bookie is killed.
// Method: one cluster for all. The conformance suite, with what a careful user would set: every subscription type is
// checked on a standalone. Then numbers without gaps by partition, all of them checked twice: by the consumer that lives
// through it, and by another one that reads the whole log afterwards, which shows what was written twice.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import type { BrokerNode } from '../../../src/brokers/broker.ts'
import { conformanceSuite } from '../../../src/driver/conformance/suite.ts'
import { pulsarSubject, serversOf } from './conformance-subject.ts'
import { type LocalPulsar, localPulsar, UP_LIMIT_MS } from './local-pulsar.ts'
import {
  admin,
  type LoadResult,
  makeTopic,
  type NumberedLoad,
  PARTITIONS,
  partitionOf,
  startLoad,
  until,
} from './numbered-load.ts'

const LIMIT_MS = 240_000
const SECOND_OF_LOAD = 10_000
/** Attempts to have a bundle moved. */
const MOVES = 4
let pulsar: LocalPulsar
let load: NumberedLoad | null = null
const { BENCH_RUNTIME } = process.env
beforeAll(async () => {
  // Containers have no cluster.
  process.env.BENCH_RUNTIME = 'native'
  pulsar = await localPulsar('cluster')
}, UP_LIMIT_MS)
afterAll(async () => {
  if (BENCH_RUNTIME === undefined) delete process.env.BENCH_RUNTIME
  else process.env.BENCH_RUNTIME = BENCH_RUNTIME
  await pulsar?.down()
}, UP_LIMIT_MS)
afterEach(() => {
  load?.stop()
  load = null
})

const settings = {
  subscriptionType: 'failover',
  persistence: { ensembleSize: 3, writeQuorum: 3, ackQuorum: 2 },
  deduplication: true,
  compression: 'zstd',
  connectionsPerBroker: 2,
}
conformanceSuite(
  pulsarSubject('pulsar cluster failover', settings, () => serversOf(pulsar)),
  { describe, test },
)

const limit = () => AbortSignal.timeout(LIMIT_MS)

const pathOf = (topic: string) => topic.replace('://', '/')

/** Address of the broker that serves a topic. */
async function ownerOf(topic: string): Promise<string> {
  const text = await admin(pulsar, 'GET', `lookup/v2/topic/${pathOf(topic)}`)
  return (JSON.parse(text) as { brokerUrl: string }).brokerUrl.replace('pulsar://', '')
}

/** Path of the bundle that a topic belongs to, in the admin interface. */
async function bundleOf(topic: string): Promise<string> {
  const range = await admin(pulsar, 'GET', `lookup/v2/topic/${pathOf(topic)}/bundle`)
  const [, namespace] = /^persistent:\/\/(.+\/.+)\//.exec(topic)!
  return `admin/v2/namespaces/${namespace}/${range.trim()}`
}

/**
 * While two of three bookies are halted, brokers write and cannot acknowledge. A broker killed then leaves messages in
 * the log of which nobody told the producer.
 */
async function killInMidWrite(node: BrokerNode, running: NumberedLoad): Promise<void> {
  const bookies = pulsar.broker.nodes.filter(({ name }) => name.startsWith('bookie')).slice(1)
  for (const bookie of bookies) bookie.stop()
  try {
    await until('writes under way', () => running.open > SECOND_OF_LOAD / 5)
    await node.kill()
  } finally {
    for (const bookie of bookies) bookie.continue()
  }
}

/** Sees the load go on without the killed node, on every partition, and brings it back. */
async function restart(node: BrokerNode, running: NumberedLoad): Promise<void> {
  await running.goesOn(2 * SECOND_OF_LOAD)
  await node.restart(limit())
  await running.goesOn(SECOND_OF_LOAD)
}

/** Every number of every partition was acknowledged, and came, in order. */
function expectComplete(result: LoadResult): void {
  const { sent, outcomes, sentOf, live, log } = result
  expect(outcomes).toEqual({ acknowledged: sent, rejected: 0, unknown: 0 })
  expect(sent).toBe(sentOf.reduce((sum, count) => sum + count, 0))
  expect([live.gaps, live.next]).toEqual([[], [...sentOf]])
  expect([log.gaps, log.next]).toEqual([[], [...sentOf]])
}

test(
  'topics are unloaded, one after the other',
  async () => {
    const topic = await makeTopic(pulsar, true)
    load = await startLoad(topic, pulsar.broker.servers)
    await load.goesOn(SECOND_OF_LOAD)
    for (let partition = 0; partition < PARTITIONS; partition++) {
      await admin(pulsar, 'PUT', `admin/v2/${pathOf(partitionOf(topic, partition))}/unload`)
      await load.goesOn(SECOND_OF_LOAD / 2)
    }
    const result = await load.finish()
    expectComplete(result)
    expect(result.log.repeated).toBe(0)
    expect(load.consumerErrors.length).toBeGreaterThanOrEqual(PARTITIONS)
  },
  LIMIT_MS,
)

test(
  'a bundle is split, and sent to the other broker',
  async () => {
    const topic = await makeTopic(pulsar, true)
    const first = partitionOf(topic, 0)
    load = await startLoad(topic, pulsar.broker.servers)
    await load.goesOn(SECOND_OF_LOAD)
    const whole = await bundleOf(first)
    await admin(pulsar, 'PUT', `${whole}/split?unload=true`)
    await load.goesOn(SECOND_OF_LOAD / 2)
    expect(await bundleOf(first)).not.toBe(whole)
    const { servers, adminUrls } = pulsar.broker
    const target = servers.indexOf(await ownerOf(first)) === 0 ? 1 : 0
    const destination = adminUrls![target]!.replace('http://', '')
    // A wish: a lookup that comes first may bring the bundle back to where it was. Either way clients must follow.
    for (let tries = 0; tries < MOVES && (await ownerOf(first)) !== servers[target]; tries++) {
      await admin(pulsar, 'PUT', `${await bundleOf(first)}/unload?destinationBroker=${destination}`)
      await load.goesOn(SECOND_OF_LOAD / 5)
    }
    const result = await load.finish()
    expectComplete(result)
    expect(result.log.repeated).toBe(0)
  },
  LIMIT_MS,
)

test(
  'a bookie is killed, and comes back',
  async () => {
    load = await startLoad(await makeTopic(pulsar, true), pulsar.broker.servers)
    await load.goesOn(SECOND_OF_LOAD)
    const bookie = pulsar.broker.nodes.find(({ name }) => name === 'bookie-2')!
    await bookie.kill()
    await restart(bookie, load)
    const result = await load.finish()
    expectComplete(result)
    expect(result.log.repeated).toBe(0)
  },
  LIMIT_MS,
)

for (const deduplication of [true, false]) {
  test(
    `the broker that serves the topic, and that the client asks, is killed; deduplication ${deduplication}`,
    async () => {
      const topic = await makeTopic(pulsar, deduplication)
      const victim = await ownerOf(partitionOf(topic, 0))
      const others = pulsar.broker.servers.filter((server) => server !== victim)
      load = await startLoad(topic, [victim, ...others])
      await load.goesOn(SECOND_OF_LOAD)
      const broker = pulsar.broker.nodes.find(({ bound }) => bound === victim)!
      await killInMidWrite(broker, load)
      await restart(broker, load)
      const result = await load.finish()
      expectComplete(result)
      expect(load.consumerErrors).toContain('connection lost')
      // Whether what is sent again had been written, only a broker that remembers can tell.
      if (deduplication) expect(result.log.repeated).toBe(0)
      else expect(result.log.repeated).toBeGreaterThan(0)
    },
    LIMIT_MS,
  )
}
