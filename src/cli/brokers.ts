import type { LocalBrokerProvider, Topology } from '../brokers/broker.ts'
import { processUsage } from '../brokers/process/usage.ts'
import { guardedNow, releaseAll } from '../brokers/process/watchdog.ts'
import { localBrokerNames, localBrokerProvider, requireLocalBroker } from '../brokers/registry.ts'
import {
  type BrokerState,
  claim,
  livingNodes,
  readState,
  removeState,
  workDirectory,
  writeState,
} from '../brokers/state.ts'
import { takeDown } from '../brokers/take-down.ts'
import { AppError } from '../errors/app-error.ts'
import { EXIT, type ExitCode } from '../errors/exit-codes.ts'
import { printLogs } from './broker-logs.ts'
import type { Output } from './output.ts'

export interface BrokersOptions {
  readonly topology: Topology
  readonly json: boolean
  /** `logs`: goes on with new lines until the signal aborts. */
  readonly follow?: boolean
}

export type BrokersAction = 'up' | 'status' | 'down' | 'logs'

/**
 * `bench brokers up|status|down|logs [NAME…]`, all brokers when none is named. `up` leaves them running after the
 * command; `down` ends exactly those. A broker that fails does not keep the others from being tried. `providerOf` is
 * for tests.
 */
export async function runBrokers(
  action: BrokersAction,
  names: readonly string[],
  options: BrokersOptions,
  out: Pick<Output, 'stdout' | 'stderr'>,
  signal: AbortSignal,
  providerOf: ProviderOf = localBrokerProvider,
): Promise<ExitCode> {
  const chosen = names.length > 0 ? names : localBrokerNames()
  // Unknown names are told before anything is done.
  for (const name of chosen) requireLocalBroker(name)
  if (action === 'logs') return await printLogs(chosen, { follow: options.follow ?? false }, out, signal)
  const reports: Report[] = []
  const codes: ExitCode[] = []
  for (const name of chosen) {
    signal.throwIfAborted()
    const report = await ACTIONS[action](name, options, out, signal, providerOf).catch((error) =>
      failed(name, error, signal),
    )
    reports.push(report)
    codes.push(report.code)
    if (!options.json) printReport(report, out)
  }
  if (options.json) out.stdout(JSON.stringify({ brokers: reports.map(({ code, ...rest }) => rest) }))
  const failures = codes.filter((code) => code !== EXIT.ok)
  if (failures.length === 0) return EXIT.ok
  return failures.length === codes.length ? failures[0]! : EXIT.partial
}

interface Report {
  readonly name: string
  readonly state: 'up' | 'down' | 'degraded' | 'failed'
  readonly code: ExitCode
  readonly message: string
  readonly hint: string | null
  readonly details: Details | null
}

type Details = Pick<
  BrokerState,
  'version' | 'runtime' | 'topology' | 'servers' | 'settings' | 'startedAt'
> & {
  readonly nodes: readonly {
    readonly name: string
    readonly bound: string
    readonly pid: number | null
    readonly running: boolean
    readonly cpuS: number | null
    readonly rssBytes: number | null
    readonly logFile: string
  }[]
}

type ProviderOf = (name: string) => Promise<LocalBrokerProvider>
type Action = (
  name: string,
  options: BrokersOptions,
  out: Pick<Output, 'stdout' | 'stderr'>,
  signal: AbortSignal,
  providerOf: ProviderOf,
) => Promise<Report>

const ACTIONS: Readonly<Record<Exclude<BrokersAction, 'logs'>, Action>> = { up, status, down }

