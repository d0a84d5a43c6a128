import type { Clock } from '../clock/clock.ts'

/** The run's own time: microseconds from the epoch, which is set once, when the run starts. */
export interface Timeline {
  /** NaN until the epoch is set. */
  elapsedUs(): number
  setEpoch(epochUs: number): void
  readonly started: boolean
}

export function createTimeline(clock: Clock): Timeline {
  let epochUs = Number.NaN
  return {
    elapsedUs: () => clock.nowUs() - epochUs,
    setEpoch(us) {
      epochUs = us
    },
    get started() {
      return !Number.isNaN(epochUs)
    },
  }
}
