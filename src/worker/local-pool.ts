import { getPriority, setPriority } from 'node:os'
import { skewOf } from '../clock/skewed-clock.ts'
import type { EngineInterval, WorkerRole } from '../engine/types.ts'
import { AppError } from '../errors/app-error.ts'
import type { FromWorker, RequestName, Requests, ToWorker } from './protocol.ts'

const MAIN = new URL('./main.ts', import.meta.url).pathname
const KILL_AFTER_MS = 12_000
/** Of a worker process, where the system lets us: what measures goes before what is measured. */
const WORKER_NICENESS = -10

export interface WorkerEvents {
  onInterval(interval: EngineInterval): void
  onLog(line: string): void
  /** The process is gone though nobody asked it to go; `how` says by which code or signal. */
  onDeath(how: string): void
}

/** The supervisor's end of one worker process. */
export interface WorkerHandle {
  readonly role: WorkerRole
  readonly index: number
  readonly pid: number
  /** Scheduling priority (nice value) that it runs with. */
  readonly niceness: number
  /** Whether its clock is the supervisor's: on this host it is, unless a test wants it otherwise. */
  readonly sharesClock: boolean
  /** Why it is dead, or null while it lives. */
  readonly death: string | null
  /** Asks and waits; rejects with the worker's own error, with `WORKER` when it dies, or with the signal's reason. */
  ask<Name extends RequestName>(
    request: Name,
    ask: Requests[Name]['ask'],
    signal: AbortSignal,
  ): Promise<Requests[Name]['answer']>
  /** Asks it to close and waits for its end; SIGKILL after 12 s. Idempotent. */
  end(): Promise<void>
  /** SIGKILL now. */
  kill(): void
}

interface Pending {
  resolve(answer: unknown): void
  reject(error: unknown): void
}

/** Starts one worker process on this machine, joined to us by IPC. */
export function startWorker(role: WorkerRole, index: number, events: WorkerEvents): WorkerHandle {
  const pending = new Map<number, Pending>()
  let nextId = 1
  let ending = false
  let death: string | null = null

  const name = `${role}-${index}`
  const child = Bun.spawn([process.execPath, MAIN], {
    // Whatever a client library prints is talk: our stdout is data.
    stdio: ['ignore', 2, 'inherit'],
    env: { ...process.env, BENCH_WORKER: name },
    serialization: 'advanced',
    ipc: (message: FromWorker) => receive(message),
    onExit: (_child, exitCode, signalCode) => {
      const how = signalCode === null ? `exit code ${exitCode}` : `signal ${signalCode}`
      death = how
      const error = new AppError('WORKER', `${role} worker ${index} (pid ${child.pid}) ended by ${how}`)
      for (const waiter of pending.values()) waiter.reject(error)
      pending.clear()
      if (!ending) events.onDeath(error.message)
    },
  })

  const niceness = raisePriority(child.pid)

  const receive = (message: FromWorker) => {
    if (message.kind === 'interval') return events.onInterval(message.interval)
    if (message.kind === 'log') return events.onLog(`${role} ${index}: ${message.line}`)
    const waiter = pending.get(message.id)
    pending.delete(message.id)
    if (message.kind === 'answer') waiter?.resolve(message.answer)
    else {
      const { code, message: text, hint } = message.error
      waiter?.reject(new AppError(code, text, hint === null ? {} : { hint }))
    }
  }

  const ask: WorkerHandle['ask'] = (request, content, signal) =>
    new Promise((resolve, reject) => {
      if (death !== null) return reject(new AppError('WORKER', `${role} worker ${index} is gone: ${death}`))
      if (signal.aborted) return reject(signal.reason)
      const id = nextId++
      const onAbort = () => {
        pending.delete(id)
        reject(signal.reason)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      const settled = () => signal.removeEventListener('abort', onAbort)
      pending.set(id, {
        resolve: (answer) => {
          settled()
          resolve(answer as never)
        },
        reject: (error) => {
          settled()
          reject(error)
        },
      })
      child.send({ id, request, ask: content } as ToWorker)
    })

  return {
    role,
    index,
    pid: child.pid,
    niceness,
    sharesClock: skewOf(name) === null,
    get death() {
      return death
    },
    ask,
    async end() {
      if (death !== null) return
      ending = true
      const killer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS)
      await ask('close', null, AbortSignal.timeout(KILL_AFTER_MS)).catch(() => child.kill('SIGKILL'))
      await child.exited
      clearTimeout(killer)
    },
    kill: () => {
      ending = true
      child.kill('SIGKILL')
    },
  }
}

/** Raises the priority before the process makes threads, which inherit it; an ordinary user may not, and stays at 0. */
function raisePriority(pid: number): number {
  try {
    setPriority(pid, WORKER_NICENESS)
    return WORKER_NICENESS
  } catch {
    return getPriority()
  }
}
