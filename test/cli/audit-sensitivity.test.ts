// Goal: the audit finds exactly what was planted. Method: a fake system that loses, duplicates (to another process
// too), swaps, corrupts, and acknowledges-and-drops k messages of each subscription; a seeded slice of
// `npm run proof:audit`, in simulated time and through real worker processes.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LocalBroker } from '../../src/brokers/broker.ts'
import { localBrokerProvider } from '../../src/brokers/registry.ts'
import { expectedAudit, processAudits, type Shape, simulatedAudits } from '../support/audit-sensitivity.ts'

const SIMULATED_SEEDS = 50
const CASES: readonly (readonly [Shape, number])[] = [
  ['log', 1],
  ['log', 2],
  ['queue', 1],
  ['queue', 2],
]
const folder = mkdtempSync(join(tmpdir(), 'bench-audit-'))
let broker: LocalBroker

beforeAll(async () => {
  const provider = await localBrokerProvider('fake')
  broker = await provider.up(
    { topology: 'single', profile: 'quick', directory: folder, log: () => {} },
    new AbortController().signal,
  )
})
afterAll(async () => {
  await broker.down()
  rmSync(folder, { recursive: true, force: true })
})

test.each(CASES)(
  '%s, %i subscription(s), simulated: exactly what was planted',
  async (shape, subscriptions) => {
    for (let seed = 1; seed <= SIMULATED_SEEDS; seed++) {
      const audits = await simulatedAudits(seed, shape, subscriptions)
      expect(audits).toHaveLength(subscriptions)
      for (const audit of audits) expect({ seed, ...audit }).toMatchObject({ seed, ...expectedAudit(shape) })
    }
  },
  120_000,
)

test.each(CASES)(
  '%s, %i subscription(s), real processes: exactly what was planted',
  async (shape, subscriptions) => {
    const audits = await processAudits(7, shape, subscriptions, broker.servers)
    expect(audits).toHaveLength(subscriptions)
    for (const audit of audits) expect(audit).toMatchObject(expectedAudit(shape))
  },
  120_000,
)
