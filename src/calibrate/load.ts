import type { Clock } from '../clock/clock.ts'
import { startEchoProcess } from '../drivers/echo/server-process.ts'
import type { TrialResult } from '../result/result.ts'
import { makeTrialResult } from '../run/merge.ts'
import { runTrial } from '../run/trial.ts'
import type { Side, Workload } from '../workload/model.ts'

/**
 * What is in the place of a broker. `null`: nothing at all, inside the worker's process. `echo`: a server process on
 * loopback that sends back at once, with producers and consumers in processes of their own.
 */
export const PATHS = ['null', 'echo'] as const
export type PathName = (typeof PATHS)[number]

/** Of all messages of a calibration. */
export const MESSAGE_BYTES = 1024

export interface Load {
  readonly path: PathName
  readonly rateHz: number
  readonly warmupS: number
  readonly durationS: number
  /** How long what is under way is waited for; as in every trial unless given. */
  readonly drainMs?: number
}

export interface LoadContext {
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** Offers a load to one of the paths, as `bench run` does: worker processes, engine, audit, verdict. */
export async function measureLoad(load: Load, { clock, signal }: LoadContext): Promise<TrialResult> {
  const server = load.path === 'echo' ? await startEchoProcess(signal) : null
  try {
    const servers = server === null ? [] : [server.address]
    const workload = workloadOf(load)
    const record = await runTrial({
      workload,
      side: sideOf(load.path, servers),
      servers,
      workers: 1,
      seed: 1,
      clock,
      tell: () => {},
      signal,
      onMeasure: () => {},
      ...(load.drainMs === undefined ? {} : { drainMs: load.drainMs }),
    })
    return makeTrialResult({ record, workload, broker: null, servers, machine: {}, usage: null })
  } finally {
    await server?.stop()
  }
}

function workloadOf({ path, rateHz, warmupS, durationS }: Load): Workload {
  return {
    name: `calibration (${path})`,
    topics: 1,
    partitionsPerTopic: 1,
    keyDistributor: 'NO_KEY',
    messageBytes: MESSAGE_BYTES,
    payload: { kind: 'fixed' },
    subscriptionsPerTopic: 1,
    producersPerTopic: 1,
    consumersPerSubscription: 1,
    producerRateHz: rateHz,
    consumerRateHz: null,
    // The null driver's messages never leave their process.
    ...(path === 'null' ? { endToEndClock: 'echo' } : {}),
    warmupS,
    durationS,
    drivers: null,
  }
}

function sideOf(path: PathName, servers: readonly string[]): Side {
  return { label: path, driver: path, config: {}, servers, file: '', settings: {}, ignored: [] }
}
