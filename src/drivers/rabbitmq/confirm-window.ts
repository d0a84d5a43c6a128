import type { Outcome, SettledCallback } from '../../driver/driver.ts'

const FREE = 0
const OUTSTANDING = 1
/** Returned by the broker as unroutable; its confirm follows. */
const RETURNED = 2
const CONFIRMED = 3
const REFUSED = 4
const UNROUTABLE = 5

/** The published and unconfirmed messages of one channel, by the broker's delivery tag. */
export interface ConfirmWindow {
  /** Messages outstanding. */
  readonly outstanding: number
  readonly outstandingBytes: number
  /** The tag of the newest message; 0 before the first. */
  readonly lastTag: number
  /** How many more it takes now. */
  room(): number
  /** Adds the next message; its tag is one above the last. `value` is kept until it is settled. */
  add(sequence: number, value: Buffer): void
  confirmed(tag: number, multiple: boolean, refused: boolean): void
  /** An outstanding message with exactly this body came back as unroutable. */
  returned(body: Uint8Array): void
  /** Settles what was confirmed since the last call, in ranges. */
  settle(): void
  /** Settles all outstanding messages and starts anew at tag 1. */
  abandon(outcome: Outcome, reason: string): void
}

/**
 * A ring by tag: three typed arrays and no object a message. `capacity` bounds the distance between the oldest
 * outstanding message and the newest.
 */
export function createConfirmWindow(capacity: number, onSettled: SettledCallback): ConfirmWindow {
  const size = 2 ** Math.ceil(Math.log2(capacity))
  const mask = size - 1
  const states = new Uint8Array(size)
  const sequences = new Float64Array(size)
  const values: (Buffer | undefined)[] = new Array(size)
  let nextTag = 1
  let oldestTag = 1
  let outstanding = 0
  let outstandingBytes = 0
  /** Tags from … to (exclusive) that may hold a confirm not yet settled. */
  let touchedFrom = Number.POSITIVE_INFINITY
  let touchedTo = 0
  /** Returns come in the order of publishing: the search goes on where the last one ended. */
  let returnSearchTag = 1

  function mark(tag: number, state: number): void {
    const slot = tag & mask
    const old = states[slot]
    if (old === OUTSTANDING) states[slot] = state
    else if (old === RETURNED) states[slot] = UNROUTABLE
  }

  function emit(state: number, first: number, count: number): void {
    if (state === CONFIRMED) onSettled(first, count, 'acknowledged')
    else onSettled(first, count, 'rejected', state === REFUSED ? 'refused by the broker' : 'unroutable')
  }

  function release(slot: number): void {
    outstanding--
    outstandingBytes -= (values[slot] as Buffer).length
    states[slot] = FREE
    values[slot] = undefined
  }

  return {
    get outstanding() {
      return outstanding
    },
    get outstandingBytes() {
      return outstandingBytes
    },
    get lastTag() {
      return nextTag - 1
    },
    room: () => capacity - (nextTag - oldestTag),
    add(sequence, value) {
      const slot = nextTag++ & mask
      states[slot] = OUTSTANDING
      sequences[slot] = sequence
      values[slot] = value
      outstanding++
      outstandingBytes += value.length
    },
    confirmed(tag, multiple, refused) {
      // A tag we never used would be a broker's defect; it must not reach into the ring.
      const last = Math.min(tag, nextTag - 1)
      const first = multiple ? oldestTag : tag
      if (last < oldestTag) return
      for (let each = first; each <= last; each++) mark(each, refused ? REFUSED : CONFIRMED)
      touchedFrom = Math.min(touchedFrom, first)
      touchedTo = Math.max(touchedTo, last + 1)
    },
    returned(body) {
      for (let tag = Math.max(returnSearchTag, oldestTag); tag < nextTag; tag++) {
        const slot = tag & mask
        if (states[slot] !== OUTSTANDING || !(values[slot] as Buffer).equals(body)) continue
        states[slot] = RETURNED
        returnSearchTag = tag + 1
        return
      }
    },
    settle() {
      let runState = FREE
      let runFirst = 0
      let runCount = 0
      const to = touchedTo
      for (let tag = touchedFrom; tag < to; tag++) {
        const slot = tag & mask
        const state = states[slot] as number
        if (state < CONFIRMED) continue
        const sequence = sequences[slot] as number
        release(slot)
        if (state === runState && sequence === runFirst + runCount) {
          runCount++
          continue
        }
        if (runCount > 0) emit(runState, runFirst, runCount)
        runState = state
        runFirst = sequence
        runCount = 1
      }
      touchedFrom = Number.POSITIVE_INFINITY
      touchedTo = 0
      while (oldestTag < nextTag && states[oldestTag & mask] === FREE) oldestTag++
      if (runCount > 0) emit(runState, runFirst, runCount)
    },
    abandon(outcome, reason) {
      this.settle()
      const runs: [first: number, count: number][] = []
      for (let tag = oldestTag; tag < nextTag; tag++) {
        const slot = tag & mask
        if (states[slot] === FREE) continue
        const sequence = sequences[slot] as number
        release(slot)
        const run = runs.at(-1)
        if (run !== undefined && sequence === run[0] + run[1]) run[1]++
        else runs.push([sequence, 1])
      }
      nextTag = 1
      oldestTag = 1
      returnSearchTag = 1
      for (const [first, count] of runs) onSettled(first, count, outcome, reason)
    },
  }
}
