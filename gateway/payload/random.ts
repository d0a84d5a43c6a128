/** Random numbers, the same for the same seed (mulberry32). */
export interface Random {
  /** From 0 (inclusive) to 1. */
  next(): number
  /** A whole number from 0 to `below − 1`. */
  whole(below: number): number
  pick<T>(values: readonly T[]): T
  bytes(size: number): Uint8Array
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const whole = (below: number) => Math.floor(next() * below)
  return {
    next,
    whole,
    pick: (values) => values[whole(values.length)]!,
    bytes: (size) => Uint8Array.from({ length: size }, () => whole(256)),
  }
}
