import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join, sep } from 'node:path'
import { AppError, messageOf } from '../errors/app-error.ts'
import type { LocalBroker, Topology } from './broker.ts'
import { identify, isSame, type ProcessIdentity } from './process/identity.ts'
import type { Guarded } from './process/watchdog.ts'

const SCHEMA_VERSION = 1

/** A broker that `bench brokers up` started and left running, as its state file says. */
export interface BrokerState {
  readonly schemaVersion: typeof SCHEMA_VERSION
  readonly name: string
  readonly version: string
  readonly runtime: 'native' | 'container'
  readonly topology: Topology
  readonly servers: readonly string[]
  readonly settings: Readonly<Record<string, string>>
  /** ISO 8601. */
  readonly startedAt: string
  readonly nodes: readonly NodeState[]
  /** Everything that must end with it: leaders of process groups. */
  readonly processes: readonly ProcessIdentity[]
  /** `ENGINE NAME` each. */
  readonly containers: readonly string[]
}

export interface NodeState {
  readonly name: string
  readonly bound: string
  /** The server itself, with its start: null where it had gone already. */
  readonly process: ProcessIdentity | null
  readonly logFile: string
}

/** `$BENCH_HOME/brokers/NAME` (default `~/.bench`): state, data and logs of a broker that was left running. */
export function brokerDirectory(name: string): string {
  const home = process.env.BENCH_HOME || join(homedir() || tmpdir(), '.bench')
  return join(home, 'brokers', name)
}

/** Where its provider keeps data and logs. */
export function workDirectory(name: string): string {
  return join(brokerDirectory(name), 'work')
}

function stateFile(name: string): string {
  return join(brokerDirectory(name), 'state.json')
}

/** The state of a broker that was left running; null without any. Throws `AppError('CONFIG')` when unreadable. */
export function readState(name: string): BrokerState | null {
  const file = stateFile(name)
  if (!existsSync(file)) return null
  let state: BrokerState
  try {
    state = JSON.parse(readFileSync(file, 'utf8')) as BrokerState
  } catch (error) {
    throw unreadable(file, messageOf(error))
  }
  if (state?.schemaVersion !== SCHEMA_VERSION)
    throw unreadable(file, `schema version ${state?.schemaVersion}`)
  return state
}

function unreadable(file: string, got: string): AppError {
  return new AppError('CONFIG', `expected the state of a broker in ${file}, got: ${got}`, {
    hint: 'end its processes by hand, then remove the file',
  })
}

/** Writes down what runs, so that a later command can end exactly that. */
export async function writeState(broker: LocalBroker, guarded: Guarded): Promise<BrokerState> {
  const { name, version, runtime, topology, servers, settings } = broker
  const state: BrokerState = {
    schemaVersion: SCHEMA_VERSION,
    ...{ name, version, runtime, topology, servers, settings },
    startedAt: new Date().toISOString(),
    nodes: broker.nodes.map((node) => ({
      name: node.name,
      bound: node.bound,
      process: identify(node.pid),
      logFile: node.logFile,
    })),
    processes: guarded.processes,
    containers: guarded.containers,
  }
  const temporary = `${stateFile(name)}.${randomBytes(4).toString('hex')}`
  await mkdir(brokerDirectory(name), { recursive: true })
  await writeFile(temporary, `${JSON.stringify(state, null, 2)}\n`)
  await rename(temporary, stateFile(name))
  return state
}

/** Forgets the broker and wipes its data; its logs are kept. */
export async function removeState(name: string, logFiles: readonly string[]): Promise<void> {
  await removeExcept(workDirectory(name), logFiles)
  await rm(stateFile(name), { force: true })
}

async function removeExcept(folder: string, kept: readonly string[]): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name)
    if (kept.includes(path)) continue
    const within = kept.some((file) => file.startsWith(path + sep))
    if (within) await removeExcept(path, kept)
    else await rm(path, { recursive: true, force: true })
  }
}

/** Whether anything of it still runs. */
export function livingNodes(state: BrokerState): NodeState[] {
  return state.nodes.filter((node) => node.process !== null && isSame(node.process))
}

/**
 * Takes the broker's name for one command, so that two do not start it at the same time; returns how to give it back.
 * Throws `AppError('PREPARE')` when a living process has it.
 */
export async function claim(name: string): Promise<() => Promise<void>> {
  const file = join(brokerDirectory(name), 'claimed-by')
  await mkdir(brokerDirectory(name), { recursive: true })
  const me = identify(process.pid)
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const handle = await open(file, 'wx')
      await handle.writeFile(`${me?.pid} ${me?.start}`)
      await handle.close()
      return () => rm(file, { force: true })
    } catch (error) {
      if ((error as { code?: string }).code !== 'EEXIST') throw error
    }
    const [pid = '0', start = ''] = readFileSync(file, 'utf8').split(' ')
    if (isSame({ pid: Number(pid), start })) throw claimed(name, pid)
    await rm(file, { force: true })
  }
  throw claimed(name, 'unknown')
}

function claimed(name: string, pid: string): AppError {
  return new AppError('PREPARE', `expected to start or end ${name}, but process ${pid} is doing so`, {
    hint: 'wait for it, then: ./bench brokers status',
  })
}
