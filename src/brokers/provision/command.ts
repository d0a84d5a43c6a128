import { spawn } from 'node:child_process'
import { AppError } from '../../errors/app-error.ts'
import { forgetProcess, guardProcess } from '../process/watchdog.ts'

export interface CommandOptions {
  readonly command: string
  readonly args: readonly string[]
  /** The whole environment; default: this process's. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  /** The command is killed when it takes longer. */
  readonly limitMs: number
}

export interface CommandOutput {
  /** Exit status; −1 when it was killed or could not be started. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const OUTPUT_LIMIT_BYTES = 4 * 1024 * 1024
const QUOTED_LINES = 12

/**
 * Runs a command to its end, without a terminal and without input; it ends with bench, even when bench is killed.
 * Never throws but for the signal.
 */
export function runCommand(options: CommandOptions, signal: AbortSignal): Promise<CommandOutput> {
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const child = spawn(options.command, [...options.args], {
      env: { ...(options.env ?? process.env) } as NodeJS.ProcessEnv,
      cwd: options.cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own: a tool's own children end with it.
      detached: true,
    })
    if (child.pid !== undefined) guardProcess(child.pid)
    const stdout = collect(child.stdout)
    const stderr = collect(child.stderr)
    let failure = ''
    const kill = () => killGroup(child.pid)
    const timer = setTimeout(() => {
      failure = `no end after ${options.limitMs / 1000} s`
      kill()
    }, options.limitMs)
    signal.addEventListener('abort', kill, { once: true })
    const finish = (code: number) => {
      clearTimeout(timer)
      if (child.pid !== undefined) forgetProcess(child.pid)
      signal.removeEventListener('abort', kill)
      if (signal.aborted) reject(signal.reason)
      else resolve({ code, stdout: stdout(), stderr: stderr() + failure })
    }
    child.on('error', (error) => {
      failure = error.message
      finish(-1)
    })
    child.on('close', (code) => finish(failure === '' ? (code ?? -1) : -1))
  })
}

/** As `runCommand`, but a status other than 0 is an `AppError('MISSING_TOOL')` that quotes the last lines. */
export async function mustRun(
  options: CommandOptions & { readonly what: string; readonly hint: string },
  signal: AbortSignal,
): Promise<CommandOutput> {
  const output = await runCommand(options, signal)
  if (output.code === 0) return output
  const said = lastLines(`${output.stdout}\n${output.stderr}`)
  const line = [options.command, ...options.args].join(' ')
  throw new AppError(
    'MISSING_TOOL',
    `${options.what}: expected status 0 of \`${line}\`, got ${output.code}\n${said}`,
    {
      hint: options.hint,
    },
  )
}

function lastLines(text: string): string {
  const lines = Bun.stripANSI(text)
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
  return lines.slice(-QUOTED_LINES).join('\n')
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    sizeBytes += chunk.length
    while (sizeBytes > OUTPUT_LIMIT_BYTES && chunks.length > 1) sizeBytes -= chunks.shift()!.length
  })
  return () => Buffer.concat(chunks).toString('utf8')
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended by itself meanwhile.
  }
}
