import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { networkInterfaces } from 'node:os'

/** The namespaces of a process, by which its kin is found again when it has ended. */
export function namespacesOf(pid: number): string[] {
  return ['net', 'mnt', 'pid'].map((name) => readlinkSync(`/proc/${pid}/ns/${name}`))
}

/** Processes of the host that live in any of these namespaces. */
export function livingIn(namespaces: readonly string[]): number[] {
  const wanted = new Set(namespaces)
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return namespacesOf(pid).some((each) => wanted.has(each))
      } catch {
        // It ended while we looked.
        return false
      }
    })
}

/** What of the instances this process can see on the host: there should be nothing, at any time. */
export function visibleOnHost(ids: readonly string[], addresses: readonly string[]): string[] {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
  const here = Object.values(networkInterfaces()).flatMap((each) =>
    (each ?? []).map(({ address }) => address),
  )
  return [
    ...ids.filter((id) => mounts.includes(id)).map((id) => `a mount of ${id}`),
    ...addresses.filter((address) => here.includes(address)).map((address) => `address ${address}`),
  ]
}
