/** Bytes held by requests inside the gateway, against a fixed budget. */
export interface Slab {
  /** Takes `sizeBytes` from one region; the region's number, or −1 when no region has the room. */
  allocate(sizeBytes: number): number
  /** Gives back what `allocate` of that region took. */
  release(region: number, sizeBytes: number): void
  /** Changes an allocation's size in its region; false (and nothing changed) when the growth does not fit. */
  resize(region: number, fromBytes: number, toBytes: number): boolean
  usedBytes(): number
  /** Allocations and releases so far; equal when nothing is inside. */
  allocations(): number
  releases(): number
}

/**
 * The memory budget. JavaScript owns the bytes themselves (a request's body is the buffer the socket filled), so the
 * slab is the account of them, and `freeBytes` gives them back with it: regions are independent shares, so that one huge request cannot take all of it, and
 * allocation goes round them.
 *
 * @param sizeBytes budget of this process; @param regions a power of two that divides it into equal shares.
 */
export function createSlab(sizeBytes: number, regions: number): Slab {
  const regionBytes = Math.floor(sizeBytes / regions)
  const used = new Float64Array(regions)
  const mask = regions - 1
  let next = 0
  let allocations = 0
  let releases = 0

  return {
    allocate(bytes) {
      for (let tries = 0; tries < regions; tries++) {
        const region = next
        next = (next + 1) & mask
        if (used[region]! + bytes > regionBytes) continue
        used[region]! += bytes
        allocations++
        return region
      }
      return -1
    },
    release(region, bytes) {
      used[region]! -= bytes
      releases++
    },
    resize(region, fromBytes, toBytes) {
      if (toBytes > fromBytes && used[region]! + toBytes - fromBytes > regionBytes) return false
      used[region]! += toBytes - fromBytes
      return true
    },
    usedBytes: () => used.reduce((sum, bytes) => sum + bytes, 0),
    allocations: () => allocations,
    releases: () => releases,
  }
}
