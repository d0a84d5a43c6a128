import type { KeyDistributor } from '../workload/model.ts'
import { newRandom, scramble } from './random.ts'

/** Keys in use when messages have keys, as in the OpenMessaging benchmark. */
export const KEY_COUNT = 10_000
const KEY_BYTES = 7

/** Which key a message has. Pure in the message's sequence, so a message offered again has the same key. */
export interface Keys {
  readonly names: readonly string[]
  indexOf(sequence: number): number
}

/** Null when messages have no keys. `producer` staggers the start, so that producers do not walk in step. */
export function createKeys(distributor: KeyDistributor, seed: number, producer: number): Keys | null {
  if (distributor === 'NO_KEY') return null
  const names = keyNames(seed)
  if (distributor === 'KEY_ROUND_ROBIN') {
    const start = (producer * 617) % KEY_COUNT
    return { names, indexOf: (sequence) => (start + sequence) % KEY_COUNT }
  }
  const salt = scramble(seed ^ Math.imul(producer + 1, 0x9e3779b1))
  return { names, indexOf: (sequence) => scramble((salt + sequence) >>> 0) % KEY_COUNT }
}

let cached: { readonly seed: number; readonly names: readonly string[] } | undefined

function keyNames(seed: number): readonly string[] {
  if (cached?.seed === seed) return cached.names
  const random = newRandom(seed ^ 0x6b657973)
  const names = new Set<string>()
  const bytes = Buffer.alloc(KEY_BYTES)
  while (names.size < KEY_COUNT) {
    for (let i = 0; i < KEY_BYTES; i++) bytes[i] = random.below(256)
    names.add(bytes.toString('base64url'))
  }
  cached = { seed, names: [...names] }
  return cached.names
}
