// Goal: an estimate is the sum of what ran, priced by the table and by nothing else; what has no price is named, never
// guessed. Method: round prices whose sums are known by hand, and properties over any set of instances (fast-check).
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { sumsBy } from '../../../src/lab/costs/cost-line.ts'
import { estimatePlan, estimateRecord, pricePerHour } from '../../../src/lab/costs/estimate.ts'
import { SHIPPED_PRICES } from '../../../src/lab/costs/price-table.ts'
import { HOUR_MS, instanceOf, ROUND_PRICES } from './support.ts'

const region = 'us-west-2'
const usdOf = (instances: Parameters<typeof estimateRecord>[0]['instances'], nowMs: number) =>
  estimateRecord({ region, instances }, nowMs, ROUND_PRICES).totalUsd

const anInstance = fc.record({
  role: fc.constantFrom('broker', 'client', 'store'),
  instanceType: fc.constantFrom('t3.small', 't3.micro', 'm5.large'),
  spot: fc.boolean(),
  publicIp: fc.constantFrom(null, '203.0.113.7'),
  launchedMs: fc.nat(HOUR_MS),
  endedMs: fc.constant(null),
  rootDiskGb: fc.nat(100),
  dataDiskGb: fc.nat(1_000),
})

test('an hour of an instance costs its type, its disks and its address', () => {
  // 1 + 10 GB × 7.3 / 730 + 20 GB × 7.3 / 730 + 0.1
  expect(usdOf([instanceOf({ dataDiskGb: 20, publicIp: '203.0.113.7' })], 0)).toBeCloseTo(1.4, 12)
  expect(usdOf([instanceOf({ spot: true })], 0)).toBeCloseTo(0.25 + 0.1, 12)
})

test('what still runs is paid until now, and a minute at least', () => {
  const running = instanceOf({ endedMs: null, rootDiskGb: 0 })
  expect(usdOf([running], 2 * HOUR_MS)).toBeCloseTo(2, 12)
  expect(usdOf([running], 1_000)).toBeCloseTo(1 / 60, 12)
  expect(usdOf([{ ...running, launchedMs: HOUR_MS }], 0)).toBeCloseTo(1 / 60, 12)
})

test('provisioned disks pay for what goes beyond gp3, and other types for all of it', () => {
  const disk = { sizeGiB: 100, type: 'gp3', iops: 4_000, throughputMiBps: 135 }
  // 100 GB → 1; 1,000 IOPS × 0.73 / 730 → 1; 10 MiB/s × 73 / 730 → 1; instance 1
  expect(usdOf([instanceOf({ rootDiskGb: 0, dataDiskGb: 100, dataDisk: disk })], 0)).toBeCloseTo(4, 12)
  const own = instanceOf({ rootDiskGb: 0, dataDiskGb: 100, dataDisk: { ...disk, type: 'io2' } })
  const { totalUsd, unknown } = estimateRecord({ region, instances: [own] }, 0, ROUND_PRICES)
  expect(totalUsd).toBeCloseTo(1, 12)
  expect(unknown).toEqual([
    'io2 disk in us-west-2',
    'io2 IOPS beyond those included in us-west-2',
    'io2 throughput beyond that included in us-west-2',
  ])
})

test('traffic between zones is paid at both ends', () => {
  const traffic = [{ role: 'client', betweenZonesBytes: 1e9, outBytes: 2e9, s3ByteHours: 1e9 }]
  const { lines, totalUsd } = estimateRecord({ region, instances: [] }, 0, ROUND_PRICES, traffic)
  expect(lines.map(({ what, usd }) => [what, usd])).toEqual([
    ['traffic between zones', 6],
    ['traffic to the internet', 18],
    ['results in S3', 1],
  ])
  expect(totalUsd).toBe(25)
})

test('a type or a region without a price is named once, and adds nothing', () => {
  const unknown = instanceOf({ instanceType: 'x9.huge' })
  const estimate = estimateRecord({ region, instances: [unknown, unknown] }, 0, ROUND_PRICES)
  expect(estimate.unknown).toEqual(['x9.huge on demand in us-west-2'])
  expect(estimate.totalUsd).toBeCloseTo(0.2, 12)
  expect(sumsBy(estimate.lines, 'service').at(-1)!.usd).toBeNull()
  const elsewhere = estimateRecord({ region: 'mars-1', instances: [instanceOf()] }, 0, SHIPPED_PRICES)
  expect(elsewhere.totalUsd).toBe(0)
  expect(elsewhere.unknown).toEqual(['t3.small on demand in mars-1', 'gp3 disk in mars-1'])
})

