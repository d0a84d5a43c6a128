import type { Thread } from './threads.ts'

/** Whether a body may hold anything that a rule looks for. */
export type Prefilter = (body: Uint8Array) => boolean

/** Shorter keys are in nearly every body by chance. */
const MIN_KEY_BYTES = 3

/**
 * A search for the keys that rules name, by the runtime's native (vectorised) `indexOf`. Null when it could not tell: a
 * rule that names no key, or only short ones. A key lies in one piece on the wire however odd the message, so a body
 * without the bytes of any key has nothing for the rules.
 */
export function makePrefilter(threads: readonly Thread[]): Prefilter | null {
  const keys = new Set<string>()
  for (const { value } of threads) {
    const longest = value.filter((step) => step !== null).sort((a, b) => b.length - a.length)[0]
    if (longest === undefined || Buffer.byteLength(longest) < MIN_KEY_BYTES) return null
    keys.add(longest)
  }
  const needles = [...keys].map((key) => Buffer.from(key))
  return (body) => {
    // Borrowed, since it takes any Uint8Array: making a Buffer of each body would cost more than the search.
    for (const needle of needles) if (Buffer.prototype.indexOf.call(body, needle) >= 0) return true
    return false
  }
}
