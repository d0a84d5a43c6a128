import { malformed } from '../../src/otlp/wire/malformed.ts'
import { carryOutEdits, editCount, REMOVE, scratchBytes, settle, truncateEdits } from './edits.ts'
import { encodedText, put } from './put.ts'
import { changes, mayReframe } from './session.ts'

/** Settles the prefix that was reserved for a message (-1: none was) whose inside grew by `delta`. */
export function close(slot: number, prefixAt: number, start: number, end: number, delta: number): number {
  if (slot < 0) return delta
  if (delta !== REMOVE) return settle(slot, prefixAt, start, end, delta)
  truncateEdits(slot)
  return REMOVE
}

/**
 * Walks a rewritten copy of the message [start, end) of `bytes`; if anything changed in it, it takes the place of the
 * original. `walk` answers by how much the copy grew, or REMOVE.
 */
export function inCopy(
  copy: Uint8Array,
  bytes: Uint8Array,
  prefixAt: number,
  start: number,
  end: number,
  walk: () => number,
): number {
  const base = editCount
  const scratchBase = scratchBytes
  const changesBefore = changes
  const delta = walk()
  if (delta === REMOVE || changes === changesBefore) {
    truncateEdits(base)
    return delta === REMOVE ? REMOVE : 0
  }
  const out = editCount > base ? carryOutEdits(copy, base, copy.length + delta, scratchBase) : copy
  if (!mayReframe && out.length !== end - start) {
    malformed('repeated singular fields, which cannot be masked without reframing', start)
  }
  return put(encodedText(out), bytes, prefixAt, start, end)
}
