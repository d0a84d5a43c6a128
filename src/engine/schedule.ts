/**
 * The instants at which messages should leave, in microseconds from the epoch. Pure and clockless: how the system
 * under test behaves never changes it. Instants never decrease with the index.
 */
export interface Schedule {
  /** Messages in all. */
  readonly totalCount: number
  /** How many messages are due at `elapsedUs`: those whose instant is not later. Never early, never drifting. */
  dueCount(elapsedUs: number): number
  /** Instant of the message `index`: 0 … totalCount − 1. */
  instantUs(index: number): number
}

/** The part of one schedule that a producer sends: the messages `index`, `index + of`, `index + 2·of`, … */
export interface Share {
  readonly index: number
  readonly of: number
}

export interface ConstantScheduleOptions {
  /** Messages a second of all shares together; any positive number. */
  readonly rateHz: number
  readonly durationUs: number
  readonly share: Share
}

const MICROSECONDS = 1e6
// k·10⁶/rate carries at most a few units in the last place of error; an instant that close to a whole microsecond is it.
const ROUNDING = 1e-15

/**
 * Message k of all shares leaves at k / rate: no interval is ever rounded, so the rate is exact at 3 million a second
 * as at 0.7. Over all shares the total is the number of messages with k / rate < duration, which is ⌈rate × duration⌉.
 */
export function constantSchedule({ rateHz, durationUs, share }: ConstantScheduleOptions): Schedule {
  const globalInstantUs = (k: number): number => {
    const us = (k * MICROSECONDS) / rateHz
    const whole = Math.round(us)
    return Math.abs(us - whole) <= us * ROUNDING ? whole : us
  }
  let total = Math.ceil((rateHz * durationUs) / MICROSECONDS)
  while (total > 0 && globalInstantUs(total - 1) >= durationUs) total--
  while (globalInstantUs(total) < durationUs) total++

  const totalCount = total > share.index ? Math.floor((total - share.index - 1) / share.of) + 1 : 0
  const instantUs = (index: number): number => globalInstantUs(share.index + index * share.of)
  return {
    totalCount,
    instantUs,
    dueCount(elapsedUs) {
      const position = (elapsedUs * rateHz) / MICROSECONDS
      const estimate = Math.floor((position - share.index) / share.of) + 1
      let count = Math.min(totalCount, Math.max(0, estimate))
      // The estimate may be off by one where the product was rounded: the instants decide.
      while (count < totalCount && instantUs(count) <= elapsedUs) count++
      while (count > 0 && instantUs(count - 1) > elapsedUs) count--
      return count
    },
  }
}

/** How many messages of the schedule have an instant before `untilUs`: where one phase ends and the next begins. */
export function countBefore(schedule: Schedule, untilUs: number): number {
  let count = schedule.dueCount(untilUs)
  while (count > 0 && schedule.instantUs(count - 1) >= untilUs) count--
  return count
}
