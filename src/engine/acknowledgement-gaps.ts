import { MAX_ACKNOWLEDGEMENT_GAPS } from './limits.ts'
import type { AcknowledgementGap } from './types.ts'

/** Shorter ones are nobody's concern, and would only fill the list. */
const LEAST_GAP_US = 1000

/**
 * Times without any acknowledgement, of all producers of a process together: those of at least 1 ms, and when there are
 * too many, the longest. O(1) an acknowledgement.
 */
export class AcknowledgementGaps {
  #lastUs = 0
  #leastUs = LEAST_GAP_US
  #gaps: AcknowledgementGap[] = []

  /** Something was acknowledged. @param nowUs microseconds from the epoch, never going back */
  note(nowUs: number): void {
    if (nowUs - this.#lastUs >= this.#leastUs) this.#add({ fromUs: this.#lastUs, toUs: nowUs })
    if (nowUs > this.#lastUs) this.#lastUs = nowUs
  }

  /** The gaps in the order of time, the one that is still open when all is over included. */
  report(endUs: number): readonly AcknowledgementGap[] {
    const open = endUs - this.#lastUs
    return open < this.#leastUs ? this.#gaps : [...this.#gaps, { fromUs: this.#lastUs, toUs: endUs }]
  }

  #add(gap: AcknowledgementGap): void {
    this.#gaps.push(gap)
    if (this.#gaps.length <= MAX_ACKNOWLEDGEMENT_GAPS) return
    const lengths = this.#gaps.map(({ fromUs, toUs }) => toUs - fromUs).sort((a, b) => a - b)
    this.#leastUs = lengths[Math.floor(lengths.length / 2)]! + 1
    this.#gaps = this.#gaps.filter(({ fromUs, toUs }) => toUs - fromUs >= this.#leastUs)
  }
}

/** The longest time without an acknowledgement of one producer within a stretch of time. O(1) an acknowledgement. */
export class LongestGap {
  #fromUs: number
  #toUs: number
  #lastUs = 0
  #longest: AcknowledgementGap = { fromUs: 0, toUs: 0 }

  constructor(fromUs: number, toUs: number) {
    this.#fromUs = fromUs
    this.#toUs = toUs
  }

  /** Another stretch, of which nothing is past that was not in the one before. */
  retime(fromUs: number, toUs: number): void {
    this.#fromUs = fromUs
    this.#toUs = toUs
  }

  note(nowUs: number): void {
    const fromUs = Math.max(this.#lastUs, this.#fromUs)
    const toUs = Math.min(nowUs, this.#toUs)
    if (toUs - fromUs > this.#longest.toUs - this.#longest.fromUs) this.#longest = { fromUs, toUs }
    if (nowUs > this.#lastUs) this.#lastUs = nowUs
  }

  /** With the one that is still open at the end; from = to where there is none. */
  report(endUs: number): AcknowledgementGap {
    this.note(endUs)
    return this.#longest
  }
}

/** Times in which none of several processes saw an acknowledgement, from the gaps of each in the order of time. */
export function commonGaps(lists: readonly (readonly AcknowledgementGap[])[]): readonly AcknowledgementGap[] {
  const [first = [], ...others] = lists
  return others.reduce(intersection, first)
}

function intersection(
  a: readonly AcknowledgementGap[],
  b: readonly AcknowledgementGap[],
): readonly AcknowledgementGap[] {
  const both: AcknowledgementGap[] = []
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const fromUs = Math.max(a[i]!.fromUs, b[j]!.fromUs)
    const toUs = Math.min(a[i]!.toUs, b[j]!.toUs)
    if (toUs > fromUs) both.push({ fromUs, toUs })
    if (a[i]!.toUs < b[j]!.toUs) i++
    else j++
  }
  return both
}
