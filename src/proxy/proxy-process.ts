import { setPriority } from 'node:os'
import { AppError } from '../errors/app-error.ts'
import type { LinkCondition } from './condition.ts'
import type { FromProxy, ProxyFigures, ProxyRequests, ToProxy } from './protocol.ts'

const MAIN = new URL('./main.ts', import.meta.url).pathname
/** It answers at once, if it lives. */
const ANSWER_LIMIT_MS = 10_000
const END_LIMIT_MS = 2_000
/** What stands between must not be what is measured; where the system lets us. */
const NICENESS = -10

/** A process of its own between clients and servers, that passes bytes on and can disturb them. */
export interface NetworkProxy {
  readonly pid: number
  /** Aborts with the reason when the process ends though nobody asked it to. */
  readonly death: AbortSignal
  /** Opens a port of loopback that leads to a server (`host:port`); resolves to its `host:port`. */
  open(target: string): Promise<string>
  /** What happens from now on to all connections of a port that `open` named. */
  change(address: string, condition: LinkCondition): Promise<void>
  figures(): Promise<ProxyFigures>
  /** Ends the process and with it all connections. Idempotent; it also ends when this process does. */
  end(): Promise<void>
}

interface Waiter {
  resolve(answer: unknown): void
  reject(error: unknown): void
}

/** Starts the process. Its requests throw `AppError('WORKER')` when it is gone or does not answer in time. */
export function startProxy(): NetworkProxy {
  const waiters = new Map<number, Waiter>()
  let nextId = 1
  let death: string | null = null
  let isEnding = false
  const died = new AbortController()
  const child = Bun.spawn([process.execPath, MAIN], {
    // stdout is data: whatever the process should print is talk.
    stdio: ['ignore', 2, 'inherit'],
    serialization: 'advanced',
    ipc: (message: FromProxy) => {
      const waiter = waiters.get(message.id)
      waiters.delete(message.id)
      if ('error' in message) waiter?.reject(new AppError('WORKER', message.error))
      else waiter?.resolve(message.answer)
    },
    onExit: (_, code, signal) => {
      death = signal === null ? `exit code ${code}` : `signal ${signal}`
      for (const { reject } of waiters.values()) reject(gone(death))
      waiters.clear()
      if (!isEnding) died.abort(gone(death))
    },
  })
  try {
    setPriority(child.pid, NICENESS)
  } catch {
    // An ordinary user may not.
  }

  function ask<Name extends keyof ProxyRequests>(
    request: Name,
    content: ProxyRequests[Name]['ask'],
  ): Promise<ProxyRequests[Name]['answer']> {
    return new Promise((resolve, reject) => {
      if (death !== null) return reject(gone(death))
      const id = nextId++
      const timer = setTimeout(() => {
        waiters.delete(id)
        reject(
          new AppError('WORKER', `the proxy (pid ${child.pid}) did not answer within ${ANSWER_LIMIT_MS} ms`),
        )
      }, ANSWER_LIMIT_MS)
      const settle =
        <T>(how: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer)
          how(value)
        }
      waiters.set(id, { resolve: settle(resolve as (answer: unknown) => void), reject: settle(reject) })
      child.send({ id, request, ask: content } as ToProxy)
    })
  }

  return {
    pid: child.pid,
    death: died.signal,
    open: async (target) => (await ask('open', { target })).address,
    change: async (address, condition) => {
      await ask('change', { address, condition })
    },
    figures: () => ask('figures', null),
    async end() {
      isEnding = true
      if (death !== null) return
      child.disconnect()
      const timer = setTimeout(() => child.kill('SIGKILL'), END_LIMIT_MS)
      await child.exited
      clearTimeout(timer)
    },
  }
}

function gone(how: string): AppError {
  return new AppError('WORKER', `the proxy between clients and broker ended by ${how}`)
}
