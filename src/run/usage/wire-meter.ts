import { readdirSync, readlinkSync } from 'node:fs'
import type { WireBytes } from '../../result/result.ts'
import type { SocketBytes, TcpCounters } from './tcp-counters.ts'

/** A process with more open files is not looked into. */
const MAX_OPEN_FILES = 20_000

/** Inodes of the sockets that a process holds; null when it cannot be looked into (gone, another user's, a container). */
export type SocketsOf = (pid: number) => readonly number[] | null

/** Adds up what the sockets of some processes carried between its first and its last sample. */
export interface WireMeter {
  /** `counters`: of all sockets of the machine, null where they could not be read. */
  sample(counters: TcpCounters | null): void
  /** Null where any of it could not be read, or with fewer than two samples. */
  result(): WireBytes | null
}

interface Watched {
  readonly begin: SocketBytes
  last: SocketBytes
}

const NOTHING: SocketBytes = { sentBytes: 0, receivedBytes: 0 }

/**
 * Counters live and die with their sockets, so they are read now and then: what a socket carried between the last
 * sample that saw it and its end is missed, and the result says that it is a lower bound. Owners are looked up only when
 * there are sockets that were not seen before.
 */
export function createWireMeter(pids: readonly number[], socketsOf: SocketsOf = openSockets): WireMeter {
  const watched = new Map<number, Watched>()
  let seen: ReadonlySet<number> = new Set()
  let samples = 0
  let readable = pids.length > 0
  let lost = false

  function adopt(counters: TcpCounters): void {
    for (const pid of pids) {
      const inodes = socketsOf(pid)
      // The sockets of one that died meanwhile died with it, and are missed as such.
      if (inodes === null && samples === 0) readable = false
      for (const inode of inodes ?? []) {
        const now = counters.get(inode)
        if (now === undefined || watched.has(inode)) continue
        watched.set(inode, { begin: samples === 0 ? now : NOTHING, last: now })
      }
    }
  }

  return {
    sample(counters) {
      if (counters === null) readable = false
      if (counters === null || !readable) return
      if (samples === 0 || [...counters.keys()].some((inode) => !seen.has(inode))) adopt(counters)
      seen = new Set(counters.keys())
      samples++
      for (const [inode, socket] of watched) {
        const now = counters.get(inode)
        if (now === undefined) lost = true
        else socket.last = now
      }
    },
    result() {
      if (!readable || samples < 2) return null
      let sentBytes = 0
      let receivedBytes = 0
      for (const { begin, last } of watched.values()) {
        sentBytes += last.sentBytes - begin.sentBytes
        receivedBytes += last.receivedBytes - begin.receivedBytes
      }
      return { sentBytes, receivedBytes, atLeast: lost }
    },
  }
}

function openSockets(pid: number): readonly number[] | null {
  const folder = `/proc/${pid}/fd`
  try {
    // Sockets of another network namespace are in a table of their own.
    if (readlinkSync(`/proc/${pid}/ns/net`) !== readlinkSync('/proc/self/ns/net')) return null
    const files = readdirSync(folder)
    if (files.length > MAX_OPEN_FILES) return null
    return files.flatMap((file) => socketOf(`${folder}/${file}`) ?? [])
  } catch {
    return null
  }
}

/** The inode behind an open file that is a socket; null for others, and for what was closed meanwhile. */
function socketOf(path: string): number | null {
  try {
    const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(path))?.[1]
    return inode === undefined ? null : Number(inode)
  } catch {
    return null
  }
}
