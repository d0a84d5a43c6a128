// Goal: `bench run` searches on a real server process whose limit is known, from step to step with the server kept up,
// and its result, report and exit code say what was found. Method: the fake behind a socket, whose consumers may take
// 2,000 messages a second; only what no busy machine can change is held against the figures.
import { afterAll, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExperimentResult } from '../../src/result/result.ts'
import { benchHome, ROOT } from '../support/bench.ts'

const home = benchHome()
const FAKE = join(ROOT, 'test/support/drivers/fake.yaml')
const LIMIT_HZ = 2_000
const LIMIT_MS = 180_000

afterAll(() => home.remove())

const workload = join(home.path, 'limited.yaml')
writeFileSync(
  workload,
  `messageSize: 100
consumerRate: ${LIMIT_HZ}
search:
  startRate: ${2 * LIMIT_HZ}
  precision: 0.5
  stepSeconds: 2
  settleSeconds: 1
  confirmations: 1
  maxSteps: 7
`,
)

test(
  'a search ends by itself, below what the consumers can take',
  async () => {
    const finished = await home.run(['run', workload, '--drivers', FAKE])
    const result: ExperimentResult = await Bun.file(join(home.path, 'latest/result.json')).json()
    const [side] = result.sides
    const { steps, rateHz, bracket, end, sentences } = side!.search!

    // Twice too much: refused at once, and again, because consumers fall behind.
    const first = steps.filter((step) => step.rateHz === 2 * LIMIT_HZ)
    expect(first.length).toBeGreaterThanOrEqual(2)
    for (const { outcome, reasons } of first) {
      expect(outcome).toBe('refused')
      expect(reasons.map(({ kind }) => kind)).toContain('backlog')
    }
    // What no consumer could take is never found.
    expect(rateHz ?? 0).toBeLessThan(1.2 * LIMIT_HZ)
    expect(bracket.refusedHz).toBeLessThanOrEqual(2 * LIMIT_HZ)
    if (rateHz !== null) expect(sentences[0]).toContain('can be sustained')
    expect(rateHz === null).toBe(end !== 'found')

    // Every step is a trial of its own, with its own topics and its own audit.
    expect(side!.trials.map((trial) => trial.place)).toEqual(steps.map(({ place }) => place))
    expect(new Set(side!.trials.flatMap(({ audits }) => audits.map(({ topic }) => topic))).size).toBe(
      steps.length,
    )
    for (const { verdict } of side!.trials) expect(verdict.integrity).not.toBe('violated')
    expect(result.trialPlan!.ratesHz).toEqual(steps.map((step) => step.rateHz))

    expect(finished.stdout).toContain('Steps of the search: fake')
    expect(finished.stderr).toContain('msg/s refused: ')
    expect(await Bun.file(join(home.path, 'latest/report/index.html')).text()).toContain('id="search"')
    expect([0, 6, 9]).toContain(finished.exitCode)
    expect(await home.leftovers()).toEqual([])
  },
  LIMIT_MS,
)

test(
  'Ctrl-C keeps the steps that were made',
  async () => {
    const running = home.start(['run', workload, '--drivers', FAKE])
    await running.seen('msg/s refused: ')
    running.signal('SIGINT')
    const { exitCode } = await running.finished
    const result: ExperimentResult = await Bun.file(join(home.path, 'latest/result.json')).json()
    expect(exitCode).toBe(130)
    expect(result.partial).toContain('interrupted')
    expect(result.sides[0]!.search!.steps.length).toBeGreaterThanOrEqual(1)
    expect(result.sides[0]!.search).toMatchObject({ end: 'cut', rateHz: null })
    expect(await home.leftovers()).toEqual([])
  },
  LIMIT_MS,
)
