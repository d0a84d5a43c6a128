import { createLiveRun, type LiveRun } from '../../src/live/index.ts'
import type { RunEvent, Second } from '../../src/run/events.ts'

export const HOSTILE = '</script><script>alert(1)</script>"\\\n'

/** A live run of two sides, with nothing told yet but its id. */
export function sampleRun(sides: readonly string[] = ['first', 'second'], workload = 'sample'): LiveRun {
  const run = createLiveRun({
    workload,
    version: '0.1.0',
    trialsPerSide: 2,
    sides,
    ratesHz: [1_000],
    messageBytes: 200,
    warmupS: 2,
    durationS: 8,
  })
  run.tell({ kind: 'experiment', id: 'exp-20261121-100000', directory: '/nowhere' })
  return run
}

export function trialEvent(side: string, number = 1): RunEvent {
  return { kind: 'trial', side, number, of: 2, place: number - 1, places: 4, rateHz: 1_000 }
}

/** The second that ends at `elapsedS`, 1,000 messages each, and one that was rejected. */
export function secondEvent(side: string, elapsedS: number, changes: Partial<Second> = {}): RunEvent {
  return {
    kind: 'second',
    side,
    phase: elapsedS <= 2 ? 'warmup' : 'measure',
    startS: elapsedS - 1,
    elapsedS,
    totalS: 10,
    scheduledHz: 1_000,
    acknowledgedHz: 999,
    receivedHz: 990,
    counts: { scheduled: 1_000, acknowledged: 999, rejected: 1, unknown: 0, received: 990 },
    behind: 3,
    backlog: 10,
    failed: elapsedS,
    errors: { 'queue full': elapsedS },
    publish: { count: 999, p50Us: 1_000, p99Us: 5_000, maxUs: 20_000 },
    endToEnd: { count: 990, p50Us: 2_000, p99Us: 6_000, maxUs: 30_000 },
    ...changes,
  }
}

/** A whole trial: two seconds of warm-up, three of measure, valid and intact. */
export function tellTrial(run: LiveRun, side: string, number = 1): void {
  run.tell(trialEvent(side, number))
  for (let second = 1; second <= 5; second++) run.tell(secondEvent(side, second))
  run.tell({ kind: 'side-done', side, measurement: 'valid', integrity: 'intact' })
}
