import { MAX_BUSY_INTERVALS } from './limits.ts'

interface BusyInterval {
  startUs: number
  endUs: number
  /** Busy time within; less than its length where neighbours were joined. */
  busyUs: number
  /** Busy time before `startUs`. */
  beforeUs: number
}

/**
 * How much of the time until any instant was busy (with driver calls, or with being refused): intervals in rising
 * order, kept as far back as someone may still ask, in bounded memory.
 */
export class BusyLog {
  #intervals: BusyInterval[] = []
  #head = 0
  #totalUs = 0

  /** Adds a busy interval that begins at or after the end of the last. */
  record(startUs: number, endUs: number, busyUs = endUs - startUs): void {
    if (endUs <= startUs) return
    this.#intervals.push({ startUs, endUs, busyUs, beforeUs: this.#totalUs })
    this.#totalUs += busyUs
    if (this.#intervals.length - this.#head > MAX_BUSY_INTERVALS) this.#joinPairs()
  }

  /** Busy time until the instant. */
  totalAt(us: number): number {
    const intervals = this.#intervals
    let low = this.#head
    let high = intervals.length
    if (low === high || us >= intervals[high - 1]!.endUs) return this.#totalUs
    while (low < high) {
      const middle = (low + high) >>> 1
      if (intervals[middle]!.endUs <= us) low = middle + 1
      else high = middle
    }
    const { startUs, endUs, busyUs, beforeUs } = intervals[low]!
    return us <= startUs ? beforeUs : beforeUs + (busyUs * (us - startUs)) / (endUs - startUs)
  }

  /** Forgets what ended before the instant: nobody asks for earlier ones any more. */
  forget(beforeUs: number): void {
    const intervals = this.#intervals
    while (this.#head < intervals.length && intervals[this.#head]!.endUs <= beforeUs) this.#head++
    if (this.#head === intervals.length) {
      intervals.length = 0
      this.#head = 0
    } else if (this.#head > 1024 && this.#head * 2 > intervals.length) {
      intervals.splice(0, this.#head)
      this.#head = 0
    }
  }

  #joinPairs(): void {
    const joined: BusyInterval[] = []
    for (let i = this.#head; i < this.#intervals.length; i += 2) {
      const first = this.#intervals[i]!
      const second = this.#intervals[i + 1]
      if (second !== undefined) {
        first.endUs = second.endUs
        first.busyUs += second.busyUs
      }
      joined.push(first)
    }
    this.#intervals = joined
    this.#head = 0
  }
}