async function up(
  name: string,
  options: BrokersOptions,
  out: Pick<Output, 'stdout' | 'stderr'>,
  signal: AbortSignal,
  providerOf: ProviderOf,
): Promise<Report> {
  const unclaim = await claim(name)
  try {
    const before = readState(name)
    if (before !== null && livingNodes(before).length === before.nodes.length)
      return reportOf(before, 'is up already')
    if (before !== null) await takeDown(before)
    const provider = await providerOf(name)
    const log = (line: string) => out.stderr(`${name}: ${line}`)
    const directory = workDirectory(name)
    const request = { topology: options.topology, profile: 'measured', directory, log } as const
    const broker = await provider.up(request, signal)
    try {
      // The state comes first: what is not guarded must be written down.
      const state = await writeState(broker, guardedNow())
      await releaseAll()
      return reportOf(state, 'is up')
    } catch (error) {
      await broker.down()
      throw error
    }
  } finally {
    await unclaim()
  }
}

async function status(name: string): Promise<Report> {
  const state = readState(name)
  return state === null ? isDown(name, 'is down') : reportOf(state, 'is up')
}

async function down(name: string): Promise<Report> {
  const unclaim = await claim(name)
  try {
    const state = readState(name)
    if (state === null) {
      await removeState(name, [])
      return isDown(name, 'was down already')
    }
    const left = await takeDown(state)
    if (left.length === 0)
      return isDown(name, `ended; logs kept: ${state.nodes.map((node) => node.logFile).join(' ')}`)
    throw new AppError(
      'UNEXPECTED',
      `expected ${name} to end, but it still runs as ${left.map(({ pid }) => pid).join(', ')}`,
      {
        hint: `kill -9 ${left.map(({ pid }) => pid).join(' ')}`,
      },
    )
  } finally {
    await unclaim()
  }
}

function reportOf(state: BrokerState, message: string): Report {
  const living = livingNodes(state)
  const nodes = state.nodes.map((node) => {
    const running = living.includes(node)
    const usage = running && node.process ? processUsage(node.process.pid) : null
    const { name, bound, logFile } = node
    return {
      name,
      bound,
      pid: node.process?.pid ?? null,
      running,
      cpuS: usage?.cpuS ?? null,
      rssBytes: usage?.rssBytes ?? null,
      logFile,
    }
  })
  const { name, version, runtime, topology, servers, settings, startedAt } = state
  const details = { version, runtime, topology, servers, settings, startedAt, nodes }
  if (living.length === nodes.length)
    return { name, state: 'up', code: EXIT.ok, message, hint: null, details }
  const hint = `./bench brokers down ${name} && ./bench brokers up ${name}`
  const counted = `${living.length} of ${nodes.length} nodes run`
  return {
    name,
    state: living.length === 0 ? 'down' : 'degraded',
    code: EXIT.prepare,
    message: counted,
    hint,
    details,
  }
}

function isDown(name: string, message: string): Report {
  return { name, state: 'down', code: EXIT.ok, message, hint: null, details: null }
}

function failed(name: string, error: unknown, signal: AbortSignal): Report {
  if (signal.aborted) throw error
  if (!(error instanceof AppError)) throw error
  return {
    name,
    state: 'failed',
    code: error.exitCode,
    message: error.message,
    hint: error.hint ?? null,
    details: null,
  }
}

function printReport(report: Report, out: Pick<Output, 'stdout' | 'stderr'>): void {
  const { details } = report
  if (report.state === 'failed') {
    out.stderr(`${report.name}: ${report.message}`)
  } else if (details === null) {
    out.stdout(`${report.name}: ${report.message}`)
  } else {
    const made = `${details.version}, ${details.runtime}, ${details.topology}, since ${details.startedAt}`
    out.stdout(`${report.name}: ${report.message} at ${details.servers.join(',')} (${made})`)
    for (const node of details.nodes) out.stdout(`  ${nodeLine(node)}`)
  }
  if (report.hint !== null) out.stderr(`  ${report.hint}`)
}

function nodeLine(node: Details['nodes'][number]): string {
  if (!node.running) return `${node.name} ${node.bound}: not running; log ${node.logFile}`
  const memory = `${Math.round((node.rssBytes ?? 0) / 2 ** 20)} MiB`
  return `${node.name} ${node.bound}: pid ${node.pid}, ${memory}, ${node.cpuS ?? 0} s CPU; log ${node.logFile}`
}
