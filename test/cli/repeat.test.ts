// Goal: `--repeat` runs every side so many times in the planned order, and loses nothing that was measured. Method: short
// runs over the fake system through the command line: to the end, with a side that cannot be prepared, and with Ctrl-C.
import { afterAll, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EXIT } from '../../src/errors/exit-codes.ts'
import type { ExperimentResult } from '../../src/result/result.ts'
import { benchHome, ROOT } from '../support/bench.ts'

const home = benchHome()
const FAKE = join(ROOT, 'test/support/drivers/fake.yaml')
const LIMIT_MS = 120_000
const SHORT = join(home.path, 'short.yaml')
writeFileSync(
  SHORT,
  'name: short\ntopics: 1\nmessageSize: 200\nproducerRate: 500\ntestDurationSeconds: 1\nwarmupDurationSeconds: 1\n',
)
afterAll(() => home.remove())

const latest = async (): Promise<ExperimentResult> =>
  await Bun.file(join(home.path, 'latest/result.json')).json()

/** Labels of the trials that were run, in the order of their start. */
function orderOf({ sides }: ExperimentResult): string[] {
  return sides
    .flatMap(({ label, trials }) => trials.map((trial) => ({ label, trial })))
    .sort((a, b) => Date.parse(a.trial.startedAt) - Date.parse(b.trial.startedAt))
    .map(({ label }) => label)
}

test(
  'every side so many times, in the order that bench plan tells, with topics and a broker of its own each time',
  async () => {
    const args = [SHORT, '--drivers', `a=${FAKE},b=${FAKE}+ackDelayMs=20`, '--repeat', '3', '--seed', '5']
    const finished = await home.run(['run', ...args])
    const result = await latest()
    expect(result.partial).toBeNull()
    expect(result.sides.map(({ trials }) => trials.length)).toEqual([3, 3])
    const { order } = result.trialPlan!
    expect(result.trialPlan).toMatchObject({ perSide: 3, seed: 5 })
    expect(orderOf(result)).toEqual([...order])
    for (const { label, trials } of result.sides) {
      for (const trial of trials) expect(order[trial.place!]).toBe(label)
    }
    const trials = result.sides.flatMap((side) => side.trials)
    expect(new Set(trials.flatMap(({ audits }) => audits.map(({ topic }) => topic))).size).toBe(6)
    expect(new Set(trials.map(({ server }) => server.addresses.join())).size).toBeGreaterThan(1)
    for (const { audits, phases } of trials) {
      expect(audits[0]).toMatchObject({ sent: 1000, distinct: 1000, lost: 0, duplicated: 0 })
      expect(phases.warmup.counts.scheduled).toBe(500)
    }
    expect(finished.stderr).toContain(`order of trials (seed 5): ${order.join(', ')}`)
    expect(finished.stderr).toMatch(/: trial: 3 of 3 \(6 of 6 in all\)/)
    const plan = await home.run(['plan', ...args, '--json'])
    const { order: planned, sides } = JSON.parse(plan.stdout)
    expect(planned.map(({ side }: { side: number }) => sides[side].label)).toEqual(order)
    expect(await home.leftovers()).toEqual([])
  },
  LIMIT_MS,
)

test(
  'every side at every rate, and the result knows the rate of each trial',
  async () => {
    const drivers = ['--drivers', `a=${FAKE},b=${FAKE}`]
    const finished = await home.run(['run', SHORT, ...drivers, '--rates', '300,100', '--warmup', '0s'])
    const result = await latest()
    expect(result.workload).toMatchObject({ producerRateHz: 300, ratesHz: [100, 300] })
    expect(result.trialPlan).toMatchObject({ order: ['a', 'b', 'a', 'b'], ratesHz: [100, 100, 300, 300] })
    expect(result.partial).toBeNull()
    for (const { trials } of result.sides) {
      expect(trials.map(({ rateHz }) => rateHz)).toEqual([100, 300])
      expect(trials.map(({ phases }) => phases.measure.counts.scheduled)).toEqual([100, 300])
    }
    expect(finished.stderr).toContain('order of trials (seed 1): a 100/s, b 100/s, a 300/s, b 300/s')
    expect(finished.stderr).toContain('b: trial: 2 of 2 at 300 msg/s (4 of 4 in all)')
  },
  LIMIT_MS,
)

test(
  'a side that cannot be prepared is given up after two trials, and does not end the other',
  async () => {
    const absent = `${FAKE}+servers=127.0.0.1:1`
    const finished = await home.run([
      'run',
      SHORT,
      '--drivers',
      `a=${FAKE},absent=${absent}`,
      '--repeat',
      '3',
    ])
    const result = await latest()
    // Partial; or, where the machine is too busy to measure well, invalid, which is graver.
    expect([EXIT.partial, EXIT.invalid]).toContain(finished.exitCode as 6 | 9)
    expect(result.partial).toBe('no trial of absent')
    expect(result.sides[0]!.trials).toHaveLength(3)
    expect(result.sides[1]!.error?.message).toContain('127.0.0.1:1')
    expect(finished.stderr.match(/absent: failed:/g)).toHaveLength(2)
  },
  LIMIT_MS,
)

test(
  'Ctrl-C keeps the trials that were measured',
  async () => {
    const running = home.start(['run', SHORT, '--drivers', `a=${FAKE},b=${FAKE}`, '--repeat', '100'])
    await running.seen(/\(3 of 200 in all\)/)
    running.signal('SIGINT')
    expect(await running.finished).toMatchObject({ exitCode: 130 })
    const result = await latest()
    expect(result.partial).toContain('SIGINT')
    expect(result.sides.flatMap(({ trials }) => trials).length).toBeGreaterThanOrEqual(2)
    expect(result.trialPlan!.order).toHaveLength(200)
    expect(await home.leftovers()).toEqual([])
  },
  LIMIT_MS,
)
