/** Depths of the queue, in requests: 0 < low < high < critical ≤ capacity. */
export interface WaterMarks {
  readonly low: number
  readonly high: number
  readonly critical: number
}

/** What a request meets at the door. `wait`: it may go in as soon as the queue has fallen to the low mark. */
export type Admission = 'enter' | 'wait' | 'refuse'

export interface Gauge {
  /** Asked before an entry goes in, with the depth as it is. */
  admit(depth: number): Admission
  /** Told every new depth after entries went out; true when waiting requests may go in now. */
  fell(depth: number): boolean
}

/**
 * Hysteresis: once the high mark is reached, requests wait until the depth has come down to the low one, so that a queue
 * about the high mark does not flap. From the critical mark on they are refused at once.
 */
export function createGauge(marks: WaterMarks): Gauge {
  let isHigh = false
  return {
    admit(depth) {
      if (depth >= marks.critical) {
        isHigh = true
        return 'refuse'
      }
      if (depth >= marks.high) isHigh = true
      return isHigh ? 'wait' : 'enter'
    },
    fell(depth) {
      if (isHigh && depth <= marks.low) isHigh = false
      return !isHigh
    },
  }
}
