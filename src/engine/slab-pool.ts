import { ENVELOPE_BYTES } from './envelope.ts'
import { MAX_BATCH_BYTES, MAX_BATCH_MESSAGES, MAX_FREE_SLABS } from './limits.ts'
import type { Bodies } from './payload.ts'
import { newRandom } from './random.ts'

/** Memory for several batches: slots of one message each, with their views made once. */
export interface Slab {
  readonly id: number
  readonly bytes: Buffer
  readonly values: readonly Buffer[]
  /** Slots given to accepted messages. */
  used: number
  /** Accepted messages that are not settled. */
  pending: number
  /** A message of it ended as unknown: the client may still hold it, so it is never written again. */
  tainted: boolean
}

export interface SlabPool {
  /** Largest batch that fits a slab. */
  readonly maxBatch: number
  /** A slab with room for `count ≤ maxBatch` messages behind `used`. */
  withRoom(count: number): Slab
  /** Puts a body into a slot; returns its checksum. The envelope's place is `(slot + 1) × messageBytes − ENVELOPE_BYTES`. */
  fill(slab: Slab, slot: number): number
  /** The first `count` messages behind `used` were accepted. */
  accepted(slab: Slab, count: number): void
  settled(id: number, tainted: boolean): void
}

export function createSlabPool(messageBytes: number, { bodies, checksums }: Bodies, seed: number): SlabPool {
  const slots = Math.max(1, Math.min(MAX_BATCH_MESSAGES, Math.floor(MAX_BATCH_BYTES / messageBytes)))
  const bodyBytes = messageBytes - ENVELOPE_BYTES
  const random = newRandom(seed)
  const slabs: (Slab | undefined)[] = []
  const freeIds: number[] = []
  const free: Slab[] = []
  let current: Slab | undefined

  function create(): Slab {
    const bytes = Buffer.allocUnsafeSlow(slots * messageBytes)
    const values: Buffer[] = []
    for (let slot = 0; slot < slots; slot++) {
      const value = bytes.subarray(slot * messageBytes, (slot + 1) * messageBytes)
      // With a single body it stays in place for the slab's life.
      value.set(bodies[0]!)
      values.push(value)
    }
    const id = freeIds.pop() ?? slabs.length
    const slab: Slab = { id, bytes, values, used: 0, pending: 0, tainted: false }
    slabs[id] = slab
    return slab
  }

  function retire(slab: Slab): void {
    if (slab.tainted || free.length >= MAX_FREE_SLABS) {
      slabs[slab.id] = undefined
      freeIds.push(slab.id)
    } else {
      slab.used = 0
      free.push(slab)
    }
  }

  return {
    maxBatch: slots,
    withRoom(count) {
      if (current !== undefined && slots - current.used >= count) return current
      const full = current
      current = free.pop() ?? create()
      if (full !== undefined && full.pending === 0) retire(full)
      return current
    },
    fill(slab, slot) {
      if (bodies.length === 1) return checksums[0]!
      const chosen = random.below(bodies.length)
      if (bodyBytes > 0) slab.bytes.set(bodies[chosen]!, slot * messageBytes)
      return checksums[chosen]!
    },
    accepted(slab, count) {
      slab.used += count
      slab.pending += count
    },
    settled(id, tainted) {
      const slab = slabs[id]!
      if (tainted) slab.tainted = true
      if (--slab.pending > 0) return
      if (slab !== current) retire(slab)
      else if (!slab.tainted) slab.used = 0
      else {
        current = undefined
        retire(slab)
      }
    },
  }
}
