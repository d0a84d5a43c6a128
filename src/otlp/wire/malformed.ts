/**
 * Thrown when bytes are not a valid message. One reused object without a stack: hostile senders must not make us
 * collect stack traces, and nothing of it outlives the catch in the caller that asked for the walk.
 */
export interface Malformed {
  readonly isMalformed: true
  /** What is wrong, in words without payload. */
  detail: string
  /** The byte where it went wrong, counted in the buffer that was walked. */
  offset: number
}

const MALFORMED: Malformed = { isMalformed: true, detail: '', offset: 0 }

/** Gives up the walk. */
export function malformed(detail: string, offset: number): never {
  MALFORMED.detail = detail
  MALFORMED.offset = offset
  throw MALFORMED
}

/** Narrows what a `catch` got. */
export function isMalformed(thrown: unknown): thrown is Malformed {
  return thrown === MALFORMED
}
