/**
 * Question: does the audit report exactly what went wrong?
 *
 * A seeded fake loses, duplicates (across processes too), swaps, corrupts, and acknowledges-and-drops exactly k messages
 * of each subscription. 1,000 seeds, with 1 and 2 subscriptions in turn, each on the partitioned log and on competing
 * consumers: 950 in simulated time, 50 through real worker processes. Any deviation is printed and ends with 1.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { localBrokerProvider } from '../src/brokers/registry.ts'
import type { Audit } from '../src/engine/types.ts'
import {
  expectedAudit,
  processAudits,
  type Shape,
  simulatedAudits,
} from '../test/support/audit-sensitivity.ts'

const SIMULATED_SEEDS = 950
const PROCESS_SEEDS = 50
const SHAPES: readonly Shape[] = ['log', 'queue']

let audited = 0
let deviations = 0

function check(seed: number, shape: Shape, subscriptions: number, audits: readonly Audit[]): void {
  const expected = Object.entries(expectedAudit(shape))
  if (audits.length !== subscriptions) deviations++
  for (const audit of audits) {
    audited++
    const wrong = expected.filter(([name, value]) => audit[name as keyof Audit] !== value)
    if (wrong.length === 0) continue
    deviations++
    for (const [name, value] of wrong) {
      console.log(`seed ${seed}, ${shape}: ${name} is ${audit[name as keyof Audit]}, planted ${value}`)
    }
  }
}

const folder = mkdtempSync(join(tmpdir(), 'bench-proof-audit-'))
const provider = await localBrokerProvider('fake')
const broker = await provider.up(
  { topology: 'single', profile: 'quick', directory: folder, log: () => {} },
  new AbortController().signal,
)
try {
  for (let seed = 1; seed <= SIMULATED_SEEDS + PROCESS_SEEDS; seed++) {
    const subscriptions = 1 + (seed % 2)
    const inProcesses = seed > SIMULATED_SEEDS
    for (const shape of SHAPES) {
      const audits = inProcesses
        ? await processAudits(seed, shape, subscriptions, broker.servers)
        : await simulatedAudits(seed, shape, subscriptions)
      check(seed, shape, subscriptions, audits)
    }
    if (seed % 100 === 0) console.log(`${seed} seeds, ${audited} audits, ${deviations} deviations`)
  }
} finally {
  await broker.down()
  rmSync(folder, { recursive: true, force: true })
}
console.log(
  `${SIMULATED_SEEDS} seeds simulated, ${PROCESS_SEEDS} through processes: ${audited} audits, ${deviations} deviations`,
)
process.exitCode = deviations === 0 ? 0 : 1
