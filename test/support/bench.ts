import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pollUntil } from './poll.ts'

export const ROOT = resolve(import.meta.dir, '../..')
const MAIN = join(ROOT, 'src/cli/main.ts')
const LEFTOVER_LIMIT_MS = 15_000

/** A home of its own for experiments and local brokers, so that tests see only what is theirs. */
export interface BenchHome {
  readonly path: string
  /** Runs `bench` to its end. */
  run(args: readonly string[], options?: RunOptions): Promise<Finished>
  /** Starts `bench` and returns at once. */
  start(args: readonly string[], options?: RunOptions): Running
  /** Command lines of processes that belong to this home and still run; waits a little for those that are ending. */
  leftovers(): Promise<string[]>
  remove(): void
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
}

export interface Finished {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly pid: number
  readonly finished: Promise<Finished>
  /** Resolves once stderr so far contains the text; rejects when it ends without. */
  seen(text: string | RegExp): Promise<void>
  /** What it has written to stderr so far. */
  stderr(): string
  signal(name: NodeJS.Signals): void
}

export function benchHome(): BenchHome {
  const path = mkdtempSync(join(tmpdir(), 'bench-test-'))
  const start = (args: readonly string[], options: RunOptions = {}): Running => {
    const child = Bun.spawn([process.execPath, MAIN, ...args], {
      cwd: options.cwd ?? ROOT,
      env: {
        ...process.env,
        BENCH_HOME: path,
        NO_COLOR: '1',
        BENCH_NO_CALIBRATE: '1',
        GITHUB_STEP_SUMMARY: undefined,
        ...options.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const stdout = collect(child.stdout)
    const stderr = collect(child.stderr)
    const finished = Promise.all([child.exited, stdout.done, stderr.done]).then(([exitCode, out, err]) => ({
      exitCode,
      stdout: out,
      stderr: err,
    }))
    return {
      pid: child.pid,
      finished,
      signal: (name) => child.kill(name),
      stderr: stderr.text,
      seen: (text) =>
        pollUntil(`${text} on stderr`, 120_000, () => {
          const found = typeof text === 'string' ? stderr.text().includes(text) : text.test(stderr.text())
          if (!found && child.exitCode !== null) {
            throw new Error(`bench ended with ${child.exitCode} before it said ${text}:\n${stderr.text()}`)
          }
          return found
        }),
    }
  }
  return {
    path,
    start,
    run: (args, options) => start(args, options).finished,
    leftovers: async () => {
      const since = Date.now()
      let found = processesOf(path)
      while (found.length > 0 && Date.now() - since < LEFTOVER_LIMIT_MS) {
        await Bun.sleep(100)
        found = processesOf(path)
      }
      return found
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  }
}

function collect(stream: ReadableStream<Uint8Array>) {
  let text = ''
  const decoder = new TextDecoder()
  const done = (async () => {
    for await (const chunk of stream) text += decoder.decode(chunk, { stream: true })
    return text
  })()
  return { text: () => text, done }
}

/** Every process whose environment or command line names the home. */
function processesOf(home: string): string[] {
  const found: string[] = []
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (Number(pid) === process.pid) continue
    try {
      const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      if (commandLine === '') continue
      if (`${commandLine}${readFileSync(`/proc/${pid}/environ`, 'utf8')}`.includes(home)) {
        found.push(`${pid}: ${commandLine.slice(0, 200)}`)
      }
    } catch {
      // It ended while we looked.
    }
  }
  return found
}
