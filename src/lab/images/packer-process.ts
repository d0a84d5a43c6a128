import { spawn } from 'node:child_process'
import { appendFileSync, closeSync, openSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { AppError } from '../../errors/app-error.ts'

export interface PackerCommand {
  readonly args: readonly string[]
  /** All its output is appended to it. */
  readonly logFile: string
  /** It is told to stop when it runs longer. */
  readonly limitMs: number
  readonly onLine: (line: string) => void
}

export interface PackerEnd {
  /** Exit status; −1 when a signal ended it. */
  readonly code: number
  readonly lastLines: readonly string[]
}

const LAST_LINES = 15
const MAX_LINE_LENGTH = 4_000
/** How long it may take to remove what it has made, once it is told to stop. */
const STOP_LIMIT_MS = 300_000

/** Path of packer. Throws `AppError('MISSING_TOOL')` when there is none on the PATH. */
export function requirePacker(): string {
  const found = Bun.which('packer')
  if (found !== null) return found
  throw new AppError('MISSING_TOOL', 'expected packer on the PATH, which makes the images; found none', {
    hint: 'install it: https://developer.hashicorp.com/packer/install',
  })
}

/**
 * Runs packer to its end. When the signal aborts, packer is interrupted as by Ctrl-C and given its time to remove what
 * it has made; then this rejects with the signal's reason. It has a process group of its own, so that the terminal's
 * Ctrl-C does not reach it twice, which would make it leave everything.
 */
export function runPacker(command: PackerCommand, signal: AbortSignal): Promise<PackerEnd> {
  signal.throwIfAborted()
  const packer = requirePacker()
  const log = openSync(command.logFile, 'a', 0o600)
  return new Promise((resolve, reject) => {
    const child = spawn(packer, command.args, {
      env: { ...process.env, CHECKPOINT_DISABLE: '1', PACKER_NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    const lastLines: string[] = []
    let kill: Timer | null = null
    const note = (text: string) => {
      const line = Bun.stripANSI(text).slice(0, MAX_LINE_LENGTH)
      appendFileSync(log, `${line}\n`)
      lastLines.push(line)
      if (lastLines.length > LAST_LINES) lastLines.shift()
      command.onLine(line)
    }
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', note)
    const stop = () => {
      child.kill('SIGINT')
      kill ??= setTimeout(() => killGroup(child.pid), STOP_LIMIT_MS)
    }
    const limit = setTimeout(() => {
      note(`bench: no end after ${command.limitMs / 60_000} min: stopping packer`)
      stop()
    }, command.limitMs)
    signal.addEventListener('abort', stop, { once: true })
    const finish = (settle: () => void) => {
      clearTimeout(limit)
      if (kill !== null) clearTimeout(kill)
      signal.removeEventListener('abort', stop)
      closeSync(log)
      settle()
    }
    child.once('error', (cause) =>
      finish(() =>
        reject(new AppError('MISSING_TOOL', `expected ${packer} to start: ${cause.message}`, { cause })),
      ),
    )
    child.once('close', (code) =>
      finish(() => (signal.aborted ? reject(signal.reason) : resolve({ code: code ?? -1, lastLines }))),
    )
  })
}

type Timer = ReturnType<typeof setTimeout>

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended by itself meanwhile.
  }
}
