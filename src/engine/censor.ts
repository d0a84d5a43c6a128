import { hdrIndex, hdrLowestUs } from './hdr-layout.ts'
import type { Recorder } from './histogram.ts'
import type { Schedule } from './schedule.ts'

/**
 * Records `end − scheduled` for the messages `from … to − 1` of a schedule: what is known of the latency of messages
 * that never came. It goes from counter to counter of the histogram, not from message to message, so that a hundred
 * million of them take no longer than the counters they touch.
 */
export function recordCensored(
  recorder: Recorder,
  schedule: Schedule,
  from: number,
  to: number,
  endUs: number,
): void {
  let index = from
  while (index < to) {
    const us = Math.max(0, Math.floor(endUs - schedule.instantUs(index)))
    // All that are due by then are at least as late as the smallest value of this one's counter.
    const sameCounter = schedule.dueCount(endUs - hdrLowestUs(hdrIndex(us)))
    const next = Math.min(to, Math.max(index + 1, sameCounter))
    recorder.recordCount(us, next - index)
    index = next
  }
}
