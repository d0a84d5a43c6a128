import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { forgetProcess, guardProcess } from '../../brokers/process/index.ts'

export interface ChildOptions {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  /** The whole environment. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** It is ended when it runs longer. */
  readonly limitMs: number
  /** Told of every line of both streams. */
  readonly onLine: (line: string, stream: 'stdout' | 'stderr') => void
}

export interface ChildEnd {
  /** Exit status; null when it was ended, or never began. */
  readonly code: number | null
  /** Why there is no status; null when there is one. */
  readonly failure: string | null
}

/** Time that a child has after an interrupt to end by itself. */
const GRACE_MS = 45_000

/**
 * Runs a command to its end, line by line. When the signal aborts, or the limit passes, it is interrupted, so that it
 * can finish what is under way, and killed with its children when that takes too long. It ends with bench, however bench
 * ends. Never throws: whoever calls looks at the signal.
 */
export async function runChild(options: ChildOptions, signal: AbortSignal): Promise<ChildEnd> {
  const { command, args, cwd, env, limitMs, onLine } = options
  if (signal.aborted) return { code: null, failure: 'it was not begun' }
  const child = spawn(command, [...args], {
    cwd,
    env: { ...env } as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const { pid } = child
  if (pid !== undefined) guardProcess(pid)
  const readers = (['stdout', 'stderr'] as const).map((stream) => {
    const lines = createInterface({ input: child[stream] })
    lines.on('line', (line) => onLine(line, stream))
    return new Promise<void>((resolve) => lines.once('close', resolve))
  })
  let failure: string | null = null
  let timer: Timer | undefined
  const kill = (name: NodeJS.Signals, target: number | undefined) => {
    try {
      if (target !== undefined) process.kill(target, name)
    } catch {
      // It has ended meanwhile.
    }
  }
  const interrupt = (reason: string) => {
    failure ??= reason
    kill('SIGINT', pid)
    clearTimeout(timer)
    timer = setTimeout(() => kill('SIGKILL', pid === undefined ? undefined : -pid), GRACE_MS)
  }
  timer = setTimeout(() => interrupt(`no end after ${Math.round(limitMs / 1000)} s`), limitMs)
  const onAbort = () => interrupt('it was interrupted')
  signal.addEventListener('abort', onAbort, { once: true })
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      failure = error.message
      resolve(null)
    })
    child.once('exit', resolve)
  })
  clearTimeout(timer)
  signal.removeEventListener('abort', onAbort)
  if (pid !== undefined) {
    forgetProcess(pid)
    // What it left in its group would go on making things.
    kill('SIGKILL', -pid)
    await Promise.all(readers)
  }
  if (failure === null && code === null) failure = 'a signal ended it'
  return failure === null ? { code, failure } : { code: null, failure }
}
