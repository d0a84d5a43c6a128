// Goal: the search finds what a system can sustain where that is known, and ends with the truth where it cannot. Method:
// the product's own search, trials, pacer, histograms, audit and verdicts on model brokers and a simulated clock; a few
// seeds here, hundreds in `npm run proof:search-sim`.
import { describe, expect, test } from 'bun:test'
import { ModelBroker, SLICE_US } from '../../sim/model-broker.ts'
import { HARD_CASES, KNOWN_CASES } from '../../sim/search-cases.ts'
import { model, SIM_SEARCH, simulateSearch } from '../../sim/sim-search.ts'

const SEEDS = [1, 2, 3]

describe('within 5 % of what the model sustains, with 3 % of noise', () => {
  for (const { title, limitHz, make } of KNOWN_CASES) {
    test(title, async () => {
      for (const seed of SEEDS) {
        const { result } = await simulateSearch(make(seed))
        expect(result.rateHz).not.toBeNull()
        expect(Math.abs(result.rateHz! / limitHz - 1)).toBeLessThanOrEqual(0.05)
        expect(result.steps.length).toBeLessThan(SIM_SEARCH.maxSteps)
      }
    })
  }
})

describe('ends with the truth', () => {
  for (const { title, make, search, between, says } of HARD_CASES) {
    test(title, async () => {
      const { result } = await simulateSearch(make(1), search)
      expect(result.steps.length).toBeLessThanOrEqual(SIM_SEARCH.maxSteps)
      expect(result.sentences.join(' ')).toMatch(says)
      if (between === null) expect(result.rateHz).toBeNull()
      else {
        expect(result.rateHz).toBeGreaterThanOrEqual(between[0])
        expect(result.rateHz).toBeLessThanOrEqual(between[1])
      }
    })
  }
})

test('the same seed gives the same search', async () => {
  const make = () => simulateSearch(model({ publishHz: 20_000, noise: 0.05, seed: 7 }))
  const [one, other] = [await make(), await make()]
  expect(one.result).toEqual(other.result)
})

test('every step that is refused says why, and confirmations end the search', async () => {
  const { result, trials } = await simulateSearch(model({ publishHz: 20_000, noise: 0.03 }))
  const { steps } = result
  for (const { outcome, reasons } of steps) expect(reasons.length > 0).toBe(outcome === 'refused')
  expect(steps.filter(({ outcome }) => outcome === 'refused').length).toBeGreaterThan(0)
  expect(steps.slice(-SIM_SEARCH.confirmations).map(({ outcome, rateHz }) => ({ outcome, rateHz }))).toEqual(
    Array.from({ length: SIM_SEARCH.confirmations }, () => ({ outcome: 'held', rateHz: result.rateHz! })),
  )
  expect(trials).toHaveLength(steps.length)
})

describe('the model keeps its own books', () => {
  test('below its capacity it adds its latency and nothing else; messages are neither lost nor made', async () => {
    const { trials } = await simulateSearch(model({ publishHz: 10_000, latencyUs: 7_000 }))
    const [first] = trials
    const { counts, delivered, latencies } = first!.phases.measure
    expect(counts).toEqual({ scheduled: 10_000, sent: 10_000, acknowledged: 10_000, rejected: 0, unknown: 0 })
    expect(delivered).toBe(10_000)
    expect(first!.verdict).toEqual({
      measurement: 'valid',
      measurementReasons: [],
      integrity: 'intact',
      integrityReasons: [],
    })
    expect(latencies.publish.summary.count).toBe(10_000)
    expect(latencies.publish.summary.p50.us).toBeGreaterThanOrEqual(7_000)
    expect(latencies.publish.summary.max.us).toBeLessThan(7_000 + SLICE_US + 100)
  })

  test('above its capacity it does exactly as much as it can', () => {
    const broker = new ModelBroker(model({ publishHz: 1_000, drainHz: [500] }))
    broker.accept(10_000)
    let [published, received] = [0, 0]
    for (let atUs = 0; atUs < 4e6; atUs += SLICE_US) {
      const done = broker.work(atUs)
      published = done.published.to
      received = done.received[0]!.to
    }
    expect(published).toBe(4_000)
    expect(received).toBe(2_000)
  })

  test('what does not fit its queue is refused', () => {
    const broker = new ModelBroker(model({ publishHz: 1_000, maxQueue: 100 }))
    broker.accept(broker.room)
    expect(broker.room).toBe(0)
    broker.work(0)
    expect(broker.room).toBe(20)
  })
})
