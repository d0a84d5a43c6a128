/** Distinct keys whose bytes and partition are remembered. */
const REMEMBERED_KEYS = 100_000

/** Key → bytes and partition, remembered. */
export interface KeyPartitioner {
  bytesOf(key: string): Buffer
  /** As Java's default partitioner: murmur2 of the key's UTF-8 bytes. */
  partitionOf(key: string): number
}

interface KnownKey {
  readonly bytes: Buffer
  readonly partition: number
}

/** A partitioner for a topic of this many partitions. */
export function createKeyPartitioner(partitions: number): KeyPartitioner {
  const known = new Map<string, KnownKey>()
  function look(key: string): KnownKey {
    let entry = known.get(key)
    if (entry === undefined) {
      const bytes = Buffer.from(key)
      entry = { bytes, partition: (murmur2(bytes) & 0x7fffffff) % partitions }
      if (known.size >= REMEMBERED_KEYS) known.clear()
      known.set(key, entry)
    }
    return entry
  }
  return { bytesOf: (key) => look(key).bytes, partitionOf: (key) => look(key).partition }
}

const SEED = 0x9747b28c
const MULTIPLIER = 0x5bd1e995

/** MurmurHash2, 32 bit, with the seed that Kafka's clients share. */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length
  let hash = SEED ^ length
  const whole = length & ~3
  for (let i = 0; i < whole; i += 4) {
    let word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)
    word = Math.imul(word, MULTIPLIER)
    word ^= word >>> 24
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(word, MULTIPLIER)
  }
  const rest = length & 3
  if (rest === 3) hash ^= bytes[whole + 2]! << 16
  if (rest >= 2) hash ^= bytes[whole + 1]! << 8
  if (rest >= 1) hash = Math.imul(hash ^ bytes[whole]!, MULTIPLIER)
  hash ^= hash >>> 13
  hash = Math.imul(hash, MULTIPLIER)
  return hash ^ (hash >>> 15)
}
