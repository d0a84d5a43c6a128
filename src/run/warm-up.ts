import type { Clock } from '../clock/clock.ts'
import type { WarmupResult } from '../result/load.ts'
import type { Workload } from '../workload/model.ts'
import type { Crew } from './crew.ts'
import { nextChangeUs, retime, type Timing } from './retiming.ts'
import { type SteadySecond, unsettled } from './steady-state.ts'

const POLL_MS = 100

export interface WarmupOptions {
  readonly crew: Crew
  readonly workload: Workload
  readonly clock: Clock
  readonly epochUs: number
  /** As the workers were told; the end of warm-up is its longest. */
  readonly timing: Timing
  /** From the end of measure on, for the ends of intervals. */
  readonly restUs: number
  /** The seconds so far; it grows while the trial runs. */
  readonly seconds: readonly SteadySecond[]
  readonly signal: AbortSignal
}

export interface WarmupEnd {
  readonly timing: Timing
  /** Null where the warm-up has a fixed length. */
  readonly warmup: WarmupResult | null
  /** Why the trial cannot go on, else null. */
  readonly failure: string | null
}

/**
 * Waits until it is known when warm-up ends, at least a moment before it does: when rates and latencies have settled, on a
 * whole second that is the same for all workers, at the latest where the workload says.
 */
export async function decideWarmup(options: WarmupOptions): Promise<WarmupEnd> {
  const { workload, clock, epochUs, timing, seconds, crew, signal } = options
  if (workload.warmup !== 'auto') return { timing, warmup: null, failure: null }
  const maximumS = timing.warmupUs / 1e6
  let seen = -1
  for (;;) {
    const changeUs = nextChangeUs(clock.nowUs() - epochUs)
    const reason = seen === seconds.length ? 'unchanged' : unsettled(seconds, workload.subscriptionsPerTopic)
    seen = seconds.length
    if (changeUs >= timing.warmupUs) {
      const last = unsettled(seconds, workload.subscriptionsPerTopic)
      return { timing, warmup: { settled: last === null, maximumS, reason: last }, failure: null }
    }
    if (reason === null) {
      const settledTiming = { ...timing, warmupUs: changeUs }
      const failure = await retime(crew, settledTiming, options.restUs)
      return { timing: settledTiming, warmup: { settled: true, maximumS, reason: null }, failure }
    }
    await clock.sleep(POLL_MS, signal)
  }
}
