import { readFileSync } from 'node:fs'

/** Environment of everything that runs in a namespace: nothing of ours reaches it. */
export const PLAIN_ENV = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
}

const READY_LIMIT_MS = 30_000
const CHILD_LIMIT_MS = 10_000

/**
 * A process that keeps namespaces alive. Its standard input is its lifeline: when ours ends, however it does, it reads
 * the end of its input, ends, and the kernel removes all that lives in its namespaces.
 */
export interface Holder {
  /** Of the process inside, as the host counts. */
  readonly pid: number
  /** Kills it; resolves when it has ended. Idempotent. */
  end(): Promise<void>
}

/** Starts `command`, whose last process must say a line `ready` and then read its input to the end. */
export async function startHolder(command: readonly string[], what: string): Promise<Holder> {
  const child = Bun.spawn([...command], { env: PLAIN_ENV, stdio: ['pipe', 'pipe', 'pipe'] })
  const errors = new Response(child.stderr).text()
  const timer = setTimeout(() => child.kill('SIGKILL'), READY_LIMIT_MS)
  const said = await untilReady(child.stdout)
  clearTimeout(timer)
  const pid = leafOf(child.pid)
  if (!said.endsWith('ready\n') || pid === null) {
    child.kill('SIGKILL')
    throw new Error(`expected ${what} to start, got: ${said}${await errors}`)
  }
  return {
    pid,
    end: async () => {
      if (child.exitCode === null && child.signalCode === null) killQuietly(pid)
      await child.exited
    },
  }
}

async function untilReady(stdout: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  const reader = stdout.getReader()
  let said = ''
  while (!said.endsWith('ready\n')) {
    const { value, done } = await reader.read()
    if (done) break
    said += decoder.decode(value, { stream: true })
  }
  reader.releaseLock()
  return said
}

/** A command that runs in namespaces of the process `pid`; `flags` as nsenter's, e.g. `-n` for the network alone. */
export function enter(pid: number, flags: readonly string[], command: readonly string[]): string[] {
  return ['nsenter', '-t', String(pid), ...flags, '--', ...command]
}

/** Runs a command to its end; throws with what it said when its status is not 0. */
export async function must(command: readonly string[]): Promise<void> {
  const child = Bun.spawn([...command], { env: PLAIN_ENV, stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, errors] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ])
  if ((await child.exited) !== 0)
    throw new Error(`expected status 0 of ${command.slice(0, 8).join(' ')}, got: ${out}${errors}`)
}

/** The only child of a process that has one at most, waited for; null when the process ends before it has one. */
export async function childOf(pid: number): Promise<number | null> {
  const since = performance.now()
  while (performance.now() - since < CHILD_LIMIT_MS) {
    const children = childrenOf(pid)
    if (children === null) return null
    if (children[0] !== undefined) return children[0]
    await Bun.sleep(2)
  }
  return null
}

/** SIGKILL to a process, or to a whole group (a negative number), that may be gone already. */
export function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself.
  }
}

/** The process at the end of the chain nsenter → unshare → shell. */
function leafOf(pid: number): number | null {
  for (let at = pid; ; ) {
    const children = childrenOf(at)
    if (children === null) return null
    const next = children[0]
    if (next === undefined) return at
    at = next
  }
}

function childrenOf(pid: number): number[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
    return text === '' ? [] : text.split(' ').map(Number)
  } catch {
    return null
  }
}
