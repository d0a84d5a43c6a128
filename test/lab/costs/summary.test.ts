// Goal: estimate, bill and messages are put together without inventing anything: sums agree, a side has its own machines
// and the load generators alone, and no bill stands in for one that is not whole. Method: made-up records, bills and results.
import { expect, test } from 'bun:test'
import { LAB_SYSTEMS } from '../../../src/brokers/lab-systems.ts'
import { billDays, billSummary, noBill } from '../../../src/lab/costs/bill-summary.ts'
import { labPrices } from '../../../src/lab/costs/lab-prices.ts'
import { messagesOf, resultCosts } from '../../../src/lab/costs/side-costs.ts'
import { costsOf, periodOf, type SummaryInputs } from '../../../src/lab/costs/summary.ts'
import { trafficBetweenZones } from '../../../src/lab/costs/traffic.ts'
import type { ExperimentResult } from '../../../src/result/result.ts'
import { sampleResult, sampleSide, sampleTrial } from '../../result/sample-result.ts'
import { recordOf } from './bill-server.ts'
import { HOUR_MS, instanceOf, ROUND_PRICES } from './support.ts'

const region = 'us-west-2'
const END_MS = 2 * HOUR_MS
const machine = (role: string, own = {}) => instanceOf({ role, endedMs: END_MS, rootDiskGb: 0, ...own })
const record = {
  ...{ region, startedMs: 0 },
  instances: [
    machine('kafka'),
    machine('rabbitmq', { instanceType: 'm5.large' }),
    machine('client', { instanceType: 't3.micro' }),
    // Gone before the run began.
    machine('kafka', { endedMs: HOUR_MS / 2 }),
  ],
}
const result = (
  sides = [sampleSide('kafka'), sampleSide('rabbitmq'), sampleSide('pulsar')],
): ExperimentResult =>
  sampleResult({
    ...{ startedAt: new Date(HOUR_MS).toISOString(), endedAt: new Date(END_MS).toISOString(), sides },
  })
const inputs = (own: Partial<SummaryInputs> = {}): SummaryInputs => ({
  ...{ experimentId: 'exp-1', record, nowMs: 100 * HOUR_MS, table: ROUND_PRICES, systems: LAB_SYSTEMS },
  ...{ runs: [{ run: 'r', result: result() }], traffic: [], bill: noBill('not asked'), tags: [] },
  ...own,
})
const bill = (rows: readonly (readonly [string, string, number])[], isEstimated = false) => ({
  rows: rows.map(([service, group, usd]) => ({ service, group, usd })),
  days: [{ day: '1970-01-01', usd: 1, isEstimated }],
  totalUsd: rows.reduce((sum, [, , usd]) => sum + usd, 0),
})

test('a side costs what its machines and the load generators do, and nobody else’s', () => {
  const { sides } = costsOf(inputs())
  expect(sides.map(({ side, perHourUsd, billing }) => [side, perHourUsd, billing])).toEqual([
    ['kafka', 1.5, 'estimated'],
    ['rabbitmq', 2.5, 'estimated'],
  ])
  // 1.5 an hour for 20 measured seconds and 20,000 messages.
  expect(sides[0]!.perMillionPublishedUsd!).toBeCloseTo((1.5 * 20 * 1e6) / 3600 / 20_000, 9)
})

test('several trials count together', () => {
  const trials = [sampleTrial(), sampleTrial({ seed: 2, acknowledgedShare: 0.5 })]
  const own = result([sampleSide('kafka', { trials })])
  const [side] = costsOf(inputs({ runs: [{ run: 'r', result: own }] })).sides
  const { published } = messagesOf([own])
  expect(published).toBeLessThan(40_000)
  expect(side!.perMillionPublishedUsd!).toBeCloseTo((1.5 * 40 * 1e6) / 3600 / published, 9)
})

