import { readdirSync, readFileSync } from 'node:fs'

/** Proportional set size of a process and all its descendants, bytes (Linux: /proc/PID/smaps_rollup). */
export function treePssBytes(rootPid: number): number {
  let bytes = 0
  for (const pid of descendants(rootPid)) {
    try {
      const match = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))
      bytes += Number(match?.[1] ?? 0) * 1024
    } catch {
      // It ended while we looked.
    }
  }
  return bytes
}

/** A process and all that descend from it. */
export function descendants(rootPid: number): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
      children.set(parent, [...(children.get(parent) ?? []), Number(name)])
    } catch {
      // It ended while we looked.
    }
  }
  const found = [rootPid]
  for (let i = 0; i < found.length; i++) found.push(...(children.get(found[i]!) ?? []))
  return found
}
