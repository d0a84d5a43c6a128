// Goal: each rule of both verdicts, its border, and what must NOT trip it. Method: synthetic trials, healthy but for one
// thing; expected verdict and a word of the reason.
import { describe, expect, test } from 'bun:test'
import type { LatencyName } from '../../src/engine/types.ts'
import type { LatencyResult, TrialResult, WorkerResult } from '../../src/result/result.ts'
import { judgeTrial, type TrialFacts } from '../../src/result/verdict.ts'
import { encoded, latencyOf, sampleAudit, sampleFacts } from './sample-result.ts'

const healthy = sampleFacts({ measureS: 10, warmupS: 2 })

function withLatency(name: LatencyName, latency: LatencyResult): TrialFacts {
  const { measure } = healthy.phases
  const latencies = { ...measure.latencies, [name]: latency }
  return { ...healthy, phases: { ...healthy.phases, measure: { ...measure, latencies } } }
}

function withCounts(changes: Partial<TrialFacts['phases']['measure']['counts']>): TrialFacts {
  const { measure } = healthy.phases
  return {
    ...healthy,
    phases: { ...healthy.phases, measure: { ...measure, counts: { ...measure.counts, ...changes } } },
  }
}

const withWorker = (changes: Partial<WorkerResult>): TrialFacts => ({
  ...healthy,
  workers: [{ ...healthy.workers[0]!, ...changes }, healthy.workers[1]!],
})

const withOthers = (...shares: readonly number[]): TrialFacts => ({
  ...healthy,
  otherBrokers: shares.map((coreShare, i) => ({ name: `other-${i}`, coreShare })),
})

const withAudit = (
  audit: Parameters<typeof sampleAudit>[1],
  promise: Partial<TrialResult['promise']> = {},
  changes: Partial<TrialFacts> = {},
): TrialFacts => ({
  ...healthy,
  audits: [sampleAudit(12_000, audit)],
  promise: { ...healthy.promise, ...promise },
  ...changes,
})

const repeat = (value: number, count = 100) => Array.from({ length: count }, () => value)

/** The last seconds of a trial's intervals: a drain with these deliveries a second. */
function drain(received: readonly number[]): Partial<TrialFacts> {
  const measured = healthy.intervals.filter((interval) => interval.phase !== 'drain')
  const counts = { scheduled: 0, sent: 0, acknowledged: 0, rejected: 0, unknown: 0 }
  return {
    drain: { durationMs: received.length * 1_000, complete: false },
    intervals: [
      ...measured,
      ...received.map((count, i) => ({
        startS: 12 + i,
        endS: 13 + i,
        phase: 'drain' as const,
        counts,
        received: count,
        latencies: {},
      })),
    ],
  }
}