test('a spot instance without a typical price costs at most its price on demand, and says so', () => {
  const estimate = estimateRecord(
    { region, instances: [instanceOf({ instanceType: 'm5.large', spot: true })] },
    0,
    ROUND_PRICES,
  )
  expect(estimate.isBound).toBe(true)
  expect(estimate.totalUsd).toBeCloseTo(2.1, 12)
})

const plan = (count: number, own: { use_spot_instances?: boolean; spot_max_price?: string } = {}) =>
  ({
    aws: { region, use_spot_instances: false, ...own },
    machines: [
      { role: 'broker', count, instanceType: 't3.small', rootVolumeGiB: 10, dataVolume: null },
      { role: 'client', count: 1, instanceType: 't3.micro', rootVolumeGiB: 10, dataVolume: null },
    ],
  }) as unknown as Parameters<typeof estimatePlan>[0]

test('a plan has its price for an hour and for its time, by role', () => {
  const { perHour, total } = estimatePlan(plan(3), 2, ROUND_PRICES)
  // 3 × (1 + 0.1 disk + 0.1 address) + 0.5 + 0.1 + 0.1
  expect(perHour.totalUsd).toBeCloseTo(4.3, 12)
  expect(total.totalUsd).toBeCloseTo(8.6, 12)
  const roles = sumsBy(total.lines, 'role')
  expect(roles.map(({ name }) => name)).toEqual(['broker', 'client'])
  expect(roles[0]!.usd).toBeCloseTo(7.2, 12)
  expect(roles[1]!.usd).toBeCloseTo(1.4, 12)
})

test('nobody pays more for spot than they agreed to', () => {
  const spot = (max?: string) =>
    estimatePlan(
      plan(1, { use_spot_instances: true, ...(max !== undefined && { spot_max_price: max }) }),
      1,
      ROUND_PRICES,
    ).perHour.lines.filter(({ what }) => what.endsWith('spot'))
  expect(spot().map(({ usd }) => usd)).toEqual([0.25, 0.5])
  expect(spot('0.1').map(({ usd }) => usd)).toEqual([0.1, 0.1])
  expect(spot('9').map(({ usd }) => usd)).toEqual([0.25, 0.5])
})

test('property: costs add up over instances, services and roles', () => {
  fc.assert(
    fc.property(fc.array(anInstance), fc.array(anInstance), fc.nat(10 * HOUR_MS), (some, others, nowMs) => {
      expect(usdOf([...some, ...others], nowMs)).toBeCloseTo(usdOf(some, nowMs) + usdOf(others, nowMs), 9)
      const { lines, totalUsd } = estimateRecord({ region, instances: some }, nowMs, ROUND_PRICES)
      for (const key of ['role', 'service'] as const) {
        const sum = sumsBy(lines, key).reduce((whole, { usd }) => whole + (usd ?? 0), 0)
        expect(sum).toBeCloseTo(totalUsd, 9)
      }
    }),
  )
})

test('property: costs never fall with time, and rise at the price per hour after the first minute', () => {
  const minuteMs = 60_000
  fc.assert(
    fc.property(
      fc.array(anInstance),
      fc.nat(10 * HOUR_MS),
      fc.nat(10 * HOUR_MS),
      (instances, nowMs, moreMs) => {
        expect(usdOf(instances, nowMs + moreMs)).toBeGreaterThanOrEqual(usdOf(instances, nowMs))
        const fromMs = HOUR_MS + minuteMs + nowMs
        const rate = pricePerHour({ region, instances }, ROUND_PRICES).totalUsd
        const rise = usdOf(instances, fromMs + moreMs) - usdOf(instances, fromMs)
        expect(rise).toBeCloseTo((rate * moreMs) / HOUR_MS, 6)
      },
    ),
  )
})

test('property: what has ended costs the same whenever one asks, and nothing an hour', () => {
  fc.assert(
    fc.property(fc.array(anInstance), fc.nat(5 * HOUR_MS), fc.nat(50 * HOUR_MS), (some, lastedMs, nowMs) => {
      const ended = some.map((each) => ({ ...each, endedMs: each.launchedMs + lastedMs }))
      expect(usdOf(ended, nowMs)).toBe(usdOf(ended, 0))
      expect(pricePerHour({ region, instances: ended }, ROUND_PRICES).lines).toEqual([])
    }),
  )
})
