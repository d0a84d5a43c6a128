// Goal: a module of custom figures named in a workload or on the command line is looked at before anything runs, its
// figures reach every output of a run, and no module can cost a run its result. Method: the command line, fake system.
import { afterAll, expect, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExperimentResult } from '../../src/result/result.ts'
import { figuresText } from '../metrics/modules.ts'
import { benchHome, ROOT } from '../support/bench.ts'

const home = benchHome()
const FAKE = join(ROOT, 'test/support/drivers/fake.yaml')
const LIMIT_MS = 120_000
const WORKLOAD =
  'topics: 1\nmessageSize: 200\nproducerRate: 500\ntestDurationSeconds: 1\nwarmupDurationSeconds: 0\n'
mkdirSync(join(home.path, 'w/m'), { recursive: true })

afterAll(() => home.remove())

function file(name: string, text: string): string {
  const path = join(home.path, name)
  writeFileSync(path, text)
  return path
}

const latest = async (): Promise<ExperimentResult> =>
  await Bun.file(join(home.path, 'latest/result.json')).json()
const report = (name: string) => Bun.file(join(home.path, 'latest/report', name)).text()

test(
  'a module beside the workload: its figures, and the error of one, are in every output',
  async () => {
    file(
      'w/m/mine.ts',
      figuresText(
        "name: 'sent twice', unit: 'msg', value: ({ trial }) => 2 * trial.phases.measure.counts.sent",
        "name: 'broken', value: () => { throw new Error('no good') }",
      ),
    )
    const workload = file('w/mine.yaml', `${WORKLOAD}metrics: m/mine.ts\n`)
    const finished = await home.run(['run', workload, '--drivers', FAKE])
    expect([0, 6]).toContain(finished.exitCode)
    const [side] = (await latest()).sides
    expect(side!.customFigures!.map(({ values, errors }) => [values, errors])).toEqual([
      [[1000], []],
      [[null], ['Error: no good']],
    ])
    for (const text of [finished.stdout, await report('index.html')]) {
      expect(text).toContain('sent twice')
      expect(text).toContain('1,000')
      expect(text).toContain('broken of fake: Error: no good')
    }
    expect((await report('metrics.csv')).split('\n')[0]).toContain(',custom_sent_twice_msg,custom_broken')
    expect(JSON.parse(await report('metrics.json')).sides[0].customFigures[0].values).toEqual([1000])
    // What is stored is shown again without the module.
    const again = await home.run(['report'])
    expect(again.stdout).toContain('sent twice')
    const other = file('other.ts', figuresText("name: 'other', value: () => 7"))
    const changed = await home.run(['report', '--metrics', other])
    expect(changed.stdout).toContain('other')
    expect(changed.stdout).not.toContain('sent twice')
    expect((await latest()).sides[0]!.customFigures![0]!.name).toBe('sent twice')
    expect(await home.leftovers()).toEqual([])
  },
  LIMIT_MS,
)

test(
  'a module that ends its process costs a run nothing but its figures',
  async () => {
    const metrics = file('exits.ts', figuresText("name: 'x', value: () => process.exit(1)"))
    const workload = file('plain.yaml', WORKLOAD)
    const finished = await home.run(['run', workload, '--drivers', FAKE, '--metrics', metrics])
    expect([0, 6]).toContain(finished.exitCode)
    const result = await latest()
    expect(result.partial).toBeNull()
    expect(result.sides[0]!.trials[0]!.phases.measure.counts.sent).toBe(500)
    expect(finished.stdout).toContain('x of fake: not computed: ')
  },
  LIMIT_MS,
)

test.each([
  [
    'no file',
    'metrics: m/gone.ts\n',
    /w\/bad\.yaml:6:10: expected metrics to be a module .*no file "m\/gone\.ts"/,
  ],
  ['a folder', 'metrics: m\n', /w\/bad\.yaml:6:10: .*something else than a file/],
  ['broken text', 'metrics: m/broken.ts\n', /broken\.ts:2:\d+: expected a module/],
  ['no export', 'metrics: m/empty.ts\n', /empty\.ts: expected an export named figures/],
  ['no path', 'metrics: 7\n', /w\/bad\.yaml:6:10: expected metrics to be/],
])(
  'refused before the run: %s',
  async (_, line, sentence) => {
    file('w/m/broken.ts', 'const a = 1\nexport const figures = [{{\n')
    file('w/m/empty.ts', 'export const other = 1\n')
    const workload = file('w/bad.yaml', `${WORKLOAD}${line}`)
    for (const verb of ['plan', 'run']) {
      const finished = await home.run([verb, workload, '--drivers', FAKE])
      expect(finished).toMatchObject({ exitCode: 3, stdout: '' })
      expect(finished.stderr).toMatch(sentence)
      expect(finished.stderr).not.toContain('experiment')
    }
  },
  LIMIT_MS,
)

test('--metrics goes before the workload’s, and is told by the plan', async () => {
  const metrics = file('mine.ts', figuresText("name: 'x', value: () => 1"))
  const workload = file('w/lost.yaml', `${WORKLOAD}metrics: m/gone.ts\n`)
  const finished = await home.run(['plan', workload, '--drivers', FAKE, '--metrics', metrics])
  expect(finished).toMatchObject({ exitCode: 0 })
  expect(finished.stdout).toContain(`custom figures from ${metrics}`)
  const missing = await home.run(['plan', workload, '--drivers', FAKE, '--metrics', 'nowhere.ts'])
  expect(missing).toMatchObject({ exitCode: 3 })
  expect(missing.stderr).toContain('--metrics: expected metrics to be a module')
})
