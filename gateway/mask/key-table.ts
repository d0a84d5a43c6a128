import type { KeyTable, ValuePlan } from './plan.ts'

const BUCKETS = 256
const LONG_BUCKET = BUCKETS - 1

/** A table that finds `entries` by key, and `other` for every key that is none of them. */
export function makeKeyTable(entries: ReadonlyMap<string, ValuePlan>, other: ValuePlan | null): KeyTable {
  const keys = [...entries.keys()].map((key) => new TextEncoder().encode(key))
  const byLength = new Int32Array(BUCKETS)
  const following = new Int32Array(keys.length)
  const lengths = new Int32Array(keys.length)
  const offsets = new Int32Array(keys.length)
  const bytes = new Uint8Array(keys.reduce((sum, key) => sum + key.length, 0))
  let at = 0
  for (const [index, key] of keys.entries()) {
    const bucket = Math.min(key.length, LONG_BUCKET)
    following[index] = byLength[bucket]!
    byLength[bucket] = index + 1
    lengths[index] = key.length
    offsets[index] = at
    bytes.set(key, at)
    at += key.length
  }
  return { byLength, following, lengths, offsets, bytes, plans: [...entries.values()], other }
}

/** The plan for the key of `length` bytes at `at`. */
export function planOf(table: KeyTable, source: Uint8Array, at: number, length: number): ValuePlan | null {
  let entry = table.byLength[Math.min(length, LONG_BUCKET)]!
  while (entry !== 0) {
    const index = entry - 1
    if (table.lengths[index] === length && isSame(table.bytes, table.offsets[index]!, source, at, length)) {
      return table.plans[index]!
    }
    entry = table.following[index]!
  }
  return table.other
}

function isSame(
  left: Uint8Array,
  leftAt: number,
  right: Uint8Array,
  rightAt: number,
  length: number,
): boolean {
  for (let i = 0; i < length; i++) if (left[leftAt + i] !== right[rightAt + i]) return false
  return true
}
