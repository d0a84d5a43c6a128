// Goal: what a predicate reads off a trial, and that what is not known never holds. Method: sample trials with one thing
// changed; the value, whether it holds, and the sentence.
import { describe, expect, test } from 'bun:test'
import { judgeSlo, type SloFacts } from '../../src/result/slo-value.ts'
import { isSlo, parseSlo } from '../../src/workload/slo.ts'
import { latencyOf, sampleAudit, sampleFacts } from './sample-result.ts'

const healthy: SloFacts = sampleFacts({ measureS: 10, warmupS: 2 })

function judged(text: string, facts: SloFacts) {
  const slo = parseSlo(text)
  if (!isSlo(slo)) throw new Error(slo.what)
  return judgeSlo(slo, facts)
}

function withMeasure(changes: Partial<SloFacts['phases']['measure']>): SloFacts {
  return {
    ...healthy,
    phases: { ...healthy.phases, measure: { ...healthy.phases.measure, ...changes } },
  }
}

function withPublish(completed: readonly number[], censored: readonly number[] = []): SloFacts {
  const { latencies } = healthy.phases.measure
  return withMeasure({ latencies: { ...latencies, publish: latencyOf(completed, censored) } })
}

const hundred = Array.from({ length: 100 }, (_, i) => (i + 1) * 100)

describe('latencies', () => {
  test.each([
    ['publish.p50 < 5.01ms', 5_000, true],
    ['publish.p50 < 5ms', 5_000, false],
    ['publish.p99 < 10ms', 9_900, true],
    ['publish.p99.9 < 10ms', 10_000, false],
    ['publish.max <= 10.01ms', 10_000, true],
    ['publish.p0 >= 100us', 100, true],
  ] as const)('%s', (text, us, held) => {
    const outcome = judged(text, withPublish(hundred))
    expect(outcome.held).toBe(held)
    expect(Math.abs(outcome.value! / us - 1)).toBeLessThan(0.001)
  })

  test('messages that never came count as infinite: an upper limit does not hold', () => {
    const facts = withPublish(hundred, [50, 50, 50])
    expect(judged('publish.p99 < 20ms', facts)).toMatchObject({ held: false, atLeast: true })
    expect(judged('publish.p99 < 20ms', facts).sentence).toContain('publish.p99 was ≥ ')
    expect(judged('publish.p50 < 20ms', facts).held).toBe(true)
  })

  test('no value at all does not hold, whatever is asked for', () => {
    for (const text of ['publish.p99 < 20ms', 'publish.p99 >= 0us', 'publish.mean < 1s']) {
      expect(judged(text, withPublish([]))).toMatchObject({ value: null, held: false })
    }
  })
})

describe('counts and rates', () => {
  const counts = { scheduled: 10_000, sent: 9_990, acknowledged: 9_960, rejected: 10, unknown: 20 }

  test('errors are what was rejected and what nobody knows the fate of', () => {
    const facts = withMeasure({ counts })
    expect(judged('errors == 0', facts)).toMatchObject({ value: 30, held: false })
    expect(judged('errors == 0', facts).sentence).toBe('errors was 30 messages (SLO: == 0)')
    expect(judged('errors <= 0.3%', facts).held).toBe(true)
    expect(judged('errors < 0.3%', facts).held).toBe(false)
  })

  test('a rate is held against the rate offered, and deliveries are counted for one subscription', () => {
    const twice = {
      ...healthy,
      audits: [0, 1].map((i) => ({ ...sampleAudit(12_000), subscription: `s${i}` })),
    }
    expect(judged('publishRate >= 0.95', withMeasure({ publishRateHz: 960 })).held).toBe(true)
    expect(judged('publishRate >= 970/s', withMeasure({ publishRateHz: 960 })).held).toBe(false)
    const { phases } = withMeasure({ consumeRateHz: 1_500 })
    expect(judged('consumeRate >= 0.99', { ...twice, phases }).value).toBeCloseTo(0.75, 2)
  })

  test('a backlog in messages, and in seconds of the rate', () => {
    const facts = { ...healthy, backlogAtEnd: 1_500 }
    expect(judged('backlog < 1000', facts).held).toBe(false)
    expect(judged('backlog < 2s', facts).value).toBeCloseTo(1.5, 2)
    expect(judged('backlog < 2s', facts).held).toBe(true)
  })

  test('what only the audit knows is not known without one', () => {
    const audit = sampleAudit(12_000, { acknowledgedLost: 3, duplicated: 2, outOfOrder: 1 })
    const facts = { ...healthy, audits: [audit] }
    expect(judged('lost == 0', facts).value).toBe(3)
    expect(judged('duplicates == 0', facts).value).toBe(2)
    expect(judged('outOfOrder <= 1', facts).held).toBe(true)
    expect(judged('lost == 0', { ...healthy, audits: [] }).held).toBe(false)
    expect(judged('lost == 0', { ...healthy, audits: [sampleAudit(1, { overflowed: true })] }).held).toBe(
      false,
    )
  })

  test('nothing scheduled proves nothing', () => {
    const none = { scheduled: 0, sent: 0, acknowledged: 0, rejected: 0, unknown: 0 }
    expect(judged('errors == 0', withMeasure({ counts: none })).held).toBe(false)
  })
})
