// Goal: a second that is told holds what all workers did in it: counts, latencies, failures, backlog. Method: intervals of
// a producer and a consumer written by hand, with growing counters and known latencies.
import { expect, test } from 'bun:test'
import { Recorder } from '../../src/engine/histogram.ts'
import type { EngineInterval } from '../../src/engine/types.ts'
import type { CrewMember } from '../../src/run/crew.ts'
import type { Second } from '../../src/run/events.ts'
import { watchSeconds } from '../../src/run/seconds.ts'
import type { Workload } from '../../src/workload/model.ts'

const WORKLOAD = { warmupS: 1, durationS: 2, subscriptionsPerTopic: 2 } as Workload

function histogram(...us: readonly number[]) {
  const recorder = new Recorder()
  for (const value of us) recorder.record(value)
  return recorder.encode()
}

function interval(second: number, changes: Partial<EngineInterval>): EngineInterval {
  return {
    startUs: (second - 1) * 1e6,
    endUs: second * 1e6,
    producer: { scheduled: 0, sent: 0, acknowledged: 0, rejected: 0, unknown: 0 },
    consumer: { received: 0, corrupted: 0, foreign: 0 },
    distinctReceived: 0,
    histograms: {},
    cpuUs: 0,
    rssBytes: 0,
    ...changes,
  }
}

function member(...intervals: readonly EngineInterval[]): CrewMember {
  return { intervals, handle: { death: null } } as unknown as CrewMember
}

/** Hands over the first interval of each member, then the second of each, and so on. */
function secondsOf(...members: readonly CrewMember[]): Second[] {
  const told: Second[] = []
  const seconds = watchSeconds(WORKLOAD, (second) => told.push(second))
  seconds.watch(members)
  const most = Math.max(...members.map(({ intervals }) => intervals.length))
  for (let i = 1; i <= most; i++) {
    for (const each of members) seconds.onInterval({ ...each, intervals: each.intervals.slice(0, i) })
  }
  return told
}

const produced = (scheduled: number, acknowledged: number, rejected = 0) => ({
  producer: { scheduled, sent: scheduled, acknowledged, rejected, unknown: 0 },
})
const consumed = (received: number) => ({
  consumer: { received, corrupted: 0, foreign: 0 },
  distinctReceived: received,
})

test('counts are those of the second, failures and backlog those of the trial so far', () => {
  const seconds = secondsOf(
    member(
      interval(1, { ...produced(100, 98, 2), errors: { full: 2 } }),
      interval(2, { ...produced(200, 190, 5), errors: { full: 4, slow: 1 } }),
    ),
    member(interval(1, consumed(196)), interval(2, { ...consumed(360), errors: { slow: 3 } })),
  )
  expect(seconds.map(({ phase }) => phase)).toEqual(['warmup', 'measure'])
  expect(seconds[1]).toMatchObject({
    startS: 1,
    elapsedS: 2,
    totalS: 3,
    scheduledHz: 100,
    acknowledgedHz: 92,
    receivedHz: 164,
    counts: { scheduled: 100, acknowledged: 92, rejected: 3, unknown: 0, received: 164 },
    behind: 5,
    // 200 due to each of two subscriptions, 360 deliveries.
    backlog: 20,
    failed: 5,
    errors: { full: 4, slow: 4 },
  })
})

test('latencies are of all workers together; none where nothing came', () => {
  const [first, second] = secondsOf(
    member(interval(1, { histograms: { publish: histogram(1_000, 2_000) } }), interval(2, {})),
    member(interval(1, { histograms: { publish: histogram(3_000, 40_000) } }), interval(2, {})),
  )
  expect(first!.publish!.count).toBe(4)
  expect(first!.publish!.p50Us).toBeCloseTo(2_000, -1)
  expect(first!.publish!.maxUs).toBeCloseTo(40_000, -2)
  expect(first!.endToEnd).toBeNull()
  expect(second!.publish).toBeNull()
})
