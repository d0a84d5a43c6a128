import { SimClock } from '../../src/clock/sim-clock.ts'
import { SystemClock } from '../../src/clock/system-clock.ts'
import { createFakeDriver } from '../../src/driver/fake/fake-driver.ts'
import { type FakeOptionsInput, fakeOptionsSchema } from '../../src/driver/fake/options.ts'
import { createFakeSystem } from '../../src/driver/fake/system.ts'
import { guardDriver } from '../../src/driver/guard.ts'
import { auditInputOf, mergeAudit } from '../../src/engine/audit-merge.ts'
import { createEngine } from '../../src/engine/engine.ts'
import type { Audit } from '../../src/engine/types.ts'
import { assign } from '../../src/run/assignment.ts'
import { makeTrialResult } from '../../src/run/merge.ts'
import { runTrial } from '../../src/run/trial.ts'
import type { Workload } from '../../src/workload/model.ts'

/** How many of each fault are planted in every subscription. */
export const PLANTED = { lose: 3, duplicate: 4, corrupt: 2, acknowledgeAndDrop: 5 } as const
const SWAPS = 3
const EPOCH_US = 300_000
const DRAIN_US = 200_000

/**
 * `log`: one consumer process a subscription sees all of a stream, so swaps show as well. `queue`: two consumer
 * processes share each subscription, and the copy of a duplicate goes to the other one.
 */
export type Shape = 'log' | 'queue'

interface Case {
  readonly workload: Workload
  readonly options: FakeOptionsInput
  readonly workers: number
}

function caseOf(seed: number, shape: Shape, subscriptions: number): Case {
  const swap = shape === 'log' ? SWAPS : 0
  return {
    workload: {
      name: 'audit-sensitivity',
      topics: 1,
      partitionsPerTopic: 4,
      keyDistributor: 'NO_KEY',
      messageBytes: 128,
      payload: { kind: 'fixed' },
      subscriptionsPerTopic: subscriptions,
      producersPerTopic: 2,
      consumersPerSubscription: 2,
      producerRateHz: 2000,
      consumerRateHz: null,
      warmupS: 0,
      durationS: 0.5,
      drivers: null,
    },
    options: { shape, ackDelayMs: 1, faults: { seed, window: 400, swap, ...PLANTED } },
    workers: 2,
  }
}

/** What an audit of that case must say of each subscription, to the message. */
export function expectedAudit(shape: Shape): Partial<Audit> {
  const { lose, duplicate, corrupt, acknowledgeAndDrop } = PLANTED
  return {
    sent: 1000,
    unknown: lose,
    rejected: 0,
    lost: lose + acknowledgeAndDrop + corrupt,
    acknowledgedLost: acknowledgeAndDrop + corrupt,
    duplicated: duplicate,
    corrupted: corrupt,
    wrongPartition: 0,
    ghosts: 0,
    // Competing consumers promise no order.
    ...(shape === 'log' ? { outOfOrder: SWAPS } : {}),
  }
}

/** The audits of one seed, all engines in this process and in simulated time. */
export async function simulatedAudits(
  seed: number,
  shape: Shape,
  subscriptions: number,
): Promise<readonly Audit[]> {
  const { workload, options, workers } = caseOf(seed, shape, subscriptions)
  const clock = new SimClock()
  const system = createFakeSystem(clock)
  const signal = new AbortController().signal
  const { topics, workers: assignments } = assign({ workload, workers, runId: seed, seed, namePrefix: 'p' })
  const engines = await Promise.all(
    assignments.map(async ({ spec }) => {
      const driver = guardDriver(createFakeDriver({ clock, options, system }), (sentence) => {
        throw new Error(sentence)
      })
      await driver.open(signal)
      return { driver, engine: createEngine({ spec, driver, clock }) }
    }),
  )
  await engines[0]!.driver.createTopics(topics, signal)
  for (const { engine } of engines) await engine.prepareConsumers(signal)
  for (const { engine } of engines) await engine.prepareProducers(signal)
  for (const { engine } of engines) engine.start(EPOCH_US)
  const endUs = workload.durationS * 1e6 + DRAIN_US
  await clock.advanceTo(EPOCH_US + endUs)
  const reports = []
  for (const { engine } of engines) reports.push(await engine.finish(signal, endUs))
  for (const { driver } of engines) await driver.close(signal)
  const names = topics[0]!.subscriptions.map((subscription) => ({ topic: topics[0]!.name, subscription }))
  return mergeAudit(auditInputOf(reports, names, endUs)).audits
}

/** The same through real worker processes and a fake server at `servers`. */
export async function processAudits(
  seed: number,
  shape: Shape,
  subscriptions: number,
  servers: readonly string[],
): Promise<readonly Audit[]> {
  const { workload, options, workers } = caseOf(seed, shape, subscriptions)
  const config = fakeOptionsSchema.parse(options)
  const record = await runTrial({
    workload,
    side: { label: 'fake', driver: 'fake', config, servers, file: '', settings: {}, ignored: [] },
    servers,
    workers,
    seed,
    clock: new SystemClock(),
    tell: () => {},
    signal: new AbortController().signal,
    onMeasure: () => {},
    // What was planted never comes: there is nothing to wait for.
    drainMs: 1_000,
  })
  return makeTrialResult({ record, workload, broker: null, servers, machine: {}, usage: null }).audits
}
