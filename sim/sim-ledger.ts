import { Recorder } from '../src/engine/histogram.ts'
import type { Schedule } from '../src/engine/schedule.ts'
import type { EncodedHistogram, Phase } from '../src/engine/types.ts'
import type { Done } from './model-broker.ts'

/** Messages of a range that are recorded by themselves; each stands for its neighbours. */
const SAMPLES = 4

/**
 * What is on its way back to us: ranges of messages that the model has done, each of which is seen when its latency is
 * over. Latencies go to the product's own recorders, from the product's own instants.
 */
export class SimLedger {
  readonly #schedule: Schedule
  readonly #warmupCount: number
  readonly #recorders = [new Recorder(), new Recorder()] as const
  #underWay: Done[] = []
  #seen = 0

  constructor(schedule: Schedule, warmupCount: number) {
    this.#schedule = schedule
    this.#warmupCount = warmupCount
  }

  /** Messages seen so far: 0 … seen − 1. */
  get seen(): number {
    return this.#seen
  }

  add(done: Done): void {
    if (done.to > done.from) this.#underWay.push(done)
  }

  /** Sees what has come by now. `epochUs` is the zero of the schedule. */
  see(nowUs: number, epochUs: number): void {
    let first = 0
    for (; first < this.#underWay.length; first++) {
      const done = this.#underWay[first]!
      if (done.sliceEndUs + done.latencyUs > nowUs) break
      const border = Math.min(done.to, Math.max(done.from, this.#warmupCount))
      this.#record(done, done.from, border, 0, epochUs)
      this.#record(done, border, done.to, 1, epochUs)
      this.#seen = done.to
    }
    if (first > 0) this.#underWay = this.#underWay.slice(first)
  }

  histogram(phase: Phase): EncodedHistogram {
    return this.#recorders[phase === 'warmup' ? 0 : 1].encode()
  }

  /** The range from … to − 1 of what was done, taken evenly over its slice. */
  #record(done: Done, from: number, to: number, phase: 0 | 1, epochUs: number): void {
    const count = to - from
    const samples = Math.min(SAMPLES, count)
    for (let i = 0; i < samples; i++) {
      const first = from + Math.floor((count * i) / samples)
      const end = from + Math.floor((count * (i + 1)) / samples)
      const middle = Math.floor((first + end) / 2)
      const instantUs = epochUs + this.#schedule.instantUs(middle)
      const share = (middle + 0.5 - done.from) / (done.to - done.from)
      const takenUs = Math.max(instantUs, done.sliceStartUs + share * (done.sliceEndUs - done.sliceStartUs))
      this.#recorders[phase].recordCount(takenUs - instantUs + done.latencyUs, end - first)
    }
  }
}
