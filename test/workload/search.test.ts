// Goal: a search is what the workload or the command line asks for; what cannot go together is refused at its place.
// Method: files written and read, and plans made, as a run does.
import { afterAll, describe, expect, test } from 'bun:test'
import { describePlan } from '../../src/workload/describe-plan.ts'
import { makePlan } from '../../src/workload/plan.ts'
import type { PlanFlags } from '../../src/workload/plan-options.ts'
import { SEARCH_DEFAULTS } from '../../src/workload/search.ts'
import { readWorkload } from '../../src/workload/workload-file.ts'
import { testFolder } from './files.ts'
import { testRegistry } from './test-entry.ts'

const folder = testFolder()
folder.write('drivers/demo.yaml', 'driver: demo\n')
afterAll(() => folder.remove())

const read = (text: string) => readWorkload(folder.write('w.yaml', text))
const plan = (text: string, flags: PlanFlags = {}) =>
  makePlan({ workloadFile: folder.write('w.yaml', text), registry: testRegistry, ...flags })
const refusal = async (made: Promise<unknown>) =>
  await made.then(
    () => 'nothing was refused',
    (error: Error) => error.message.replaceAll(`${folder.path}/`, ''),
  )

describe('in the workload', () => {
  test("OMB's producerRate: 0 searches with the defaults, and says which durations it leaves out", async () => {
    const { workload, notes, refusals } = await read(
      'messageSize: 100\nproducerRate: 0\ntestDurationMinutes: 5\n',
    )
    expect(workload.search).toEqual(SEARCH_DEFAULTS)
    expect(workload.producerRateHz).toBe(SEARCH_DEFAULTS.startHz)
    expect(refusals).toEqual([])
    expect(notes.join('\n')).toContain('testDurationMinutes not used: a search has steps of its own')
    expect(notes.join('\n')).toContain('producerRate is 0')
  })

  test('every field has its place', async () => {
    const { workload } = await read(`messageSize: 100
search:
  slo: [publish.p99<20ms, errors == 0]
  startRate: 500
  maxRate: 80000
  precision: 0.05
  stepSeconds: 4
  settleSeconds: 2
  drainSeconds: 7
  confirmations: 0
  maxSteps: 12
  maxMinutes: 3
`)
    expect(workload.search).toEqual({
      slos: ['publish.p99 < 20ms', 'errors == 0'],
      startHz: 500,
      maxHz: 80_000,
      precision: 0.05,
      stepS: 4,
      settleS: 2,
      drainS: 7,
      confirmations: 0,
      maxSteps: 12,
      maxS: 180,
    })
  })

  test('maxRate below the default start is the start', async () => {
    const { workload } = await read('messageSize: 100\nsearch: {maxRate: 50}\n')
    expect(workload.search).toMatchObject({ startHz: 50, maxHz: 50 })
  })

  test.each([
    ['search: {}\nproducerRate: 5', /^w\.yaml:2:9: expected producerRate or search, got both \(remove one/],
    ['search: {}\nrates: [1, 2]', /expected rates or search, got both/],
    ['search: {}\nrepeat: 3', /^w\.yaml:3:9: expected repeat: 1 with a search, got 3/],
    ['producerRate: 0\nrepeat: auto', /expected repeat: 1 with a search, got auto/],
    ['search: {slo: [oops]}', /^w\.yaml:2:16: character 1 of "oops": expected one of publish/],
    [
      'search: {startRate: 9, maxRate: 5}',
      /^w\.yaml:2:21: expected startRate of at most maxRate, got 9 and 5/,
    ],
    ['search: {precision: 0}', /expected search\.precision to be/],
    ['search: {stepSeconds: 1}', /expected search\.stepSeconds to be a whole number from 2/],
    ['search: {unheard: 1}', /expected a known key, got "unheard"/],
    ['search: 20ms', /expected search to be/],
  ])('%p is refused', async (lines, problem) => {
    expect(await refusal(read(`messageSize: 100\n${lines}\n`))).toMatch(problem)
  })
})

describe('on the command line', () => {
  const FIXED = 'messageSize: 100\nproducerRate: 1000\ntestDurationMinutes: 5\n'
  const SEARCHED = 'messageSize: 100\nsearch: {slo: [errors == 0], stepSeconds: 20}\n'

  test('--search stands in the place of a rate, with predicates or without', async () => {
    const { workload, repeat, notes } = await plan(FIXED, { search: true })
    expect(workload).toMatchObject({
      search: SEARCH_DEFAULTS,
      durationS: 10,
      warmupS: 5,
      producerRateHz: 1_000,
    })
    expect(repeat).toBe(1)
    expect(notes.join('\n')).toContain('--search: 1,000 messages/s in the file')
    const limited = await plan(FIXED, { search: 'publish.p99 < 5ms, errors==0' })
    expect(limited.workload.search!.slos).toEqual(['publish.p99 < 5ms', 'errors == 0'])
  })

  test('it keeps the search of the workload, and may change its predicates', async () => {
    expect((await plan(SEARCHED, { search: true })).workload.search).toMatchObject({
      slos: ['errors == 0'],
      stepS: 20,
    })
    expect((await plan(SEARCHED, { search: 'lost == 0' })).workload.search!.slos).toEqual(['lost == 0'])
  })

  test('--duration and --warmup are those of a step; --rate ends the search', async () => {
    const short = await plan(SEARCHED, { duration: '4s' })
    expect(short.workload).toMatchObject({ durationS: 4, warmupS: 2 })
    expect(short.workload.search).toMatchObject({ stepS: 4, settleS: 2 })
    const { workload } = await plan(SEARCHED, { rate: 7 })
    expect(workload.search).toBeUndefined()
    expect(workload.producerRateHz).toBe(7)
  })

  test('what says something else is refused', async () => {
    expect(await refusal(plan(FIXED, { search: true, rate: 5 }))).toContain(
      'expected --search or --rate, got both',
    )
    expect(await refusal(plan(FIXED, { search: true, repeat: 3 }))).toContain(
      '--search or --repeat, got both',
    )
    expect(await refusal(plan(FIXED, { search: 'publish.p99 < 20' }))).toContain(
      '--search: character 17 of "publish.p99 < 20": expected a unit',
    )
  })

  test('the plan says how long it may take at most', async () => {
    const { lines, maximumSeconds } = describePlan(await plan(SEARCHED))
    const text = lines.join('\n')
    expect(text).toContain('sustainable rate, from 1,000 messages/s')
    expect(text).toContain('errors == 0')
    expect(text).toContain('at most 40 steps and 1 h')
    expect(maximumSeconds).toBeLessThanOrEqual(3_700)
  })
})

describe('beside what else a workload may say', () => {
  test('objectives of the workload are among what each step must meet, and no step is held to them twice', async () => {
    const text = 'messageSize: 100\nslo: [publish.p99 < 9ms]\nsearch: {slo: [errors == 0]}\n'
    const { workload } = await plan(text)
    expect(workload.search!.slos).toEqual(['publish.p99 < 9ms', 'errors == 0'])
    expect(workload.slo).toBeUndefined()
  })

  test.each([
    ['schedule: {stages: [{rate: 5, seconds: 4}]}', /this schedule has rates of its own/],
    ['faults: [{at: 1, kill: 0}]', /expected no faults beside a search|faults/],
  ])('%p is refused', async (line, what) => {
    expect(await refusal(plan(`messageSize: 100\nsearch: {}\n${line}\n`))).toMatch(what)
  })
})
