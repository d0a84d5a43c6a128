import { AppError } from '../errors/app-error.ts'

const MAX_PORT = 65_535

/**
 * The port of `--live [PORT]`: 0 (any that is free) without a number, null when not asked. `value` is what the parser
 * made of it. Throws `AppError('USAGE')`.
 */
export function livePort(value: unknown): number | null {
  if (value === undefined || value === false) return null
  if (value === true) return 0
  const port = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  if (typeof port === 'number' && Number.isInteger(port) && port >= 0 && port <= MAX_PORT) return port
  const got = Array.isArray(value) ? 'it more than once' : JSON.stringify(value)
  throw new AppError('USAGE', `--live: expected a port from 1 to ${MAX_PORT}, or none, got ${got}`)
}

/** The parser would take the word after `--live` for its port: only a number is one. */
export function withoutGreedyLive(argv: readonly string[]): string[] {
  return argv.map((argument, i) => {
    const isAlone = argument === '--live' && !/^\d+$/.test(argv[i + 1] ?? '')
    return isAlone ? '--live=0' : argument
  })
}
