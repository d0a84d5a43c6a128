// Goal: bench run --test-plan measures every run of a plan in an experiment of its own, once. Method: the real command line
// with the fake system, twice: the second time nothing is left to do; bench plan shows the same runs.
import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listExperiments } from '../../src/result/store.ts'
import { benchHome, ROOT } from '../support/bench.ts'

const home = benchHome()
const folder = mkdtempSync(join(tmpdir(), 'bench-plan-'))
afterAll(() => {
  home.remove()
  rmSync(folder, { recursive: true, force: true })
})

const FAKE = join(ROOT, 'test/support/drivers/fake.yaml')
const PLAN = join(folder, 'plan.yaml')
const LIMIT_MS = 120_000

function write(topics: number): void {
  const text = `name: tiny
drivers: [${FAKE}]
base_workload: {message_size: 100, producer_rate: 500, test_duration_seconds: 1, warmup_duration_seconds: 0}
test_runs:
  - {name: one, type: fixed_rate}
  - {name: two, type: fixed_rate, workload_overrides: {topics: ${topics}}}
`
  writeFileSync(PLAN, text)
}

test(
  'every run once, a changed one again',
  async () => {
    write(2)
    const first = await home.run(['run', '--test-plan', PLAN, '--workers', '1'])
    expect(first.stderr).toContain('test run 2 of 2: two')
    // On a busy machine the measurement may be invalid; it is done all the same.
    expect([0, 6]).toContain(first.exitCode)
    const runs = async () =>
      (await listExperiments(home.path)).map((one) =>
        'result' in one ? one.result.testRun?.run : one.problem,
      )
    expect((await runs()).sort()).toEqual(['one', 'two'])

    const second = await home.run(['run', '--test-plan', PLAN, '--workers', '1', '--json'])
    expect(second.exitCode).toBe(0)
    const events = second.stdout.trim().split('\n')
    expect(events.map((line) => JSON.parse(line))).toMatchObject([
      { kind: 'test-run', run: 'one', doneBy: expect.stringMatching(/^exp-/) },
      { kind: 'test-run', run: 'two', doneBy: expect.stringMatching(/^exp-/) },
    ])

    write(3)
    const third = await home.run(['run', '--test-plan', PLAN, '--workers', '1'])
    expect(third.stderr).toContain('one: done already by exp-')
    expect((await runs()).sort()).toEqual(['one', 'two', 'two'])
  },
  LIMIT_MS,
)

test('bench plan shows the runs; bench run says what it expects', async () => {
  write(2)
  const shown = JSON.parse((await home.run(['plan', PLAN, '--json'])).stdout)
  expect(shown).toMatchObject({ name: 'tiny', runs: [{ id: 'one' }, { id: 'two' }], loadSeconds: 2 })
  const wrong = await home.run(['run', PLAN])
  expect(wrong.exitCode).toBe(2)
  expect(wrong.stderr).toContain('expected a workload, got a test plan')
  expect(wrong.stderr).toContain('bench run --test-plan')
  expect((await home.run(['run'])).stderr).toContain('expected a workload or --test-plan, got neither')
})
