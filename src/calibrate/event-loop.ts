import { fileURLToPath } from 'node:url'
import { AppError } from '../errors/app-error.ts'
import type { Calibration } from './calibration.ts'

const MAIN = fileURLToPath(new URL('./event-loop-main.ts', import.meta.url))
const START_LIMIT_MS = 15_000

/** How late timers come and how long garbage collection holds a process of this runtime, in a process of its own. */
export async function measureEventLoop(
  partMs: number,
  signal: AbortSignal,
): Promise<NonNullable<Calibration['eventLoop']>> {
  signal.throwIfAborted()
  const limit = AbortSignal.any([signal, AbortSignal.timeout(START_LIMIT_MS + 4 * partMs)])
  const child = Bun.spawn([process.execPath, MAIN, String(partMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    signal: limit,
    killSignal: 'SIGKILL',
  })
  const text = await new Response(child.stdout).text()
  const exitCode = await child.exited
  signal.throwIfAborted()
  if (exitCode === 0) return JSON.parse(text) as NonNullable<Calibration['eventLoop']>
  const got = limit.aborted ? 'no answer in time' : `exit code ${exitCode}`
  throw new AppError('UNEXPECTED', `expected the lateness of timers from a child process, got ${got}`)
}
