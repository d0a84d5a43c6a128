import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { statFields } from './identity.ts'

export interface ProcessUsage {
  /** User and system time of the process since its start, seconds. */
  readonly cpuS: number
  readonly rssBytes: number
  /** What it gave the file systems to write to disk since its start; null where that cannot be read. */
  readonly writtenBytes: number | null
}

// USER_HZ is 100 in the interface of every Linux that runs Bun, whatever the kernel's own tick.
const TICKS_PER_SECOND = 100
const USER_TICKS = 11
const SYSTEM_TICKS = 12

/** What a process has used so far; null when it is gone. Children are not counted. */
export function processUsage(pid: number): ProcessUsage | null {
  return process.platform === 'linux' ? usageFromProc(pid) : usageFromPs(pid)
}

function usageFromProc(pid: number): ProcessUsage | null {
  const fields = statFields(pid)
  if (fields === null) return null
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1')
    const rssKiB = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0)
    const ticks = Number(fields[USER_TICKS]) + Number(fields[SYSTEM_TICKS])
    return { cpuS: ticks / TICKS_PER_SECOND, rssBytes: rssKiB * 1024, writtenBytes: writtenBytes(pid) }
  } catch {
    return null
  }
}

/** Counted as pages are made dirty, so of files in memory (tmpfs) nothing is. */
function writtenBytes(pid: number): number | null {
  try {
    const written = /^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))?.[1]
    return written === undefined ? null : Number(written)
  } catch {
    // Another user's process, as in a container.
    return null
  }
}

function usageFromPs(pid: number): ProcessUsage | null {
  const ps = spawnSync('ps', ['-o', 'time=', '-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })
  const [time, rssKiB] = (ps.stdout ?? '').trim().split(/\s+/)
  if (ps.status !== 0 || time === undefined || rssKiB === undefined) return null
  return { cpuS: secondsOf(time), rssBytes: Number(rssKiB) * 1024, writtenBytes: null }
}

/** Seconds of `[[days-]hours:]minutes:seconds`, as `ps` prints CPU time. */
export function secondsOf(time: string): number {
  const [days, clock] = time.includes('-') ? time.split('-') : ['0', time]
  return (clock ?? '').split(':').reduce((sum, part) => sum * 60 + Number(part), 0) + Number(days) * 86_400
}
