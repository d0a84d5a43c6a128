// Goal: the bill is read whole (pages, throttling), by tag and role, and a tag that billing cannot tell apart is named.
// Method: the client against the double's Cost Explorer, with machines whose costs are known.
import { afterEach, beforeEach, expect, test } from 'bun:test'
import type { Clock } from '../../../src/clock/clock.ts'
import type { LabContext } from '../../../src/lab/aws/settings.ts'
import { askBill } from '../../../src/lab/costs/ask-bill.ts'
import { type CostExplorer, openCostExplorer } from '../../../src/lab/costs/cost-explorer.ts'
import { CREDENTIALS, REGION } from '../../aws/double/clients.ts'
import { DENIED } from '../../aws/double/faults.ts'
import { type BillServer, billed, recordOf, startBillServer } from './bill-server.ts'
import { HOUR_MS } from './support.ts'

const never = new AbortController().signal
const FROM_MS = Date.parse('2026-11-10T20:00:00Z')
const TO_MS = FROM_MS + 6 * HOUR_MS
const RECORD = recordOf(FROM_MS, TO_MS)
const DAYS = { fromDay: '2026-11-10', untilDay: '2026-11-12' }

let server: BillServer
let context: LabContext
let explorer: CostExplorer

beforeEach(async () => {
  server = startBillServer(TO_MS + 30 * HOUR_MS)
  billed(server, RECORD)
  billed(
    server,
    recordOf(FROM_MS, TO_MS, {
      experimentId: 'other',
      instances: RECORD.instances.map((each) => ({ ...each, id: `${each.id}9` })),
    }),
    { team: 'x' },
  )
  let waitedMs = 0
  const clock: Clock = {
    nowUs: () => waitedMs * 1_000,
    wallMs: () => server.nowMs,
    // Waits cost no time, and nothing but waits takes any.
    sleep: async (delayMs) => {
      waitedMs += delayMs
    },
    schedule: () => ({ cancel: () => {} }),
  }
  context = {
    aws: { region: REGION, endpoint: server.endpoint, credentials: CREDENTIALS },
    clock,
    random: () => 0,
    log: () => {},
  }
  explorer = await openCostExplorer(context)
})
afterEach(async () => {
  explorer.close()
  await server.stop()
})

const ask = (groupBy: string | null = 'Role') =>
  explorer.bill({ tags: { ExperimentID: 'cost-1' }, groupBy, ...DAYS }, never)

test('the bill of an experiment is its own, by service and role, over its days', async () => {
  const { rows, days, totalUsd } = await ask()
  expect(rows.map(({ service, group }) => `${service}/${group}`).toSorted()).toEqual([
    'Amazon Elastic Compute Cloud - Compute/client',
    'Amazon Elastic Compute Cloud - Compute/kafka',
    'Amazon Virtual Private Cloud/client',
    'Amazon Virtual Private Cloud/kafka',
    'EC2 - Other/client',
    'EC2 - Other/kafka',
  ])
  const compute = 6 * (2 * 0.0208 + 0.35 * 0.0416)
  expect(totalUsd).toBeCloseTo(compute + 6 * 3 * 0.005 + (6 * 70 * 0.08) / 730, 9)
  expect(days.map(({ day, isEstimated }) => [day, isEstimated])).toEqual([
    ['2026-11-10', false],
    ['2026-11-11', true],
  ])
  // Four of the six hours before midnight.
  expect(days[0]!.usd / totalUsd).toBeCloseTo(4 / 6, 9)
})

test('many pages give the same bill as one', async () => {
  const whole = await ask()
  for (const pageSize of [1, 4, 5]) {
    server.pageSize = pageSize
    const paged = await ask()
    expect(paged.rows.map(({ service, group }) => [service, group])).toEqual(
      whole.rows.map(({ service, group }) => [service, group]),
    )
    expect(paged.totalUsd).toBeCloseTo(whole.totalUsd, 12)
    expect(paged.days.map(({ day, isEstimated }) => [day, isEstimated])).toEqual(
      whole.days.map(({ day, isEstimated }) => [day, isEstimated]),
    )
  }
  expect(server.faults.calls('ce', 'GetCostAndUsage')).toBeGreaterThan(12)
})

test('too many calls are made again, and without data there is no bill', async () => {
  const ce = { service: 'ce', action: 'GetCostAndUsage' }
  const error = {
    code: 'LimitExceededException',
    message: 'You made too many calls in a short period of time.',
  }
  const remove = server.faults.add({ ...ce, count: 3, error })
  expect((await ask()).totalUsd).toBeGreaterThan(0)
  expect(server.faults.calls('ce', 'GetCostAndUsage')).toBe(4)
  remove()
  server.faults.add({ ...ce, error: { code: 'DataUnavailableException', message: 'not available' } })
  expect(await ask()).toEqual({ rows: [], days: [], totalUsd: 0 })
  expect(server.faults.calls('ce', 'GetCostAndUsage')).toBe(5)
})

