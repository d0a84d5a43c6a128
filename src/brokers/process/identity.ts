import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/**
 * A process that cannot be mistaken for a later one with the same number: `start` is the instant it began, as the
 * system tells it (ticks since boot on Linux, a date elsewhere; without spaces).
 */
export interface ProcessIdentity {
  readonly pid: number
  readonly start: string
}

/** Identity of a living process; null when there is none with this number (a zombie counts as none). */
export function identify(pid: number): ProcessIdentity | null {
  if (!Number.isInteger(pid) || pid <= 0) return null
  const start = process.platform === 'linux' ? startFromProc(pid) : startFromPs(pid)
  return start === null ? null : { pid, start }
}

/** Whether exactly this process still lives. */
export function isSame(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.start === identity.start
}

/** Whether any living process has this number. */
export function isAlive(pid: number): boolean {
  return identify(pid) !== null
}

export interface KillOptions {
  /** Its whole process group, which it must lead. */
  readonly group?: boolean
}

/** Sends a signal if the process is still the same; whether it was sent. */
export function signalSame(
  identity: ProcessIdentity,
  signal: NodeJS.Signals,
  options: KillOptions = {},
): boolean {
  if (!isSame(identity)) return false
  try {
    process.kill(options.group ? -identity.pid : identity.pid, signal)
    return true
  } catch {
    return false
  }
}

/** The fields of `/proc/PID/stat` from the third on (state): the second may contain spaces and brackets. */
export function statFields(pid: number): readonly string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return null
  }
}

const STATE = 0
const START_TICKS = 19

function startFromProc(pid: number): string | null {
  const fields = statFields(pid)
  if (fields === null || fields[STATE] === 'Z' || fields[STATE] === 'X') return null
  return fields[START_TICKS] ?? null
}

function startFromPs(pid: number): string | null {
  const ps = spawnSync('ps', ['-o', 'stat=', '-o', 'lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  })
  const [state = '', ...date] = (ps.stdout ?? '').trim().split(/\s+/)
  return ps.status !== 0 || state === '' || state.startsWith('Z') ? null : date.join('_')
}
