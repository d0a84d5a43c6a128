import { MAX_ERROR_KINDS } from './limits.ts'

/** Failures counted by kind, in bounded memory. */
export interface ErrorKinds {
  add(kind: string, count: number): void
  counts(): Readonly<Record<string, number>>
}

export function createErrorKinds(): ErrorKinds {
  const kinds = new Map<string, number>()
  return {
    add(kind, count) {
      const name = kinds.has(kind) || kinds.size < MAX_ERROR_KINDS ? kind : 'other'
      kinds.set(name, (kinds.get(name) ?? 0) + count)
    },
    counts: () => Object.fromEntries(kinds),
  }
}

/** Counts by kind of several parts, added up. */
export function addErrorKinds(parts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total: Record<string, number> = {}
  for (const part of parts) {
    for (const [kind, count] of Object.entries(part)) total[kind] = (total[kind] ?? 0) + count
  }
  return total
}
