import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs'
import { setPriority } from 'node:os'
import { dirname } from 'node:path'
import { AppError, messageOf } from '../../errors/app-error.ts'
import { type ProcessIdentity, signalSame } from './identity.ts'
import { forgetProcess, guardProcess } from './watchdog.ts'

/**
 * Local brokers yield to the load generator when both want the same core: a generator that is late measures itself.
 * Stated in the result; it changes nothing while cores are free.
 */
export const SERVER_NICENESS = 5

export interface ServerOptions {
  readonly command: string
  readonly args: readonly string[]
  /** The whole environment of the server; nothing is added. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** Output of both streams is appended; its folder is made. */
  readonly logFile: string
  /** A folder of its own for what it unpacks: made empty before the start, removed when it has ended, in whatever way. */
  readonly temporaryFolder?: string
  /** Kills the server when it aborts: the signal of the start, not one that lives longer than that. */
  readonly signal: AbortSignal
}

export interface ServerExit {
  /** Exit status; null when a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A server started by bench, leader of its own process group: a Ctrl-C in the terminal does not reach it directly. */
export interface ServerProcess {
  readonly pid: number
  readonly logFile: string
  /** Resolves when it has ended, in whatever way; never rejects. */
  readonly exited: Promise<ServerExit>
  /** How it ended; null while it runs. */
  exit(): ServerExit | null
  /** SIGTERM, then after `graceMs` SIGKILL to the whole group; resolves when it is gone. Idempotent. */
  stop(graceMs: number): Promise<void>
  /** SIGKILL to the whole group; resolves when it is gone. Idempotent. */
  kill(): Promise<void>
}

/**
 * Starts a server. It is guarded: it ends when bench does, even by SIGKILL, unless `forgetProcess` was called.
 * Throws `AppError('MISSING_TOOL')` when the command cannot be run.
 */
export function spawnServer(options: ServerOptions): ServerProcess {
  options.signal.throwIfAborted()
  mkdirSync(dirname(options.logFile), { recursive: true })
  const removeTemporary = makeTemporary(options.temporaryFolder)
  const child = start(options, removeTemporary)
  let ended: ServerExit | null = null
  const exited = new Promise<ServerExit>((resolve) => {
    child.once('exit', (code, signal) => {
      ended = { code, signal }
      resolve(ended)
    })
  })
  const pid = child.pid!
  yieldToGenerator(pid)
  const identity = guardProcess(pid)
  const server = serverProcess(pid, identity, options.logFile, exited, () => ended)
  const onAbort = () => void server.kill()
  options.signal.addEventListener('abort', onAbort, { once: true })
  void exited.then(() => {
    options.signal.removeEventListener('abort', onAbort)
    forgetProcess(pid)
    killRest(pid)
    removeTemporary()
  })
  return server
}

/** Makes the folder, empty, and gives back how it is removed. */
function makeTemporary(folder: string | undefined): () => void {
  if (folder === undefined) return () => {}
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  return () => {
    try {
      rmSync(folder, { recursive: true, force: true })
    } catch {
      // It lies among what the broker's end removes anyway, and its server is gone: nothing that a run could fail of.
    }
  }
}

function start(options: ServerOptions, onFailure: () => void): ChildProcess {
  const output = openSync(options.logFile, 'a')
  try {
    const child = spawn(options.command, [...options.args], {
      cwd: options.cwd,
      env: { ...options.env } as NodeJS.ProcessEnv,
      stdio: ['ignore', output, output],
      detached: true,
    })
    child.on('error', () => {})
    if (child.pid === undefined) throw new Error('no such program, or no such folder')
    child.unref()
    return child
  } catch (error) {
    onFailure()
    throw cannotStart(options.command, error)
  } finally {
    closeSync(output)
  }
}

// Before the server makes threads and children: they inherit it.
function yieldToGenerator(pid: number): void {
  try {
    setPriority(pid, SERVER_NICENESS)
  } catch {
    // It ended at once, or runs at a lower priority already; whoever waits for its health says so.
  }
}

// What a server's leader leaves behind in its group (a wrapper script's child) would hold ports and data.
function killRest(group: number): void {
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // Nothing is left of it, as usual.
  }
}

function serverProcess(
  pid: number,
  identity: ProcessIdentity | null,
  logFile: string,
  exited: Promise<ServerExit>,
  exit: () => ServerExit | null,
): ServerProcess {
  const kill = async () => {
    if (identity !== null && exit() === null) signalSame(identity, 'SIGKILL', { group: true })
    await exited
  }
  const stop = async (graceMs: number) => {
    if (identity !== null && exit() === null) signalSame(identity, 'SIGTERM')
    const timer = setTimeout(() => void kill(), graceMs)
    await exited
    clearTimeout(timer)
  }
  return { pid, logFile, exited, exit, stop, kill }
}

function cannotStart(command: string, error: unknown): AppError {
  return new AppError('MISSING_TOOL', `expected to start ${command}, got: ${messageOf(error)}`, {
    hint: 'see what is missing: ./bench doctor',
    cause: error,
  })
}
