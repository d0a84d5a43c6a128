// Goal: rates over time are counts by time, whatever a worker's lateness. Method: intervals written by hand, of workers
// that were on time, late by a little, and stalled for seconds; the joined seconds must follow each other.
import { expect, test } from 'bun:test'
import { mergeHistograms } from '../../src/engine/histogram.ts'
import type { EngineInterval } from '../../src/engine/types.ts'
import type { CrewMember } from '../../src/run/crew.ts'
import type { Second } from '../../src/run/events.ts'
import { mergeIntervals } from '../../src/run/merge-intervals.ts'
import { watchSeconds } from '../../src/run/seconds.ts'
import type { Workload } from '../../src/workload/model.ts'

const RATE_HZ = 1000
const workload = (warmupS: number, durationS: number) => ({ warmupS, durationS }) as Workload

/** A worker that sent at a steady rate and told so at these instants. */
function worker(endsUs: readonly number[]): CrewMember {
  const intervals = endsUs.map((endUs, i): EngineInterval => {
    const sent = Math.round((endUs * RATE_HZ) / 1e6)
    return {
      startUs: i === 0 ? 0 : endsUs[i - 1]!,
      endUs,
      producer: { scheduled: sent, sent, acknowledged: sent, rejected: 0, unknown: 0 },
      consumer: { received: sent, corrupted: 0, foreign: 0 },
      histograms: { publish: mergeHistograms([]) },
      cpuUs: 0,
      rssBytes: 0,
      distinctReceived: 0,
    }
  })
  return { role: 'producer', index: 0, intervals, handle: { death: null } } as unknown as CrewMember
}

function expectGapless(seconds: readonly { startS: number; endS: number }[]): void {
  expect(seconds[0]!.startS).toBe(0)
  for (let i = 1; i < seconds.length; i++) expect(seconds[i]!.startS).toBe(seconds[i - 1]!.endS)
}

test('workers a little apart: the rate is exact, not lowered by what the seconds overlap', () => {
  const onTime = worker([1_000_000, 2_000_000, 3_000_000])
  const late = worker([1_020_000, 2_030_000, 3_010_000])
  const joined = mergeIntervals([onTime, late], workload(1, 2))
  expect(joined.map(({ phase }) => phase)).toEqual(['warmup', 'measure', 'measure'])
  expectGapless(joined)
  const measure = joined.filter(({ phase }) => phase === 'measure')
  const seconds = measure.reduce((sum, { startS, endS }) => sum + endS - startS, 0)
  expect(seconds).toBeCloseTo(1.99, 6)
})

test('a worker that stalled for seconds: no second is counted twice', () => {
  const onTime = worker([1, 2, 3, 4, 5, 6].map((s) => s * 1e6))
  const stalled = worker([1_000_000, 4_600_000, 5_000_000, 6_000_000])
  const joined = mergeIntervals([onTime, stalled], workload(1, 5))
  expectGapless(joined)
  const seconds = joined.reduce((sum, { startS, endS }) => sum + endS - startS, 0)
  const acknowledged = joined.reduce((sum, { counts }) => sum + counts.acknowledged, 0)
  expect(seconds).toBeCloseTo(6, 6)
  expect(acknowledged).toBe(2 * 6 * RATE_HZ)
})

test('a warm-up shorter than the tolerance stays a phase of its own', () => {
  const joined = mergeIntervals([worker([200_000, 500_000, 1_500_000])], workload(0.2, 0.3))
  expect(joined.map(({ phase }) => phase)).toEqual(['warmup', 'measure', 'drain'])
})

test('live seconds: an interval that ends just after its boundary keeps its phase', () => {
  const told: Second[] = []
  const seconds = watchSeconds(workload(1, 1), (second) => told.push(second))
  const member = worker([1_000_300, 2_000_300, 3_000_300])
  feed(seconds, [member], [member, member, member])
  expect(told.map(({ phase }) => phase)).toEqual(['warmup', 'measure', 'drain'])
})

test('live seconds: a second told late still has its own rate', () => {
  const told: Second[] = []
  const seconds = watchSeconds(workload(0, 3), (second) => told.push(second))
  const quick = worker([1_000_000, 2_000_000])
  const slow = worker([2_000_000])
  feed(seconds, [quick, slow], [quick, quick, slow])
  expect(told.map(({ acknowledgedHz }) => acknowledgedHz)).toEqual([RATE_HZ, 2 * RATE_HZ])
})

/** Hands the members' intervals over one by one, in this order, as they would come from processes. */
function feed(
  seconds: ReturnType<typeof watchSeconds>,
  crew: readonly CrewMember[],
  order: readonly CrewMember[],
): void {
  const growing = new Map(crew.map((member) => [member, { ...member, intervals: [] as EngineInterval[] }]))
  seconds.watch([...growing.values()])
  for (const member of order) {
    const grown = growing.get(member)!
    grown.intervals.push(member.intervals[grown.intervals.length]!)
    seconds.onInterval(grown)
  }
}
