import { type ChildProcess, spawn } from 'node:child_process'

/** How a child of the test run ended. */
export interface ChildResult {
  /** Exit status; −1 when it took too long or could not be started. */
  readonly code: number
  readonly durationS: number
  /** Lines that begin with `SKIPPED:`: what a test says about what it could not try. */
  readonly skipReasons: readonly string[]
}

const SKIP_REASON = /^\s*SKIPPED: (.+)$/gm
/** After this the output is still shown, but no longer searched for reasons. */
const SEARCHED_BYTES = 8 * 1024 * 1024

let current: ChildProcess | null = null

/** Runs a command with its output shown (unless `show` is false), and kills it after `limitMs`. */
export function runChild(
  command: readonly string[],
  options: {
    readonly cwd: string
    readonly env: NodeJS.ProcessEnv
    readonly limitMs: number
    readonly show?: boolean
  },
): Promise<ChildResult> {
  const startMs = performance.now()
  return new Promise((resolve) => {
    const child = spawn(command[0]!, command.slice(1), {
      cwd: options.cwd,
      env: options.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    current = child
    let text = ''
    const show = (chunk: Buffer) => {
      if (options.show !== false) process.stdout.write(chunk)
      if (text.length < SEARCHED_BYTES) text += chunk.toString('utf8')
    }
    child.stdout.on('data', show)
    child.stderr.on('data', show)
    let late = false
    const timer = setTimeout(() => {
      late = true
      if (options.show !== false) console.log(`\n!! no end after ${options.limitMs / 1000} s: killed`)
      child.kill('SIGKILL')
    }, options.limitMs)
    const finish = (code: number) => {
      clearTimeout(timer)
      current = null
      // A grandchild that outlives the child may hold the pipes.
      child.stdout.destroy()
      child.stderr.destroy()
      const skipReasons = [...text.matchAll(SKIP_REASON)].map((match) => match[1]!.trimEnd())
      resolve({ code, durationS: (performance.now() - startMs) / 1000, skipReasons })
    }
    child.on('error', () => finish(-1))
    child.on('exit', (code) => setTimeout(() => finish(late ? -1 : (code ?? -1)), PIPE_REST_MS))
  })
}

/** Time for the last output to come through the pipes. */
const PIPE_REST_MS = 50

/** Ends the child that runs, when the run itself is told to end. */
export function endChild(signal: NodeJS.Signals): void {
  current?.kill(signal)
}
