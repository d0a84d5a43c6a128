// Goal: a plan that was broken off goes on where it stopped, and never takes another measurement for its own. Method: plans
// of a demo driver resolved without a broker; finished runs made by hand, each differing in one thing.
import { afterAll, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { describeTestPlan } from '../../../src/lab/plan/describe.ts'
import {
  type FinishedRun,
  finishedRun,
  planTestRuns,
  runStates,
  type TestPlanOptions,
} from '../../../src/lab/plan/resolve.ts'
import type { ExperimentResult } from '../../../src/result/result.ts'
import { testFolder } from '../../workload/files.ts'
import { testRegistry } from '../../workload/test-entry.ts'

const folder = testFolder()
afterAll(() => folder.remove())
folder.write('drivers/demo.yaml', 'driver: demo\n')

const PLAN = `name: p
drivers: [demo]
base_workload: {message_size: 100, producer_rate: 10, test_duration_seconds: 60, warmup_duration_seconds: 0}
test_runs:
  - {name: one, type: fixed_rate}
  - {name: two, type: fixed_rate, workload_overrides: {topics: 2}}
  - {name: sizes, type: fixed_rate, matrix: {message_size: [100, 200]}}
`

async function planned(text = PLAN, options: Partial<TestPlanOptions> = {}) {
  const file = folder.write('plan.yaml', text)
  return await planTestRuns({ file, registry: testRegistry, cores: 4, ...options })
}

const finished = (runs: readonly { readonly mark: FinishedRun['mark'] }[]): FinishedRun[] =>
  runs.map(({ mark }, index) => ({ experimentId: `exp-${index}`, mark, complete: true }))

async function remaining(text: string, options: Partial<TestPlanOptions>, done: readonly FinishedRun[]) {
  const states = runStates((await planned(text, options)).runs, done)
  return states.filter(({ doneBy }) => doneBy === null).map(({ run }) => run.id.replace(/-[0-9a-f]{8}$/, ''))
}

const ALL = ['one', 'two', 'sizes-message_size-100', 'sizes-message_size-200']

describe('runs that remain', () => {
  test('none when all are done, by whatever machine order they were written', async () => {
    const done = finished((await planned()).runs)
    expect(await remaining(PLAN, {}, done)).toEqual([])
    const turned = PLAN.replace('drivers: [demo]\n', '').replace('name: p\n', 'name: p\ndrivers: [demo]\n')
    expect(await remaining(`# comment\n${turned}`, {}, done)).toEqual([])
    expect(await remaining(PLAN, {}, [])).toEqual(ALL)
  })

  test('exactly those that are not done, whichever were', async () => {
    const { runs } = await planned()
    const done = finished(runs)
    fc.assert(
      fc.property(fc.subarray(done), (some) => {
        const states = runStates(runs, some)
        const kept = new Set(some.map(({ experimentId }) => experimentId))
        expect(states.map(({ doneBy }) => doneBy)).toEqual(
          done.map(({ experimentId }) => (kept.has(experimentId) ? experimentId : null)),
        )
      }),
    )
  })

  test('a run more, or in another place, changes nothing for the others', async () => {
    const done = finished((await planned()).runs)
    const more = PLAN.replace('test_runs:\n', 'test_runs:\n  - {name: zero, type: fixed_rate}\n')
    expect(await remaining(more, {}, done)).toEqual(['zero'])
  })

  test.each([
    ['the workload', PLAN.replace('topics: 2', 'topics: 3'), {}, ['two']],
    ['the base', PLAN.replace('producer_rate: 10', 'producer_rate: 11'), {}, ALL],
    ['a setting of a side', PLAN.replace('[demo]', '[demo+lingerMs=2]'), {}, ALL],
    ['the sides', PLAN.replace('[demo]', '[demo, demo:other]'), {}, ALL],
    ['the trials', `repeat: 2\n${PLAN}`, {}, ALL],
    ['the name of the plan', PLAN.replace('name: p', 'name: q'), {}, ALL],
    ['an option', PLAN, { duration: '5s' }, ALL],
    ['the topology', PLAN, { topology: 'cluster' }, ALL],
    ['the seed', PLAN, { seed: 2 }, ALL],
  ])('%s changed: run again', async (_, text, options, expected) => {
    expect(await remaining(text, options, finished((await planned()).runs))).toEqual(expected)
  })

  test('a run that is not complete is run again, and a later complete one counts', async () => {
    const [first, ...rest] = finished((await planned()).runs)
    const cut = { ...first!, complete: false }
    expect(await remaining(PLAN, {}, [cut, ...rest])).toEqual(['one'])
    expect(await remaining(PLAN, {}, [cut, ...rest, { ...first!, experimentId: 'exp-9' }])).toEqual([])
  })
})

describe('what is done', () => {
  const mark = { plan: 'p', run: 'one', digest: 'd' }
  const trial = { interrupted: null }
  const result = (over: object) =>
    ({
      id: 'exp-1',
      testRun: mark,
      partial: null,
      trialPlan: { perSide: 2, seed: 1, order: ['a', 'a'] },
      sides: [{ trials: [trial, trial] }],
      ...over,
    }) as unknown as ExperimentResult

  test.each([
    [{}, true],
    [{ partial: 'interrupted' }, false],
    [{ sides: [{ trials: [trial] }] }, false],
    [{ sides: [{ trials: [trial, { interrupted: 'a worker died' }] }] }, false],
    [{ sides: [] }, false],
  ])('%j: %p', (over, complete) => {
    expect(finishedRun(result(over))).toEqual({ experimentId: 'exp-1', mark, complete })
  })

  test('an experiment that was no run of a plan is none', () => {
    const { testRun: _, ...other } = result({})
    expect(finishedRun(other as ExperimentResult)).toBeNull()
  })
})

test('the description holds all runs and their time', async () => {
  const { lines, runs, loadSeconds, totalSeconds } = describeTestPlan(await planned())
  expect(runs.map(({ name }) => name)).toEqual([
    'one',
    'two',
    'sizes [message_size=100]',
    'sizes [message_size=200]',
  ])
  expect(loadSeconds).toBe(240)
  expect(totalSeconds).toBe(runs.reduce((sum, run) => sum + run.totalSeconds, 0))
  expect(lines[0]).toBe('p: 4 test runs, one after another, each on demo')
  expect(lines.join('\n')).toMatch(/time: about 5 min 20 s, of it 4 min of load/)
})

test('one rate for all runs of a plan is refused, for a workload it is not', async () => {
  await expect(planned(PLAN, { rate: 5 })).rejects.toThrow(/expected no --rate with a test plan/)
  const workload = 'messageSize: 100\nproducerRate: 5\ntestDurationSeconds: 1\ndrivers: [demo]\n'
  const { runs } = await planned(workload, { rate: 7 })
  expect(runs[0]!.plan.workload.producerRateHz).toBe(7)
})

test('secrets of sides are in no text of a run, and no part of its digest', async () => {
  const text = (password: string) => {
    const side = `demo+sasl.username=somebody+sasl.password=${password}+topicConfig.some.long.setting=whatever`
    return PLAN.replace('[demo]', `["${side}"]`)
  }
  const one = await planned(text('hunter2hunter2'))
  for (const { plan } of one.runs) {
    expect(plan.workloadSource).toContain('sasl.username=somebody')
    expect(JSON.stringify([plan.workloadSource, plan.workload, plan.sides[0]!.settings])).not.toContain(
      'hunter2',
    )
  }
  const other = await planned(text('other'))
  expect(other.runs.map(({ mark }) => mark)).toEqual(one.runs.map(({ mark }) => mark))
})
