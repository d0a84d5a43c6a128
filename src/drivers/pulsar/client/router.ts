import { Buffer } from 'node:buffer'

/** How a key becomes a number; both as in the clients of the protocol's authors, whose default is the first. */
export type KeyHash = 'java-string' | 'murmur3'

/** Java's `String.hashCode`, without its sign. */
export function javaStringHash(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
  return hash & 0x7fffffff
}

const MURMUR_C1 = 0xcc9e2d51
const MURMUR_C2 = 0x1b873593

function murmurMixed(word: number): number {
  const product = Math.imul(word, MURMUR_C1)
  return Math.imul((product << 15) | (product >>> 17), MURMUR_C2)
}

/** MurmurHash3, x86, 32 bits, seed 0, of the text as UTF-8; without its sign. */
export function murmur3Hash(text: string): number {
  const bytes = Buffer.from(text)
  const words = bytes.length >>> 2
  let hash = 0
  for (let i = 0; i < words; i++) {
    hash ^= murmurMixed(bytes.readInt32LE(i * 4))
    hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64
  }
  const rest = bytes.length & 3
  if (rest > 0) hash ^= murmurMixed(bytes.readUIntLE(words * 4, rest))
  hash ^= bytes.length
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) & 0x7fffffff
}

/** Chooses partitions: by key, or one after the other, a whole batch each. */
export interface Router {
  ofKey(key: string): number
  next(): number
}

export function createRouter(partitions: number, first: number, keyHash: KeyHash = 'java-string'): Router {
  const hash = keyHash === 'murmur3' ? murmur3Hash : javaStringHash
  let turn = first
  return {
    ofKey: (key) => hash(key) % partitions,
    next() {
      turn = (turn + 1) % partitions
      return turn
    },
  }
}
