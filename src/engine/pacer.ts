import type { Schedule } from './schedule.ts'

/** Tells how much of a schedule is to be sent now. Pure: told the elapsed time and what was sent. */
export interface Pacer {
  /** Messages that are due and not yet sent: the schedule's debt, a number and never a queue. */
  debt(elapsedUs: number, sentCount: number): number
  /** Size of the next batch: the debt, at most `maxBatch`. */
  nextBatch(elapsedUs: number, sentCount: number): number
  /** Whether the whole schedule was sent. */
  finished(sentCount: number): boolean
  /** So many were taken in all; for who makes the instants while it sends. */
  accepted?(sentCount: number): void
}

export function createPacer(schedule: Schedule, maxBatch: number): Pacer {
  const debt = (elapsedUs: number, sentCount: number) => Math.max(0, schedule.dueCount(elapsedUs) - sentCount)
  return {
    debt,
    nextBatch: (elapsedUs, sentCount) => Math.min(maxBatch, debt(elapsedUs, sentCount)),
    finished: (sentCount) => sentCount >= schedule.totalCount,
  }
}
