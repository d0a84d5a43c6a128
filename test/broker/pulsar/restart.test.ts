// Goal: a standalone that was killed and came back keeps its one bookie. A killed process leaves its registration in the
// metadata; found while the bookie registers again, that leftover starts a loop in Pulsar 4.0.8 in which the bookie
// leaves and comes back hundreds of times a second for as long as it runs: topics cannot be made, and CPU is burnt.
// Method: real kills and restarts; after each, the broker is asked for its bookies and for new topics, many times.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { serversOf } from './conformance-subject.ts'
import { type LocalPulsar, localPulsar, UP_LIMIT_MS } from './local-pulsar.ts'

const ROUNDS = 3
const ASKED = 150
const ROUND_LIMIT_MS = 90_000
let pulsar: LocalPulsar
const { BENCH_RUNTIME } = process.env
beforeAll(async () => {
  // A container keeps no data when it is killed.
  process.env.BENCH_RUNTIME = 'native'
  pulsar = await localPulsar('single')
}, UP_LIMIT_MS)
afterAll(async () => {
  if (BENCH_RUNTIME === undefined) delete process.env.BENCH_RUNTIME
  else process.env.BENCH_RUNTIME = BENCH_RUNTIME
  await pulsar?.down()
}, UP_LIMIT_MS)

async function bookies(web: string): Promise<number> {
  const response = await fetch(`${web}/admin/v2/bookies/all`)
  const body = (await response.json()) as { bookies: unknown[] }
  return body.bookies.length
}

// Java unpacks 12 MB of native libraries in each process; one that is killed cannot remove them.
test(
  'what a node unpacks goes with it',
  async () => {
    const folder = join(pulsar.directory, 'pulsar-1', 'temporary')
    expect(readdirSync(folder).filter((name) => name.startsWith('librocksdb'))).toHaveLength(1)
    await pulsar.broker.nodes[0]!.kill()
    expect(existsSync(folder)).toBe(false)
    await pulsar.broker.nodes[0]!.restart(AbortSignal.timeout(ROUND_LIMIT_MS))
    expect(existsSync(folder)).toBe(true)
    expect(existsSync(join(pulsar.directory, 'pulsar-1', 'temporary-tool'))).toBe(false)
  },
  ROUND_LIMIT_MS,
)

test(
  'the bookie of a standalone that was killed comes back once, and stays',
  async () => {
    const web = serversOf(pulsar).find((server) => server.startsWith('http'))!
    const node = pulsar.broker.nodes[0]!
    for (let round = 0; round < ROUNDS; round++) {
      await node.kill()
      await node.restart(AbortSignal.timeout(ROUND_LIMIT_MS))
      const seen = new Map<number, number>()
      const refused: string[] = []
      for (let i = 0; i < ASKED; i++) {
        const count = await bookies(web)
        seen.set(count, (seen.get(count) ?? 0) + 1)
        const topic = `${web}/admin/v2/persistent/public/default/restart-${round}-${i}`
        const made = await fetch(topic, { method: 'PUT' })
        if (!made.ok) refused.push(`${made.status} ${(await made.text()).slice(0, 150)}`)
      }
      expect(refused).toEqual([])
      expect([...seen]).toEqual([[1, ASKED]])
    }
  },
  ROUND_LIMIT_MS * ROUNDS,
)
