import { build, type Histogram } from 'hdr-histogram-js'
import type { Clock } from '../../src/clock/clock.ts'
import { TIMING_RANGE } from '../telemetry/timing-range.ts'
import type { Failure } from './load-connection.ts'

export interface LoadResult {
  /** Answered with success within the measured window. */
  readonly windowAccepted: number
  readonly windowMs: number
  /** Over the whole load, warm-up included. */
  readonly sent: number
  readonly accepted: number
  /** By word, e.g. `HTTP 429`; `unanswered`: still under way when the time for answers was over. */
  readonly failures: Readonly<Record<string, number>>
  /** Open loop: due and never sent, since no connection had room. */
  readonly unsent: number
  /** µs from the scheduled instant (closed loop: the sending) to a success; of requests due in the measured window. */
  readonly latency: Histogram
}

/** What a load counts. A ticket is the instant at which its request was due. */
export interface LoadBook {
  onSent(): void
  onOutcome(ticketUs: number, failure: Failure): void
  onFailure(failure: string): void
  beginWindow(atUs: number): void
  endWindow(): void
  accepted(): number
  underWay(): number
  result(unsent: number): LoadResult
}

export function createLoadBook(clock: Clock): LoadBook {
  const latency = build(TIMING_RANGE)
  const failures: Record<string, number> = {}
  let sent = 0
  let accepted = 0
  let windowAccepted = 0
  let underWay = 0
  let fromUs = Number.POSITIVE_INFINITY
  let toUs = Number.POSITIVE_INFINITY

  function onFailure(failure: string): void {
    failures[failure] = (failures[failure] ?? 0) + 1
  }

  return {
    onSent() {
      sent++
      underWay++
    },
    onOutcome(ticketUs, failure) {
      underWay--
      if (failure !== null) {
        onFailure(failure)
        return
      }
      accepted++
      const nowUs = clock.nowUs()
      if (nowUs >= fromUs && nowUs < toUs) windowAccepted++
      if (ticketUs >= fromUs && ticketUs < toUs)
        latency.recordValue(Math.min(Math.round(nowUs - ticketUs), TIMING_RANGE.highestTrackableValue))
    },
    onFailure,
    beginWindow(atUs) {
      fromUs = atUs
    },
    endWindow() {
      toUs = clock.nowUs()
      if (fromUs > toUs) fromUs = toUs
    },
    accepted: () => accepted,
    underWay: () => underWay,
    result(unsent) {
      if (underWay > 0) failures.unanswered = underWay
      return { windowAccepted, windowMs: (toUs - fromUs) / 1000, sent, accepted, failures, unsent, latency }
    },
  }
}
