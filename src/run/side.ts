import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { LocalBroker } from '../brokers/broker.ts'
import { SERVER_NICENESS } from '../brokers/process/index.ts'
import { localBrokerProvider } from '../brokers/registry.ts'
import type { Clock } from '../clock/clock.ts'
import { findDriver } from '../drivers/registry.ts'
import { AppError, messageOf } from '../errors/app-error.ts'
import type { TrialResult } from '../result/result.ts'
import { needsProxy } from '../workload/faults.ts'
import type { Plan, Side } from '../workload/model.ts'
import type { Tell } from './events.ts'
import { openNetwork, type TrialNetwork } from './faults/network.ts'
import { makeTrialResult } from './merge.ts'
import type { OtherBrokers } from './other-brokers.ts'
import { runTrial, type TrialRecord } from './trial.ts'
import { createUsageMeter } from './usage/meter.ts'

export interface SideOptions {
  readonly plan: Plan
  readonly side: Side
  /** Messages a second to offer. */
  readonly rateHz: number
  readonly seed: number
  readonly clock: Clock
  readonly tell: Tell
  readonly signal: AbortSignal
  /** Data, logs and state of local brokers go below it. */
  readonly brokersDirectory: string
  readonly others: OtherBrokers
  /** Longest drain; default: that of trials. */
  readonly drainMs?: number
}

/** A trial, or why it could not be prepared. */
export type TrialOutcome =
  | { readonly trial: TrialResult }
  | { readonly failure: { readonly message: string; readonly hint: string | null } }

/**
 * Runs one trial of one side: starts its local broker when the driver file names no servers, runs the trial, takes the
 * broker down. What goes wrong before the schedule begins is given back; it never throws for the other trials' sake.
 */
export async function runSideTrial(options: SideOptions): Promise<TrialOutcome> {
  const session = openSideSession(options)
  try {
    return await session.run(options)
  } finally {
    await session.close()
  }
}

/** A side whose local broker stays up from one trial to the next. */
export interface SideSession {
  /** As `runSideTrial`; a broker that is not up is started first. */
  run(trial: Pick<SideOptions, 'rateHz' | 'seed'>): Promise<TrialOutcome>
  /** Takes the broker down; the next trial has a fresh one. */
  close(): Promise<void>
}

export function openSideSession(options: Omit<SideOptions, 'rateHz' | 'seed'>): SideSession {
  const { side, tell } = options
  let broker: LocalBroker | null = null
  let network: TrialNetwork | null = null
  let isOpen = false
  return {
    async run(trial) {
      try {
        if (!isOpen) {
          if (needsProxy(options.plan.workload)) network ??= openNetwork()
          broker = await startBroker(options, network)
          isOpen = true
        }
        const measured = await measureSide({ ...options, ...trial }, broker, network)
        tell({ kind: 'side-done', side: side.label, ...measured.verdict })
        return { trial: measured }
      } catch (error) {
        if (!(error instanceof AppError)) throw error
        const failure = { message: error.message, hint: error.hint ?? null }
        tell({ kind: 'side-failed', side: side.label, ...failure })
        return { failure }
      }
    },
    async close() {
      const [down, proxies] = [broker, network]
      broker = null
      network = null
      isOpen = false
      await Promise.allSettled([proxies?.end()])
      await takeDown(down, options)
    },
  }
}

/** What was measured counts more than a broker that would not end: that is told, and the watchdog ends it with bench. */
async function takeDown(
  broker: LocalBroker | null,
  { side, tell, others }: Pick<SideOptions, 'side' | 'tell' | 'others'>,
): Promise<void> {
  try {
    await broker?.down()
  } catch (error) {
    const line = `could not stop ${broker?.name} cleanly: ${messageOf(error)}`
    tell({ kind: 'log', side: side.label, line })
    if (broker !== null) others.leftBehind(broker)
  }
}

async function startBroker(
  options: Omit<SideOptions, 'rateHz' | 'seed'>,
  network: TrialNetwork | null,
): Promise<LocalBroker | null> {
  const { side, plan, tell } = options
  if (side.servers !== null) return null
  const name = findDriver(side.driver).localBroker
  if (name === null) {
    throw new AppError(
      'CONFIG',
      `expected servers in ${side.file}: bench starts no local broker for ${side.driver}`,
      {
        hint: 'add `servers: [host:port]` to the driver file',
      },
    )
  }
  tell({ kind: 'step', side: side.label, step: 'broker', detail: `starting ${name} (${plan.topology})` })
  const provider = await localBrokerProvider(name)
  const directory = join(options.brokersDirectory, name)
  await mkdir(directory, { recursive: true })
  return await provider.up(
    {
      topology: plan.topology,
      profile: 'measured',
      directory,
      log: (line) => tell({ kind: 'step', side: side.label, step: 'broker', detail: line }),
      ...(network !== null && { front: network.front }),
    },
    options.signal,
  )
}

async function measureSide(
  options: SideOptions,
  broker: LocalBroker | null,
  network: TrialNetwork | null,
): Promise<TrialResult> {
  const { plan, side, clock } = options
  const workload = { ...plan.workload, producerRateHz: options.rateHz }
  const servers = broker?.servers ?? side.servers ?? []
  const through = broker === null && network !== null ? await network.frontServers(servers) : servers
  const meter = createUsageMeter({
    serverPids: () => (broker?.nodes ?? []).map(({ pid }) => pid),
    dataFolders: broker?.dataFolders ?? null,
  })
  const others = options.others.watch(servers, clock)
  let record: TrialRecord
  try {
    record = await runTrial({
      workload,
      side,
      servers: [...through, ...(broker?.adminUrls ?? [])],
      workers: plan.workers,
      seed: options.seed,
      clock,
      tell: options.tell,
      signal: options.signal,
      ...(options.drainMs !== undefined && { drainMs: options.drainMs }),
      faultTargets: { broker, network },
      onMeasure: (edge, workerPids) => {
        meter.onMeasure(edge, workerPids)
        others.sample()
      },
    })
  } finally {
    meter.stop()
  }
  const generatorNiceness = Math.max(...record.members.map((member) => member.handle.niceness))
  const machine: Record<string, string> = {
    'load generator priority': `nice ${generatorNiceness}`,
    ...(broker?.runtime === 'native' ? { 'server priority': `nice ${SERVER_NICENESS}` } : {}),
  }
  const { server: usage, clientWire } = await meter.result()
  return makeTrialResult({
    ...{ record, workload, broker, servers, machine, usage, clientWire },
    otherBrokers: others.result(),
  })
}
