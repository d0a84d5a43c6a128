// Goal: on a cluster under 10,000 messages a second, with consumption running, no acknowledged message is lost and the
// run goes on when topics are unloaded, when the broker that serves them is killed, and when a bookie is killed.
// Method: numbers without gaps by partition, all of them checked twice: by the consumer that lives through it, and by
// another one that reads the whole log afterwards, which shows what was written twice.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { BrokerNode } from '../../../src/brokers/broker.ts'
import { type LocalPulsar, localPulsar, UP_LIMIT_MS } from './local-pulsar.ts'
import { admin, type LoadResult, type NumberedLoad, PARTITIONS, startLoad, until } from './numbered-load.ts'

const LIMIT_MS = 240_000
const SECOND_OF_LOAD = 10_000
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
  load?.stop()
  await pulsar?.down()
}, UP_LIMIT_MS)

const limit = () => AbortSignal.timeout(LIMIT_MS)

/** Address of the broker that serves a topic. */
async function ownerOf(topic: string): Promise<string> {
  const text = await admin(pulsar, 'GET', `lookup/v2/topic/${topic.replace('://', '/')}`)
  return (JSON.parse(text) as { brokerUrl: string }).brokerUrl.replace('pulsar://', '')
}

function nodeNamed(pattern: RegExp): BrokerNode {
  return pulsar.broker.nodes.find(({ name }) => pattern.test(name))!
}

/** Kills a node, sees the load go on without it, and brings it back. */
async function killAndRestart(node: BrokerNode, running: NumberedLoad): Promise<void> {
  await node.kill()
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
    load = await startLoad(pulsar, true)
    await load.goesOn(SECOND_OF_LOAD)
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const path = load.topicOf(partition).replace('://', '/')
      await admin(pulsar, 'PUT', `admin/v2/${path}/unload`)
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
  'a bookie is killed, and comes back',
  async () => {
    load = await startLoad(pulsar, true)
    await load.goesOn(SECOND_OF_LOAD)
    await killAndRestart(nodeNamed(/^bookie-2$/), load)
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
      // The client asks the broker first that is going to die: nobody answers its lookups there.
      const [victim = ''] = pulsar.broker.servers
      const servers = [...pulsar.broker.servers]
      load = await startLoad(pulsar, deduplication, servers)
      const running = load
      const served = async () => {
        const all = Array.from({ length: PARTITIONS }, (_, partition) => ownerOf(running.topicOf(partition)))
        return (await Promise.all(all)).filter((owner) => owner === victim).length
      }
      await until('the victim to serve a partition', async () => (await served()) > 0)
      await running.goesOn(SECOND_OF_LOAD)
      await killAndRestart(pulsar.broker.nodes.find(({ bound }) => bound === victim)!, running)
      const result = await running.finish()
      expectComplete(result)
      expect(running.consumerErrors).toContain('connection lost')
      // What was sent again had been written or not: only a broker that remembers can tell.
      if (deduplication) expect(result.log.repeated).toBe(0)
      else expect(result.log.repeated).toBeLessThan(SECOND_OF_LOAD)
    },
    LIMIT_MS,
  )
}