test('a whole bill stretches the price of each role; one that is not whole does not', () => {
  // Estimated: kafka 2.5, rabbitmq 4, client 1.
  const rows = [
    ['Amazon Elastic Compute Cloud - Compute', 'kafka', 5],
    ['Amazon Elastic Compute Cloud - Compute', 'rabbitmq', 4],
    ['Amazon Elastic Compute Cloud - Compute', 'client', 0.5],
    ['Amazon Simple Storage Service', 'results', 0.25],
  ] as const
  const period = { fromMs: 0, untilMs: END_MS }
  const whole = costsOf(inputs({ bill: billSummary(bill(rows), period, 100 * HOUR_MS) }))
  expect(whole.sides.map(({ side, perHourUsd, billing }) => [side, perHourUsd, billing])).toEqual([
    ['kafka', 2.25, 'billed'],
    ['rabbitmq', 2.25, 'billed'],
  ])
  expect(whole.estimate.totalUsd).toBeCloseTo(7.5, 12)
  expect(whole.difference!.usd).toBeCloseTo(2.25, 12)
  expect(whole.roles.find(({ name }) => name === 'results')).toMatchObject({
    estimatedUsd: null,
    billedUsd: 0.25,
  })
  expect(resultCosts(whole.sides)).toMatchObject({ billing: 'billed', currency: 'USD' })
  const early = costsOf(inputs({ bill: billSummary(bill(rows), period, END_MS + HOUR_MS) }))
  expect(early.sides.map(({ billing }) => billing)).toEqual(['estimated', 'estimated'])
  expect(early.perMillion.billing).toBe('estimated')
  expect(early.bill.state).toBe('partial')
})

test('services and roles both add up to the total', () => {
  const { estimate, services, roles } = costsOf(inputs())
  for (const rows of [services, roles])
    expect(rows.reduce((sum, { estimatedUsd }) => sum + estimatedUsd!, 0)).toBeCloseTo(estimate.totalUsd, 9)
})

test('the bill is asked for the days that were, and never for the future', () => {
  const day = (text: string) => Date.parse(`${text}Z`)
  const from = day('2026-11-10T23:30')
  const until = day('2026-11-11T00:30')
  expect(billDays({ fromMs: from, untilMs: until }, day('2026-11-20T00:00'))).toEqual({
    ...{ fromDay: '2026-11-10', untilDay: '2026-11-12' },
  })
  expect(billDays({ fromMs: from, untilMs: null }, from)).toEqual({
    ...{ fromDay: '2026-11-10', untilDay: '2026-11-11' },
  })
  // A clock that is behind asks for a whole day all the same.
  expect(billDays({ fromMs: from, untilMs: null }, from - 24 * HOUR_MS)).toEqual({
    ...{ fromDay: '2026-11-10', untilDay: '2026-11-11' },
  })
})

test('an experiment that never had an instance costs nothing', () => {
  const empty = { ...record, instances: [] }
  expect(periodOf(empty)).toEqual({ fromMs: 0, untilMs: 0 })
  const { estimate, sides, perMillion } = costsOf(inputs({ record: empty, runs: [] }))
  expect([estimate.totalUsd, sides, perMillion.publishedUsd]).toEqual([0, [], null])
})

test('traffic between zones is that of the load generators, and none in one zone', () => {
  const trial = { ...sampleTrial(), clientWire: { sentBytes: 2e9, receivedBytes: 1e9, atLeast: false } }
  const results = [result([sampleSide('kafka', { trials: [trial] })])]
  expect(trafficBetweenZones(results, 1)).toEqual([])
  expect(trafficBetweenZones([result()], 3)).toEqual([])
  expect(trafficBetweenZones(results, 3)).toEqual([{ role: 'client', betweenZonesBytes: 2e9 }])
})

test('a price of an experiment is whole or none', () => {
  const prices = labPrices(ROUND_PRICES)
  const known = recordOf(0, END_MS, {
    instances: [{ ...recordOf(0, END_MS).instances[0]!, rootDiskGb: 0, dataDiskGb: 0 }],
  })
  const price = prices.ofRecord(known, 100 * HOUR_MS)!
  expect([price.usd, price.usdPerHour]).toEqual([2.2, 0])
  expect(price.lines).toContain('role kafka: $2.20')
  expect(price.lines).toContain('prices of 2026-01-01')
  expect(prices.ofRecord({ ...known, region: 'mars-1' }, 0)).toBeNull()
})