test('tags are active, inactive or not seen yet, also over pages', async () => {
  server.activeTags.delete('team')
  server.pageSize = 1
  const states = await explorer.tagStates(['ExperimentID', 'team', 'never'], never)
  expect([...states!]).toEqual([
    ['ExperimentID', 'active'],
    ['team', 'inactive'],
    ['never', 'unseen'],
  ])
  server.faults.add({ service: 'ce', action: 'ListCostAllocationTags', error: DENIED.ssm })
  expect(await explorer.tagStates(['team'], never)).toBeNull()
})

const request = (tags: { key: string; value: string | null }[] = []) => ({
  experimentId: 'cost-1',
  period: { fromMs: FROM_MS, untilMs: TO_MS },
  tags,
})

test('a day after its end an experiment is billed; before, nothing is known, and that is said', async () => {
  const states = async (nowMs: number) => {
    server.nowMs = nowMs
    const { bill, failure } = await askBill(request(), context, never)
    expect(failure).toBeNull()
    return bill
  }
  expect(await states(FROM_MS + HOUR_MS)).toMatchObject({ state: 'none', totalUsd: null })
  server.delayMs = 20 * HOUR_MS
  const early = await states(FROM_MS + 22 * HOUR_MS)
  expect(early).toMatchObject({ state: 'partial', why: 'so far: usage of the last day may be missing' })
  server.delayMs = 24 * HOUR_MS
  expect(await states(TO_MS + 25 * HOUR_MS)).toMatchObject({
    state: 'open',
    why: 'AWS may still change 1 of 2 days, until the month is closed',
  })
  const late = await states(TO_MS + 90 * HOUR_MS)
  expect(late).toMatchObject({ state: 'final', why: 'final' })
  expect(late.totalUsd!).toBeGreaterThan(early.totalUsd!)
})

test('a bill that stays empty asks whether the tag was activated', async () => {
  const { bill } = await askBill({ ...request(), experimentId: 'unknown' }, context, never)
  expect(bill.state).toBe('notYet')
  server.nowMs = TO_MS + 100 * HOUR_MS
  const late = await askBill({ ...request(), experimentId: 'unknown' }, context, never)
  expect(late.bill.why).toContain('was it activated')
})

test('the tag of experiments that is not activated is named, and nothing is asked', async () => {
  server.activeTags.delete('ExperimentID')
  const { bill } = await askBill(request(), context, never)
  expect(bill).toMatchObject({
    ...{ state: 'none', totalUsd: null },
    why: 'tag ExperimentID is not activated for cost allocation',
  })
  expect(server.faults.calls('ce', 'GetCostAndUsage')).toBe(0)
})

test('without the tag Role the bill is one by service alone, and says so', async () => {
  server.activeTags.delete('Role')
  const { bill } = await askBill(request(), context, never)
  expect([...new Set(bill.rows.map(({ group }) => group))]).toEqual([''])
  expect(bill.totalUsd).toBeGreaterThan(0)
  expect(bill.why).toContain('not by role: tag Role is not activated')
})

test('other tags are billed by value, or of one value; those without the tag do not count', async () => {
  const { tags } = await askBill(
    request([
      { key: 'team', value: null },
      { key: 'team', value: 'x' },
    ]),
    context,
    never,
  )
  expect(tags.map(({ key, value }) => [key, value])).toEqual([
    ['team', null],
    ['team', 'x'],
  ])
  for (const { rows, totalUsd } of tags) {
    expect([...new Set(rows.map(({ value }) => value))]).toEqual(['x'])
    expect(totalUsd).toBeCloseTo((await ask()).totalUsd, 9)
  }
})

test('another tag that is not activated, or that nobody has met, is an error that names it', async () => {
  server.activeTags.delete('team')
  for (const [key, words] of [
    ['team', 'which is not'],
    ['nope', 'which no bill has met yet'],
  ] as const) {
    const failure = await askBill(request([{ key, value: null }]), context, never).catch((error) => error)
    expect(failure).toMatchObject({ code: 'CONFIG', exitCode: 3 })
    expect(failure.message).toContain(`got ${key}, ${words}`)
    expect(failure.hint).toContain(`TagKey=${key},Status=Active`)
  }
})

test('who may not see the bill is told what to allow', async () => {
  server.faults.add({ service: 'ce', action: 'GetCostAndUsage', error: DENIED.ssm })
  const { bill, failure } = await askBill(request(), context, never)
  expect(bill.state).toBe('none')
  expect(failure).toMatchObject({ code: 'PREPARE' })
  expect(failure!.hint).toContain('ce:GetCostAndUsage')
})

test('an abort ends the waiting', async () => {
  const throttled = { code: 'LimitExceededException', message: 'too many' }
  server.faults.add({ service: 'ce', action: 'ListCostAllocationTags', count: 100, error: throttled })
  const controller = new AbortController()
  const asked = askBill(
    request(),
    { ...context, clock: { ...context.clock, sleep: async () => controller.abort(new Error('enough')) } },
    controller.signal,
  )
  expect(await asked.catch((error: Error) => error.message)).toBe('enough')
})
