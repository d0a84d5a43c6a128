// Goal: stdout is data and stderr is talk, in every mode; odd homes are told clearly. Method: the command line over the
// fake system, its streams taken apart.
import { afterAll, expect, test } from 'bun:test'
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExperimentResult } from '../../src/result/result.ts'
import { benchHome, ROOT } from '../support/bench.ts'
import { expectSound } from '../support/sound.ts'

const home = benchHome()
const FAKE = join(ROOT, 'test/support/drivers/fake.yaml')
const LIMIT_MS = 120_000
const TINY = file(
  'topics: 1\nmessageSize: 48\nproducerRate: 200\ntestDurationSeconds: 1\nwarmupDurationSeconds: 1\n',
)
afterAll(() => home.remove())

function file(text: string): string {
  const path = join(home.path, 'tiny.yaml')
  writeFileSync(path, text)
  return path
}

test(
  '--json: one event a line, and the log has the same, in order',
  async () => {
    const { stdout } = await home.run(['run', TINY, '--drivers', FAKE, '--json'])
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(events[0].kind).toBe('experiment')
    expect(events.filter(({ kind }) => kind === 'second').map(({ phase }) => phase)).toEqual([
      'warmup',
      'measure',
    ])
    const log = readFileSync(join(events[0].directory, 'bench.log'), 'utf8').trim().split('\n')
    expect(log.map((line) => JSON.parse(line.slice(line.indexOf('{'))))).toEqual(events)
  },
  LIMIT_MS,
)

test.each([
  [['plan', TINY, '--drivers', FAKE, '--json']],
  [['list', '--json']],
  [['report', '--json']],
  [['doctor', '--json']],
  [['brokers', 'status', '--json']],
  [['version', '--json']],
  [['rnu', '--json']],
])(
  '%p prints one line of JSON',
  async (args) => {
    const { stdout } = await home.run(args)
    expect(stdout.trimEnd().split('\n')).toHaveLength(1)
    expect(JSON.parse(stdout)).toBeObject()
  },
  LIMIT_MS,
)

test(
  '--quiet: the verdict on stdout, nothing else but errors; no colour into a pipe',
  async () => {
    const finished = await home.run(['run', TINY, '--drivers', FAKE, '--quiet'], {
      env: { NO_COLOR: undefined },
    })
    const result: ExperimentResult = await Bun.file(join(home.path, 'latest/result.json')).json()
    expectSound(finished, result)
    expect(finished.stderr).toBe('')
    // A busy machine makes it `invalid · intact`.
    expect(finished.stdout).toMatch(/\bintact\b/)
    expect(finished.stdout).not.toContain('Publish latency')
    expect(finished.stdout).not.toContain('\u001b')
  },
  LIMIT_MS,
)

test(
  'a home that cannot be written is told before any broker starts',
  async () => {
    const { exitCode, stderr } = await home.run(['run', TINY, '--drivers', FAKE], {
      env: { BENCH_HOME: join(TINY, 'below-a-file') },
    })
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/error: could not make the folder of experiment .*below-a-file/)
    expect(stderr).toContain('BENCH_HOME')
    expect(stderr).not.toContain('broker:')
  },
  LIMIT_MS,
)

test(
  '`latest` that leads nowhere, or to an experiment without a result',
  async () => {
    const latest = join(home.path, 'latest')
    rmSync(latest)
    symlinkSync('exp-19990101-000000', latest)
    expect((await home.run(['report', '--json'])).stdout).toContain('"schemaVersion":1')
    mkdirSync(join(home.path, 'exp-20990101-000000'))
    rmSync(latest)
    symlinkSync('exp-20990101-000000', latest)
    const broken = await home.run(['report'])
    expect(broken.exitCode).toBe(3)
    expect(broken.stderr).toMatch(/expected a result in .*exp-20990101-000000/)
    expect((await home.run(['list'])).stdout).toMatch(/exp-20990101-000000 {2}unreadable/)
  },
  LIMIT_MS,
)

test(
  'a slow reader of a pipe gets everything, however long',
  async () => {
    const many = benchHome()
    try {
      for (let i = 0; i < 1500; i++) {
        mkdirSync(join(many.path, `exp-20990101-${String(i).padStart(6, '0')}`))
      }
      const whole = await many.run(['list', '--json'])
      expect(whole.stdout.length).toBeGreaterThan(200_000)
      const main = join(ROOT, 'src/cli/main.ts')
      const slow = Bun.spawn(['sh', '-c', `"$0" "${main}" list --json | (sleep 1; cat)`, process.execPath], {
        env: { ...process.env, BENCH_HOME: many.path },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      expect(await slow.stdout.text()).toBe(whole.stdout)
    } finally {
      many.remove()
    }
  },
  LIMIT_MS,
)

test(
  'two runs at once: two experiments, both whole',
  async () => {
    const runs = [1, 2].map(() => home.run(['run', TINY, '--drivers', FAKE, '--json']))
    const directories = (await Promise.all(runs)).map(
      ({ stdout }) => JSON.parse(stdout.split('\n')[0]!).directory as string,
    )
    expect(new Set(directories).size).toBe(2)
    for (const directory of directories) {
      const result: ExperimentResult = await Bun.file(join(directory, 'result.json')).json()
      expect(result.partial).toBeNull()
      expect(result.sides[0]!.trials[0]!.audits[0]).toMatchObject({ sent: 400, distinct: 400, lost: 0 })
    }
    expect(await home.leftovers()).toEqual([])
  },
  LIMIT_MS,
)