describe('measurement', () => {
  const cases: readonly [string, TrialFacts, TrialResult['verdict']['measurement'], RegExp | null][] = [
    ['a healthy trial', healthy, 'valid', null],
    ['exactly 99 % acknowledged', withCounts({ acknowledged: 9_900 }), 'valid', null],
    ['one less than 99 %', withCounts({ acknowledged: 9_899 }), 'saturated', /9,899 of 10,000 .* \(99\.0 %/],
    ['backlog of exactly 1 s', { ...healthy, backlogAtEnd: 1_000 }, 'valid', null],
    ['backlog above 1 s', { ...healthy, backlogAtEnd: 1_001 }, 'saturated', /1,001 messages .* 1\.0 s/],
    ['woken late p99 of 10 ms', withLatency('wokenLate', latencyOf(repeat(9_990))), 'valid', null],
    [
      'woken late p99 above 10 ms',
      withLatency('wokenLate', latencyOf(repeat(10_500))),
      'invalid',
      /generator.*10\.5 ms/,
    ],
    [
      'one late message in a thousand',
      withLatency('wokenLate', latencyOf([...repeat(50, 999), 900_000])),
      'valid',
      null,
    ],
    ['late inside the driver', withLatency('driverDelay', latencyOf(repeat(900_000))), 'valid', null],
    [
      "schedule delay that is the driver's",
      withLatency('scheduleDelay', latencyOf(repeat(900_000))),
      'valid',
      null,
    ],
    ['worker at 90 % of a core', withWorker({ meanCoreShare: 0.9 }), 'valid', null],
    [
      'worker above 90 % of a core',
      withWorker({ meanCoreShare: 0.93 }),
      'invalid',
      /producer worker 0 used 93\.0 %/,
    ],
    ['other brokers at 3 % of a core', withOthers(0.01, 0.02), 'valid', null],
    [
      'other brokers above 3 % of a core together',
      withOthers(0.02, 0.02),
      'invalid',
      /other-0 and other-1, up beside .* used 4\.0 % of a core/,
    ],
    ["a worker's short peak", withWorker({ maxCoreShare: 1.2 }), 'valid', null],
    ['clocks 1 ms apart, end-to-end 2 ms', { ...healthy, clockBoundUs: 1_000 }, 'valid', null],
    [
      'clocks 1.1 ms apart, end-to-end 2 ms',
      { ...healthy, clockBoundUs: 1_100 },
      'invalid',
      /clocks may be 1\.10 ms/,
    ],
    [
      'clocks 2 ms apart, end-to-end 100 ms',
      { ...withLatency('endToEnd', latencyOf(repeat(100_000))), clockBoundUs: 2_000 },
      'valid',
      null,
    ],
    [
      'arrivals before being due, beyond the bound',
      withLatency('endToEnd', {
        ...latencyOf(repeat(1_000)),
        completed: encoded(repeat(1_000), { negative: 4, minimumUs: -3_000 }),
      }),
      'invalid',
      /4 messages seemed to arrive before being due, by up to 3\.00 ms/,
    ],
    [
      'arrivals before being due, within a millisecond',
      withLatency('endToEnd', {
        ...latencyOf(repeat(1_000)),
        completed: encoded(repeat(1_000), { negative: 4, minimumUs: -30 }),
      }),
      'valid',
      null,
    ],
    [
      'a broken contract',
      { ...healthy, contractBreaches: ['sequence 3 was settled twice'] },
      'invalid',
      /settled twice/,
    ],
    ['nothing sent', withCounts({ sent: 0, acknowledged: 0 }), 'invalid', /none of 10,000 scheduled/],
    [
      'nothing scheduled',
      withCounts({ scheduled: 0, sent: 0, acknowledged: 0 }),
      'invalid',
      /nothing was scheduled/,
    ],
    [
      'late generator and a rate not held',
      { ...withCounts({ acknowledged: 5_000 }), workers: withWorker({ meanCoreShare: 0.99 }).workers },
      'invalid',
      /99\.0 %/,
    ],
  ]
  for (const [name, facts, measurement, reason] of cases) {
    test(`${name}: ${measurement}`, () => {
      const verdict = judgeTrial(facts)
      expect(verdict.measurement).toBe(measurement)
      if (reason === null) expect(verdict.measurementReasons).toEqual([])
      else expect(verdict.measurementReasons.join('\n')).toMatch(reason)
    })
  }

  test('a trial cut short is held against the rate of the time it ran', () => {
    const ran = healthy.intervals.filter(({ startS, phase }) => phase !== 'drain' && startS < 4)
    const facts = {
      ...withCounts({ scheduled: 2_000, sent: 2_000, acknowledged: 2_000 }),
      intervals: ran,
      backlogAtEnd: 900,
      interrupted: 'Ctrl-C',
    }
    expect(judgeTrial(facts).measurement).toBe('valid')
    expect(judgeTrial({ ...facts, backlogAtEnd: 1_100 }).measurement).toBe('saturated')
  })

  test('an invalid trial still tells that the rate was not held, last', () => {
    const facts = {
      ...withCounts({ acknowledged: 5_000 }),
      workers: withWorker({ meanCoreShare: 0.99 }).workers,
    }
    const reasons = judgeTrial(facts).measurementReasons
    expect(reasons).toHaveLength(2)
    expect(reasons[1]).toMatch(/5,000 of 10,000/)
  })

  test('the verdict is a pure function: same facts, same verdict, facts unchanged', () => {
    const before = JSON.stringify(healthy)
    expect(judgeTrial(healthy)).toEqual(judgeTrial(healthy))
    expect(JSON.stringify(healthy)).toBe(before)
  })
})

describe('integrity', () => {
  const lost = { lost: 5, acknowledgedLost: 5, distinct: 11_995 }
  const cases: readonly [string, TrialFacts, TrialResult['verdict']['integrity'], RegExp | null][] = [
    ['a healthy trial', healthy, 'intact', null],
    [
      'acknowledged and lost',
      withAudit(lost),
      'violated',
      /5 acknowledged messages never came.*at-least-once/,
    ],
    [
      'acknowledged and lost, exactly-once',
      withAudit(lost, { delivery: 'exactly-once' }),
      'violated',
      /exactly-once/,
    ],
    [
      'acknowledged and lost, at-most-once',
      withAudit(lost, { delivery: 'at-most-once' }),
      'intact',
      /5 acknowledged messages never came; at-most-once permits/,
    ],
    [
      'acknowledged and lost, best-effort',
      withAudit(lost, { delivery: 'best-effort' }),
      'intact',
      /5 acknowledged messages never came; best-effort permits/,
    ],
    ['unknown and lost', withAudit({ lost: 5, unknown: 5 }), 'intact', null],
    ['duplicates, at-least-once', withAudit({ duplicated: 3 }), 'intact', /3 duplicates.*permits/],
    [
      'duplicates, exactly-once',
      withAudit({ duplicated: 3 }, { delivery: 'exactly-once' }),
      'violated',
      /3 duplicates/,
    ],
    [
      'marked duplicates, exactly-once',
      withAudit({ duplicated: 3, redelivered: 3 }, { delivery: 'exactly-once' }),
      'violated',
      /3 of them marked/,
    ],
    [
      'duplicates, at-most-once',
      withAudit({ duplicated: 1 }, { delivery: 'at-most-once' }),
      'violated',
      /1 duplicate,/,
    ],
    [
      'duplicates, best-effort',
      withAudit({ duplicated: 1 }, { delivery: 'best-effort' }),
      'intact',
      /1 duplicate,.*permits/,
    ],
    [
      'an error that breaks a promise',
      withAudit({}, { violationKinds: ['x not masked'] }, { consumeErrors: { 'x not masked': 7, other: 1 } }),
      'violated',
      /7 messages came with a broken promise: x not masked/,
    ],
    [
      'an error that breaks none',
      withAudit({}, { violationKinds: ['x not masked'] }, { consumeErrors: { other: 1 } }),
      'intact',
      null,
    ],
    [
      'out of order',
      withAudit({ outOfOrder: 2 }),
      'violated',
      /2 messages came out of order.*within a partition/,
    ],
    [
      'out of order, no order promised',
      withAudit({ outOfOrder: 2 }, { orderDomain: 'none' }),
      'intact',
      /no order/,
    ],
    [
      'out of order, shared streams',
      withAudit({ outOfOrder: 2 }, { sharedStreams: true }),
      'intact',
      /no order/,
    ],
    [
      'out of order beside redeliveries',
      withAudit({ outOfOrder: 2, duplicated: 1, redelivered: 1 }),
      'intact',
      /may reorder/,
    ],
    [
      'out of order after consumer errors',
      withAudit({ outOfOrder: 2 }, {}, { consumeErrors: { 'connection lost': 1 } }),
      'unproven',
      /connection lost 1/,
    ],
    [
      'corrupted',
      withAudit({ corrupted: 1 }, { delivery: 'at-most-once' }),
      'violated',
      /1 message came corrupted/,
    ],
    [
      'corrupted beyond recognition',
      { ...healthy, consumerCounts: { received: 12_000, corrupted: 2, foreign: 0 } },
      'violated',
      /2 messages came corrupted/,
    ],
    ['wrong partition', withAudit({ wrongPartition: 1 }), 'violated', /wrong partition/],
    ['ghosts', withAudit({ ghosts: 1, rejected: 1 }), 'intact', null],
    [
      'messages of another run',
      { ...healthy, consumerCounts: { received: 12_000, corrupted: 0, foreign: 9 } },
      'intact',
      null,
    ],
    ['the audit overflowed', withAudit({ overflowed: true }), 'unproven', /memory budget/],
    ['a worker failed', withWorker({ failure: 'killed by SIGKILL' }), 'unproven', /worker 0 failed: killed/],
    ['interrupted', { ...healthy, interrupted: 'Ctrl-C' }, 'unproven', /cut short: Ctrl-C/],
    ['no audit', { ...healthy, audits: [] }, 'unproven', /no audit/],
    [
      'a broken contract',
      { ...healthy, contractBreaches: ['x'] },
      'unproven',
      /acknowledgements prove nothing/,
    ],
    [
      'lost, but a worker failed',
      { ...withAudit(lost), workers: withWorker({ failure: 'died' }).workers },
      'unproven',
      /gaps in the view/,
    ],
    [
      'corrupted, though a worker failed',
      { ...withAudit({ corrupted: 1 }), workers: withWorker({ failure: 'died' }).workers },
      'violated',
      /corrupted/,
    ],
    [
      'still arriving when the drain ended',
      withAudit(lost, {}, drain(repeat(500, 30))),
      'unproven',
      /late or lost/,
    ],
    [
      'quiet for 4 s when the drain ended',
      withAudit(lost, {}, drain([9, 0, 0, 0, 0])),
      'unproven',
      /late or lost/,
    ],
    [
      'quiet for 5 s when the drain ended',
      withAudit(lost, {}, drain([9, 0, 0, 0, 0, 0])),
      'violated',
      /never came/,
    ],
    [
      'lost in a drain that ended because unknown ones came instead',
      withAudit({ ...lost, unknown: 5 }),
      'unproven',
      /late or lost/,
    ],
    [
      'lost beside unknown ones that came, quiet at the end',
      withAudit({ ...lost, unknown: 5 }, {}, drain([9, 0, 0, 0, 0, 0])),
      'violated',
      /never came/,
    ],
    [
      'lost in a drain that ended because duplicates came instead',
      withAudit({ ...lost, duplicated: 5, received: 12_000 }),
      'unproven',
      /late or lost/,
    ],
    [
      'lost beside duplicates, quiet at the end',
      withAudit({ ...lost, duplicated: 5 }, {}, drain([9, 0, 0, 0, 0, 0])),
      'violated',
      /never came/,
    ],
    ['drain cut off, yet everything came', withAudit({}, {}, drain([9])), 'intact', null],
    [
      'lost in a second subscription only',
      { ...healthy, audits: [sampleAudit(12_000), sampleAudit(12_000, { ...lost, subscription: 'sub-1' })] },
      'violated',
      /topic-0, sub-1/,
    ],
  ]
  for (const [name, facts, integrity, reason] of cases) {
    test(`${name}: ${integrity}`, () => {
      const verdict = judgeTrial(facts)
      expect(verdict.integrity).toBe(integrity)
      if (reason === null) expect(verdict.integrityReasons).toEqual([])
      else expect(verdict.integrityReasons.join('\n')).toMatch(reason)
    })
  }
})
