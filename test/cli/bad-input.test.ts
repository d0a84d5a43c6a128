// Goal: whatever goes wrong gets a clear sentence, its documented exit code, and leaves nothing running. Method: the
// command line as a person would use it, over the fake system; what needs a real broker stands in test/broker/.
import { afterAll, describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { offeredRateHz } from '../../src/result/rates.ts'
import type { ExperimentResult } from '../../src/result/result.ts'
import { benchHome, type Finished, ROOT } from '../support/bench.ts'
import { expectOnlyLate } from '../support/sound.ts'

const home = benchHome()
const SHORT = join(ROOT, 'test/support/short.yaml')
const FAKE = join(ROOT, 'test/support/drivers/fake.yaml')
const LIMIT_MS = 120_000

afterAll(() => home.remove())

function file(name: string, text: string): string {
  const path = join(home.path, name)
  writeFileSync(path, text)
  return path
}

async function refused(
  args: readonly string[],
  exitCode: number,
  ...says: (string | RegExp)[]
): Promise<Finished> {
  const finished = await home.run(args)
  expect(finished).toMatchObject({ exitCode })
  for (const sentence of says) expect(finished.stderr).toMatch(sentence)
  expect(finished.stderr).not.toMatch(/\n {4}at /)
  expect(await home.leftovers()).toEqual([])
  return finished
}

describe('the command line', () => {
  test('an unknown command', async () => {
    await refused(['rnu'], 2, 'expected a command', 'did you mean: bench run')
  })
  test('an unknown option', async () => {
    await refused(['run', SHORT, '--sides', 'x'], 2, '--sides')
  })
  test('a missing argument', async () => {
    await refused(['run'], 2, /workload/)
  })
  test('a seed that is no number', async () => {
    await refused(['run', SHORT, '--drivers', FAKE, '--seed', 'abc'], 2, '--seed')
  })
})

describe('workload files', () => {
  const run = (path: string) => ['run', path, '--drivers', FAKE]
  const valid = 'topics: 1\nmessageSize: 200\nproducerRate: 100\ntestDurationSeconds: 1\n'

  test('several mistakes are told at once, each with its place', async () => {
    const path = file('wrong.yaml', `${valid}prodcuerRate: 5\npartitionsPerTopic: many\n`)
    await refused(run(path), 3, 'wrong.yaml:5:1', /did you mean .*producerRate/, 'wrong.yaml:6:')
  })
  test.each([-5, 1.5])('a rate of %p', async (rate) => {
    const path = file('rate.yaml', valid.replace('producerRate: 100', `producerRate: ${rate}`))
    await refused(run(path), 3, /rate\.yaml:3:\d+/)
  })
  test('a message smaller than the header', async () => {
    const path = file('small.yaml', valid.replace('200', '10'))
    await refused(run(path), 3, /small\.yaml:2:\d+/)
  })
  test('a file that is not there', async () => {
    await refused(run(join(home.path, 'none.yaml')), 3, 'none.yaml')
  })
  test('a driver that is not there', async () => {
    await refused(['run', SHORT, '--drivers', 'kakfa'], 3, 'kakfa')
  })
})

describe('in mid-run', () => {
  const LONG = file(
    'long.yaml',
    'topics: 1\nmessageSize: 200\nproducerRate: 500\ntestDurationSeconds: 60\nwarmupDurationSeconds: 1\n',
  )

  async function latest(): Promise<ExperimentResult> {
    return await Bun.file(join(home.path, 'latest/result.json')).json()
  }

  async function workerPid(parent: number, role: string): Promise<number> {
    const { stdout } = Bun.spawnSync(['pgrep', '-P', String(parent)])
    for (const pid of stdout.toString().trim().split('\n').map(Number)) {
      const environment = await Bun.file(`/proc/${pid}/environ`).text()
      if (environment.includes(`BENCH_WORKER=${role}`)) return pid
    }
    throw new Error(`no ${role} worker among the children of ${parent}`)
  }

  test.each(['producer', 'consumer'])(
    'a %s worker killed with -9: what there is, is kept and marked',
    async (role) => {
      const running = home.start(['run', LONG, '--drivers', FAKE])
      await running.seen(/measure 4\//)
      process.kill(await workerPid(running.pid, role), 'SIGKILL')
      const finished = await running.finished
      const result = await latest()
      const late = expectOnlyLate(result)
      expect(finished).toMatchObject({ exitCode: late ? 6 : 9 })
      expect(result.partial).toContain('cut short')
      const trial = result.sides[0]!.trials[0]!
      expect(trial.interrupted).toContain('SIGKILL')
      expect(trial.verdict.integrity).toBe('unproven')
      expect(trial.phases.measure.counts.acknowledged).toBeGreaterThan(0)
      expect(trial.intervals.length).toBeGreaterThan(2)
      expect(trial.workers.find((worker) => worker.role === role)?.failure).toBeString()
      expect(await home.leftovers()).toEqual([])
    },
    LIMIT_MS,
  )

  test(
    'Ctrl-C: a clean stop with a partial report',
    async () => {
      const running = home.start(['run', LONG, '--drivers', FAKE])
      await running.seen(/measure 3\//)
      // Into the middle of a second.
      await Bun.sleep(500)
      running.signal('SIGINT')
      const finished = await running.finished
      expect(finished).toMatchObject({ exitCode: 130 })
      const result = await latest()
      expect(result.partial).toContain('SIGINT')
      const trial = result.sides[0]!.trials[0]!
      // What was offered until the cut, by the time until the cut.
      expect(offeredRateHz(trial)).toBeWithin(485, 515)
      const audit = trial.audits[0]!
      expect(audit).toMatchObject({ lost: 0, duplicated: 0, corrupted: 0 })
      expect(audit.sent).toBeGreaterThan(0)
      expect(await Bun.file(join(home.path, 'latest/report/index.html')).exists()).toBe(true)
      expect(await home.leftovers()).toEqual([])
    },
    LIMIT_MS,
  )

  test(
    'bench itself killed with -9: workers and broker end too',
    async () => {
      const running = home.start(['run', LONG, '--drivers', FAKE])
      await running.seen(/measure 2\//)
      running.signal('SIGKILL')
      await running.finished
      expect(await home.leftovers()).toEqual([])
    },
    LIMIT_MS,
  )
})
