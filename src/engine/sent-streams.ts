import {
  MAX_CHECKPOINTS_PER_PRODUCER,
  MAX_CHECKPOINTS_PER_STREAM,
  MAX_RUNS_PER_STREAM,
  MIN_CHECKPOINTS_PER_STREAM,
} from './limits.ts'
import { createSequenceRuns, type SequenceRuns } from './sequence-runs.ts'
import type { SentStream } from './types.ts'

interface StreamState {
  sent: number
  measureFrom: number
  stride: number
  nextCheckpoint: number
  checkpointsUs: number[]
  lastUs: number
  rejected: SequenceRuns | null
  unknown: SequenceRuns | null
}

/** What one producer sent, stream by stream: all that the audit needs to know about it. */
export class SentStreams {
  readonly #streams: StreamState[]
  readonly #maxCheckpoints: number

  constructor(streamCount: number) {
    this.#maxCheckpoints = Math.min(
      MAX_CHECKPOINTS_PER_STREAM,
      Math.max(MIN_CHECKPOINTS_PER_STREAM, Math.floor(MAX_CHECKPOINTS_PER_PRODUCER / streamCount)),
    )
    this.#streams = Array.from({ length: streamCount }, () => ({
      sent: 0,
      measureFrom: -1,
      stride: 1,
      nextCheckpoint: 0,
      checkpointsUs: [],
      lastUs: 0,
      rejected: null,
      unknown: null,
    }))
  }

  /** Takes the stream's next number for a message that is about to be offered. */
  take(stream: number): number {
    return this.#streams[stream]!.sent++
  }

  /** Gives back the number of a message that was not accepted; in the reverse order of taking. */
  giveBack(stream: number): void {
    this.#streams[stream]!.sent--
  }

  /** A message was accepted. */
  accepted(stream: number, sequence: number, scheduledUs: number, measured: boolean): void {
    const state = this.#streams[stream]!
    if (measured && state.measureFrom < 0) state.measureFrom = sequence
    state.lastUs = scheduledUs
    if (sequence !== state.nextCheckpoint) return
    if (state.checkpointsUs.length >= this.#maxCheckpoints) {
      state.checkpointsUs = state.checkpointsUs.filter((_, i) => i % 2 === 0)
      state.stride *= 2
      state.nextCheckpoint = state.checkpointsUs.length * state.stride
      if (sequence !== state.nextCheckpoint) return
    }
    state.checkpointsUs.push(scheduledUs)
    state.nextCheckpoint += state.stride
  }

  rejected(stream: number, sequence: number): void {
    const state = this.#streams[stream]!
    state.rejected ??= createSequenceRuns(MAX_RUNS_PER_STREAM)
    state.rejected.add(sequence)
  }

  unknown(stream: number, sequence: number): void {
    const state = this.#streams[stream]!
    state.unknown ??= createSequenceRuns(MAX_RUNS_PER_STREAM)
    state.unknown.add(sequence)
  }

  /** Whether some runs could not be kept exactly: the audit can't be relied on. */
  get overflowed(): boolean {
    return this.#streams.some((s) => s.rejected?.exact === false || s.unknown?.exact === false)
  }

  /** Streams that something was sent to. */
  report(producer: number, topic: string): SentStream[] {
    const reports: SentStream[] = []
    this.#streams.forEach((state, stream) => {
      if (state.sent === 0) return
      const last = (state.sent - 1) % state.stride === 0 ? [] : [state.lastUs]
      reports.push({
        producer,
        topic,
        stream,
        sent: state.sent,
        measureFrom: state.measureFrom < 0 ? state.sent : state.measureFrom,
        rejected: pairs(state.rejected),
        unknown: pairs(state.unknown),
        checkpointStride: state.stride,
        checkpointsUs: [...state.checkpointsUs, ...last],
      })
    })
    return reports
  }
}

function pairs(runs: SequenceRuns | null): number[] {
  const list: number[] = []
  runs?.forEach((first, last) => {
    list.push(first, last - first + 1)
  })
  return list
}
