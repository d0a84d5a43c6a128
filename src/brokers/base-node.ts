import { rm } from 'node:fs/promises'
import { AppError } from '../errors/app-error.ts'
import type { BrokerNode } from './broker.ts'
import { identify, type ProcessIdentity, signalSame } from './process/identity.ts'

/** A server that runs and is healthy: a process or a container. `ServerProcess` and `ContainerServer` fit. */
export interface RunningServer {
  /** The server itself (JVM, Erlang VM), which need not be the process that was started. */
  readonly pid: number
  /** Asks it to end, after `graceMs` kills it; resolves when it is gone. Idempotent. */
  stop(graceMs: number): Promise<void>
  /** SIGKILL; resolves when it is gone. Idempotent. */
  kill(): Promise<void>
  /** Halts and continues it where a signal to `pid` is not the way (containers). */
  freeze?(): void
  unfreeze?(): void
}

export interface NodeParts {
  readonly name: string
  readonly bound: string
  readonly advertised: string
  readonly logFile: string
  /** Starts the server with the node's data, as it is, and waits until it is healthy. Cleans up when it fails. */
  readonly start: (signal: AbortSignal) => Promise<RunningServer>
  /** What is done while a killed server is away, from its end on. A restart waits for it, and fails when it failed. */
  readonly afterKill?: (signal: AbortSignal) => Promise<void>
}

/** A node under bench's control: what `BrokerNode` promises, and the clean end. */
export interface ManagedNode extends BrokerNode {
  /** Ends the server cleanly, after `graceMs` by force; also one that is halted. Idempotent. */
  shutDown(graceMs: number): Promise<void>
}

/** Starts a node; the parts that Kafka's and RabbitMQ's nodes share. */
export async function startNode(parts: NodeParts, signal: AbortSignal): Promise<ManagedNode> {
  let server = await startBounded(parts, signal)
  let identity: ProcessIdentity | null = identify(server.pid)
  let state: 'running' | 'halted' | 'gone' = 'running'
  let afterKill: Work | null = null
  const resume = () => {
    if (state !== 'halted') return
    state = 'running'
    if (server.unfreeze) server.unfreeze()
    else if (identity) signalSame(identity, 'SIGCONT')
  }
  return {
    name: parts.name,
    bound: parts.bound,
    advertised: parts.advertised,
    logFile: parts.logFile,
    get pid() {
      return server.pid
    },
    async kill() {
      const wasThere = state !== 'gone'
      state = 'gone'
      await server.kill()
      if (wasThere && parts.afterKill) afterKill = startWork(parts.afterKill)
    },
    stop() {
      if (state !== 'running') return
      state = 'halted'
      if (server.freeze) server.freeze()
      else if (identity) signalSame(identity, 'SIGSTOP')
    },
    continue: resume,
    async restart(restartSignal) {
      if (state !== 'gone') {
        throw new AppError(
          'CONTRACT',
          `expected ${parts.name} to be killed before its restart, it is ${state}`,
        )
      }
      await afterKill?.end(restartSignal)
      server = await startBounded(parts, restartSignal)
      identity = identify(server.pid)
      state = 'running'
    },
    async shutDown(graceMs) {
      resume()
      state = 'gone'
      await afterKill?.abandon()
      await server.stop(graceMs)
    },
  }
}

interface Work {
  /** Resolves or rejects as the work does; an abort ends the work. */
  end(signal: AbortSignal): Promise<void>
  /** Ends the work, whatever it does. */
  abandon(): Promise<void>
}

function startWork(work: (signal: AbortSignal) => Promise<void>): Work {
  const stop = new AbortController()
  const done = work(stop.signal)
  // Until somebody asks for its end.
  done.catch(() => {})
  const abandon = async () => {
    stop.abort()
    await done.catch(() => {})
  }
  return {
    abandon,
    async end(signal) {
      signal.throwIfAborted()
      const onAbort = () => stop.abort(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
      try {
        await done
      } finally {
        signal.removeEventListener('abort', onAbort)
      }
    },
  }
}

// A server is bound to the signal that started it only until it is healthy.
async function startBounded(parts: NodeParts, signal: AbortSignal): Promise<RunningServer> {
  signal.throwIfAborted()
  const start = new AbortController()
  const onAbort = () => start.abort(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await parts.start(start.signal)
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** The end of a local broker: all nodes at once, then their data folders. Logs must lie elsewhere. Idempotent. */
export async function shutDownNodes(
  nodes: readonly ManagedNode[],
  dataFolders: readonly string[],
  graceMs: number,
): Promise<void> {
  const results = await Promise.allSettled(nodes.map((node) => node.shutDown(graceMs)))
  for (const folder of dataFolders) await rm(folder, { recursive: true, force: true })
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) throw failed.reason
}
