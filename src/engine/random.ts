/** A small seeded generator (mulberry32): the same seed gives the same run. Not for secrets. */
export interface Random {
  /** A whole number from 0 to `limit` − 1. */
  below(limit: number): number
}

export function newRandom(seed: number): Random {
  let state = seed >>> 0
  return {
    below(limit) {
      state = (state + 0x6d2b79f5) >>> 0
      return Math.floor((scramble(state) / 2 ** 32) * limit)
    },
  }
}

/** A well mixed 32-bit number for a 32-bit number. */
export function scramble(value: number): number {
  let v = Math.imul(value ^ (value >>> 15), value | 1)
  v ^= v + Math.imul(v ^ (v >>> 7), v | 61)
  return (v ^ (v >>> 14)) >>> 0
}
