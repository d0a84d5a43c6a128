// Goal: whenever a signal comes, bench stops in bounded time with the signal's exit code, keeps a readable result, and
// leaves no process. Method: the signal is sent at each step of a run over the fake system, once and twice.
import { afterAll, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExperimentResult } from '../../src/result/result.ts'
import { benchHome, ROOT } from '../support/bench.ts'

const home = benchHome()
const FAKE = join(ROOT, 'test/support/drivers/fake.yaml')
const LIMIT_MS = 120_000
const SHORT = join(home.path, 'short.yaml')
writeFileSync(
  SHORT,
  'topics: 1\nmessageSize: 200\nproducerRate: 500\ntestDurationSeconds: 2\nwarmupDurationSeconds: 1\n',
)
afterAll(() => home.remove())

test.each([
  ['broker: starting', 'SIGTERM', 143, 1, ''],
  ['broker: starting', 'SIGINT', 130, 2, ''],
  ['prepare:', 'SIGTERM', 143, 1, ''],
  ['warm-up:', 'SIGINT', 130, 1, ''],
  ['measure:', 'SIGTERM', 143, 2, ''],
  ['drain:', 'SIGINT', 130, 2, '+stopAfterS=1'],
  ['collect:', 'SIGTERM', 143, 1, ''],
  ['side-done|measurement', 'SIGINT', 130, 1, ''],
] as const)(
  'at "%s" %s ends with %i (%i times)',
  async (step, name, exitCode, times, override) => {
    const running = home.start(['run', SHORT, '--drivers', `${FAKE}${override},second=${FAKE}`])
    await running.seen(new RegExp(`fake: (${step})`))
    for (let i = 0; i < times; i++) running.signal(name)
    const finished = await running.finished
    expect(finished).toMatchObject({ exitCode })
    expect(finished.stderr).not.toMatch(/\n {4}at /)
    const result: ExperimentResult = await Bun.file(join(home.path, 'latest/result.json')).json()
    expect(result.partial).toContain(name)
    expect(result.sides.map(({ label }) => label)).toEqual(['fake', 'second'])
    expect(result.sides[1]!.trials).toEqual([])
    expect(await Bun.file(join(home.path, 'latest/report/index.html')).exists()).toBe(true)
    expect(await home.leftovers()).toEqual([])
  },
  LIMIT_MS,
)
