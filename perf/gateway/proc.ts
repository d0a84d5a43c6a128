// What Linux knows of processes (proc(5)).
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Of the kernel's interface to programs, whatever its own tick is. */
const TICKS_PER_SECOND = 100
const ESTABLISHED = '01'

/** User and system time of these processes so far, all their threads, in seconds (resolution 10 ms). */
export function cpuSeconds(pids: readonly number[]): number {
  let ticks = 0
  for (const pid of pids) {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    ticks += Number(fields[11]) + Number(fields[12])
  }
  return ticks / TICKS_PER_SECOND
}

/** Resident memory now and at its highest, bytes. */
export function residentBytes(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  const of = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024
  return { now: of('VmRSS'), peak: of('VmHWM') }
}

/** Direct children of a process. */
export function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1')
      .trim()
      .split(' ')
      .filter(Boolean)
      .map(Number),
  )
}

/** Connections to a port of this machine, counted by the process that accepted them. */
export function connectionsByProcess(pids: readonly number[], port: number): number[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const inodes = new Set<string>()
  for (const line of readFileSync('/proc/net/tcp', 'latin1').split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/)
    if (fields[1]?.endsWith(suffix) && fields[3] === ESTABLISHED) inodes.add(fields[9]!)
  }
  return pids.map((pid) => {
    let count = 0
    for (const file of readdirSync(`/proc/${pid}/fd`)) {
      try {
        const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${file}`))?.[1]
        if (inode !== undefined && inodes.has(inode)) count++
      } catch {
        // It was closed while we looked.
      }
    }
    return count
  })
}
