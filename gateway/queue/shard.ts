import type { Entry } from './entry.ts'

/** First in, first out, in a ring that grows by doubling: neither end costs a copy of the rest. */
export interface Shard {
  push(entry: Entry): void
  /**
   * Takes the oldest entry and those right behind it of the same signal, up to the limits. An entry larger than
   * `maxBytes` goes alone. Empty when there is nothing.
   */
  take(maxEntries: number, maxBytes: number): Entry[]
  length(): number
}

const INITIAL_CAPACITY = 16

export function createShard(): Shard {
  let ring: (Entry | undefined)[] = new Array(INITIAL_CAPACITY)
  let head = 0
  let length = 0

  function grow(): void {
    const larger: (Entry | undefined)[] = new Array(ring.length * 2)
    for (let i = 0; i < length; i++) larger[i] = ring[(head + i) & (ring.length - 1)]
    ring = larger
    head = 0
  }

  return {
    push(entry) {
      if (length === ring.length) grow()
      ring[(head + length) & (ring.length - 1)] = entry
      length++
    },
    take(maxEntries, maxBytes) {
      const taken: Entry[] = []
      let bytes = 0
      while (length > 0 && taken.length < maxEntries) {
        const entry = ring[head]!
        if (taken.length > 0 && (entry.signal !== taken[0]!.signal || bytes + entry.body.length > maxBytes))
          break
        ring[head] = undefined
        head = (head + 1) & (ring.length - 1)
        length--
        bytes += entry.body.length
        taken.push(entry)
      }
      return taken
    },
    length: () => length,
  }
}
