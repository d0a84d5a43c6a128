import type { SendTiming } from './batch-writer.ts'
import type { Pacer } from './pacer.ts'
import type { Schedule } from './schedule.ts'

/** Runs of messages with one instant that are remembered; beyond that, neighbours that are long past become one. */
const MAX_RUNS = 2 ** 18

/**
 * Sending as fast as the driver takes it: a message is due the moment the loop asks for it, so its latency counts from
 * there, and never from an instant that the system could not keep. A slow system is asked less: what is measured so is
 * closed-loop, and no figure of it may stand beside open-loop ones.
 */
export interface ClosedLoop {
  readonly timing: SendTiming
  readonly pacer: Pacer
  /** Other ends of warm-up and of all sending, µs from the epoch; neither is past. */
  retime(warmupUs: number, endUs: number): void
}

export function createClosedLoop(warmupUs: number, endUs: number, maxBatch: number): ClosedLoop {
  let [warmupEndUs, sendUntilUs] = [warmupUs, endUs]
  /** Run r holds the messages from `firsts[r]` to `firsts[r + 1]` − 1, all due at `instants[r]`. */
  let firsts: number[] = []
  let instants: number[] = []
  let sent = 0
  let askedUs = 0
  let warmupCount = Number.POSITIVE_INFINITY
  let over = false
  let lastRun = 0

  function runOf(index: number): number {
    // Messages are settled about in their order.
    if (firsts[lastRun]! <= index && index < (firsts[lastRun + 1] ?? sent)) return lastRun
    lastRun = lastAtMost(firsts, index)
    return lastRun
  }

  const schedule: Schedule = {
    get totalCount() {
      return sent
    },
    dueCount(elapsedUs) {
      const run = lastAtMost(instants, elapsedUs)
      return run < 0 ? 0 : (firsts[run + 1] ?? sent)
    },
    instantUs: (index) => (index >= sent ? askedUs : instants[runOf(index)]!),
  }

  const pacer: Pacer = {
    debt: () => (over ? 0 : maxBatch),
    nextBatch(elapsedUs, sentCount) {
      askedUs = Math.max(askedUs, elapsedUs)
      if (askedUs >= warmupEndUs) warmupCount = Math.min(warmupCount, sentCount)
      over ||= askedUs >= sendUntilUs
      return over ? 0 : maxBatch
    },
    finished: () => over,
    accepted(sentCount) {
      if (sentCount <= sent) return
      if (instants.at(-1) !== askedUs) {
        firsts.push(sent)
        instants.push(askedUs)
      }
      sent = sentCount
      if (firsts.length > MAX_RUNS) forget()
    },
  }

  /** Of the older half every second run goes: its messages count from a little later than they were due. */
  function forget(): void {
    const half = firsts.length >> 1
    const isKept = (run: number) => run >= half || run % 2 === 0
    // A pair keeps the first number of its first run, and the instant of its second.
    instants = instants
      .map((us, run) => (run + 1 < half ? instants[run + 1]! : us))
      .filter((_, run) => isKept(run))
    firsts = firsts.filter((_, run) => isKept(run))
    lastRun = 0
  }

  return {
    pacer,
    timing: {
      schedule,
      get warmupCount() {
        return warmupCount
      },
    },
    retime(newWarmupUs, newEndUs) {
      warmupEndUs = newWarmupUs
      sendUntilUs = newEndUs
    },
  }
}

/** Place of the last value that is at most the limit, in a rising list; −1 without one. */
function lastAtMost(rising: readonly number[], limit: number): number {
  let low = 0
  let high = rising.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (rising[middle]! <= limit) low = middle + 1
    else high = middle
  }
  return low - 1
}
