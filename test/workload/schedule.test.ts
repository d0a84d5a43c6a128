// Goal: a schedule is read for what it says, and what it cannot mean is refused at its place. Method: workloads and traces
// written to a folder.
import { afterAll, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { makePlan } from '../../src/workload/plan.ts'
import { scheduleText } from '../../src/workload/schedule-text.ts'
import { MAX_TRACE_ROWS, parseTrace } from '../../src/workload/trace.ts'
import { readWorkload } from '../../src/workload/workload-file.ts'
import { failureOf, testFolder } from './files.ts'

const folder = testFolder()
afterAll(folder.remove)

const BASE = 'messageSize: 100\nwarmupDurationSeconds: 5\n'
const STAGES =
  'schedule:\n  stages:\n    - {rate: 100, seconds: 10}\n    - {rate: 100, rampTo: 300, seconds: 20}\n'

function read(text: string) {
  return readWorkload(folder.write('w.yaml', text))
}

function plan(text: string, flags: Record<string, unknown> = {}) {
  const workloadFile = folder.write('w.yaml', text)
  return makePlan({ workloadFile, drivers: 'kafka', cores: 2, ...flags })
}

describe('schedule', () => {
  test('poisson keeps rate and time of the workload', async () => {
    const { workload, refusals } = await read(
      `${BASE}producerRate: 50\ntestDurationSeconds: 9\nschedule: poisson\n`,
    )
    expect(refusals).toEqual([])
    expect(workload).toMatchObject({ producerRateHz: 50, durationS: 9 })
    expect(workload.schedule).toEqual({ arrivals: 'poisson', shape: null })
  })

  test('constant, and even arrivals alone, are what a workload without a schedule is', async () => {
    const rest = `${BASE}producerRate: 50\ntestDurationSeconds: 9\n`
    const { workload } = await read(rest)
    for (const schedule of ['constant', '{arrivals: even}']) {
      expect((await read(`${rest}schedule: ${schedule}\n`)).workload).toEqual(workload)
    }
  })

  test('stages are rate and length of measure; the warm-up has the first rate', async () => {
    const { workload } = await read(BASE + STAGES)
    expect(workload.durationS).toBe(30)
    expect(workload.producerRateHz).toBeCloseTo(5000 / 30)
    expect(workload.schedule).toEqual({
      arrivals: 'even',
      shape: {
        kind: 'stages',
        warmupRateHz: 100,
        stages: [
          { fromHz: 100, toHz: 100, durationS: 10 },
          { fromHz: 100, toHz: 300, durationS: 20 },
        ],
      },
    })
    expect(scheduleText(workload.schedule!)).toBe('100/s for 10 s, then 100/s to 300/s in 20 s')
  })

  test('--duration shortens all stages alike; rates are not to be replaced', async () => {
    const { workload } = await plan(BASE + STAGES, { duration: '3s' })
    const { shape } = workload.schedule!
    expect(workload).toMatchObject({ durationS: 3, warmupS: 1.5 })
    expect(shape).toMatchObject({ stages: [{ durationS: 1 }, { durationS: 2 }] })
    const failure = await failureOf(plan(BASE + STAGES, { rate: '5' }))
    expect(failure.message).toContain('--rate: expected no rate beside a schedule with rates of its own')
  })

  test.each([
    [
      `producerRate: 5\n${STAGES}`,
      'w.yaml:3:3: expected producerRate or schedule, got both (remove one of them: this schedule has',
    ],
    [`rates: [5, 6]\n${STAGES}`, 'w.yaml:3:3: expected rates or schedule, got both'],
    [
      `testDurationSeconds: 5\n${STAGES}`,
      'w.yaml:1:22: expected testDurationSeconds or a schedule with a length',
    ],
    [
      'schedule: {stages: [], arrivals: even}\n',
      'w.yaml:1:20: expected schedule.stages to be a list of 1 to 200, got a list of 0',
    ],
    ['schedule: {stages: [{rate: 0, seconds: 5}]}\n', 'expected stages with at least one message'],
    ['schedule: {stages: [{rate: 1, seconds: 0}]}\n', 'w.yaml:1:40'],
    ['schedule: {steps: []}\n', 'expected a known key, got "steps"'],
    ['schedule: often\n', 'w.yaml:1:11'],
    [
      'schedule: {arrivals: poisson, warmupRate: 5}\nproducerRate: 5\ntestDurationSeconds: 5\n',
      'w.yaml:1:43: expected warmupRate beside stages or a trace',
    ],
    ['schedule: {trace: none.csv}\n', 'w.yaml:1:19: expected the trace to be there, got no file "none.csv"'],
  ])('%j is refused', async (text, message) => {
    expect((await failureOf(read(`${text}${BASE}`))).message).toContain(message)
  })

  test('more chance than is drawn for one trial is refused by the plan', async () => {
    const text = `${BASE}producerRate: 9000000\ntestDurationMinutes: 600\nschedule: poisson\n`
    expect((await failureOf(plan(text))).message).toContain('messages of Poisson arrivals')
  })
})

describe('a trace', () => {
  test('says rate and length; its file is named by path and digest', async () => {
    const file = folder.write('calls.csv', 'time,count\n0,30\n10,0\n20,60\n30,0\n')
    const { workload } = await read(`${BASE}schedule: {trace: calls.csv}\n`)
    expect(workload).toMatchObject({ durationS: 30, producerRateHz: 3 })
    const shape = workload.schedule!.shape!
    expect(shape).toMatchObject({ kind: 'trace', path: file, messages: 90, warmupRateHz: 3 })
    expect(
      (await failureOf(plan(`${BASE}schedule: {trace: calls.csv}\n`, { duration: '5s' }))).message,
    ).toContain('--duration: expected no duration beside a recorded trace')
  })

  test('bad rows are refused, each at its line', async () => {
    const file = folder.write('bad.csv', 'time,count\n0,5\n1,-1\n0.5,2\nx,1\n2\n\n3,1e9\n')
    const { message } = await failureOf(read(`${BASE}schedule: {trace: bad.csv}\n`))
    expect(message.split('\n')).toEqual([
      `${file}:3:1: expected a whole count from 0 to 1000000000, got "1,-1"`,
      `${file}:5:1: expected a time in seconds or as ISO 8601, got "x,1"`,
      `${file}:6:1: expected time,count, got "2"`,
      `${file}:8:1: expected a whole count from 0 to 1000000000, got "3,1e9"`,
    ])
  })

  test.each([
    ['', 'expected a head line of time,count or timestamp'],
    ['a,b\n1,2\n', 'expected a head line'],
    ['time,count\n1,2\n', 'expected at least 2 rows, got 1'],
    ['time,count\n1,2\n1,2\n', 'expected a later time'],
    ['time,count\n1,0\n2,0\n', 'expected at least one message'],
    ['timestamp\n5\n4\n', 'expected times that ascend'],
    ['timestamp\n5\n5\n', 'expected times that differ'],
  ])('%j is refused', (text, what) => {
    const parsed = parseTrace(text)
    if (!('problems' in parsed)) throw new Error('expected problems')
    expect(parsed.problems[0]!.what).toContain(what)
  })

  test('its size is bounded', () => {
    const rows = Array.from({ length: MAX_TRACE_ROWS + 1 }, (_, i) => i).join('\n')
    const parsed = parseTrace(`timestamp\n${rows}\n`)
    expect(parsed).toEqual({
      problems: [{ line: MAX_TRACE_ROWS + 2, what: `expected at most ${MAX_TRACE_ROWS} rows, got more` }],
    })
  })

  test('any text ends in a trace or in problems', () => {
    const row = fc.oneof(
      fc.string(),
      fc.tuple(fc.float(), fc.integer()).map((cells) => cells.join()),
    )
    const text = fc
      .tuple(fc.constantFrom('time,count', 'timestamp', 'Time, Count'), fc.array(row))
      .map(([head, rows]) => [head, ...rows].join('\n'))
    fc.assert(
      fc.property(text, (csv) => {
        const parsed = parseTrace(csv)
        if ('problems' in parsed) expect(parsed.problems.length).toBeGreaterThan(0)
        else expect(parsed.trace.durationUs).toBeGreaterThan(0)
      }),
    )
  })
})
