import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const READ_LIMIT_BYTES = 64 * 1024

/** The last lines of a log file, at most 64 KiB of them; empty when it cannot be read. */
export function tail(logFile: string, lines: number): string {
  let file: number
  try {
    file = openSync(logFile, 'r')
  } catch {
    return ''
  }
  try {
    const { size } = fstatSync(file)
    const buffer = Buffer.alloc(Math.min(size, READ_LIMIT_BYTES))
    const read = readSync(file, buffer, 0, buffer.length, size - buffer.length)
    return buffer.toString('utf8', 0, read).trimEnd().split('\n').slice(-lines).join('\n')
  } finally {
    closeSync(file)
  }
}
