import { fileURLToPath } from 'node:url'
import { AppError } from '../../src/errors/app-error.ts'
import type { Environment } from '../config/settings.ts'
import type { MeterSnapshot } from '../telemetry/meter.ts'
import { ALLOCATOR_ENVIRONMENT } from './allocator.ts'
import type { FromProcess, Listening, ToProcess } from './protocol.ts'

/** A gateway process as the supervisor sees it. */
export interface Child {
  readonly pid: number
  readonly listening: Listening
  /** Its counts, or null when it does not answer within the limit. */
  snapshot(): Promise<{ snapshot: MeterSnapshot; isReady: boolean } | null>
  /** Asks it to end, and ends it by force past the time-out and a margin. */
  stop(timeoutMs: number): Promise<void>
  /** Resolves with the exit code when the process is gone. */
  readonly exited: Promise<number>
}

const ENTRY = fileURLToPath(new URL('./child-main.ts', import.meta.url))
const LIMITS = { startMs: 30_000, snapshotMs: 2000, stopMarginMs: 2000 }

/**
 * Starts one gateway process and waits until it listens.
 *
 * @throws AppError('CONFIG' or 'PREPARE') with what the process said, when it cannot.
 */
export async function startChild(environment: Environment): Promise<Child> {
  const waiting = new Map<number, (answer: { snapshot: MeterSnapshot; isReady: boolean }) => void>()
  let nextId = 0
  let onStart: ((message: FromProcess) => void) | null = null
  const started = new Promise<FromProcess>((resolve) => {
    onStart = resolve
  })
  const child = Bun.spawn([process.execPath, ENTRY], {
    env: { ...environment, ...ALLOCATOR_ENVIRONMENT } as Record<string, string>,
    stdio: ['ignore', 'inherit', 'inherit'],
    serialization: 'json',
    ipc(message: FromProcess) {
      if (message.kind !== 'snapshot') onStart?.(message)
      else {
        waiting.get(message.id)?.(message)
        waiting.delete(message.id)
      }
    },
  })
  const send = (message: ToProcess) => child.send(message)
  const first = await Promise.race([
    started,
    child.exited.then((code) => `a gateway process ended with code ${code} before it listened`),
    Bun.sleep(LIMITS.startMs).then(() => `a gateway process did not listen within ${LIMITS.startMs} ms`),
  ])
  if (typeof first === 'string' || first.kind !== 'listening') {
    child.kill('SIGKILL')
    await child.exited
    if (typeof first === 'string') throw new AppError('PREPARE', first)
    const { message, hint } = first as Extract<FromProcess, { kind: 'failed' }>
    throw new AppError('PREPARE', message, hint === null ? {} : { hint })
  }

  return {
    pid: child.pid,
    listening: first.at,
    exited: child.exited,
    snapshot() {
      if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(null)
      const id = nextId++
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          waiting.delete(id)
          resolve(null)
        }, LIMITS.snapshotMs)
        waiting.set(id, (answer) => {
          clearTimeout(timer)
          resolve(answer)
        })
        send({ kind: 'snapshot', id })
      })
    },
    async stop(timeoutMs) {
      if (child.exitCode === null && child.signalCode === null) send({ kind: 'stop', timeoutMs })
      const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs + LIMITS.stopMarginMs)
      await child.exited
      clearTimeout(timer)
    },
  }
}
