import { EXIT, type ExitCode } from './exit-codes.ts'

/** What kind of failure it is. The code decides the exit code; scripts may match on it in `--json` output. */
export const ERROR_CODES = {
  USAGE: EXIT.usage,
  CONFIG: EXIT.config,
  /** Something a broker or feature needs is not on this machine and could not be brought. */
  MISSING_TOOL: EXIT.prepare,
  /** A server could not be reached, refused us, or could not make what the plan needs. */
  PREPARE: EXIT.prepare,
  /** A component broke its contract (a driver that settles twice, a worker that answers nonsense). */
  CONTRACT: EXIT.unexpected,
  /** A worker process died, or did not answer in time. */
  WORKER: EXIT.partial,
  /** The file system refused us: disk full, not writable. */
  STORAGE: EXIT.unexpected,
  UNEXPECTED: EXIT.unexpected,
} as const satisfies Record<string, ExitCode>

export type ErrorCode = keyof typeof ERROR_CODES

export interface AppErrorOptions {
  /** What the person can do about it: a sentence, or a command to paste. */
  hint?: string
  cause?: unknown
  /** Overrides the exit code of the error code. */
  exitCode?: ExitCode
}

/**
 * The one error that crosses module borders. The message says what was expected, what came and where, in lower case;
 * the hint says what to do.
 */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly exitCode: ExitCode
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'AppError'
    this.code = code
    this.exitCode = options.exitCode ?? ERROR_CODES[code]
    this.hint = options.hint
  }
}

/** The message of anything thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
