// Goal: what goes wrong on purpose does, is told with what came of it, and is over when the run is, also when that is cut
// short. Method: `bench run` on the fake system behind a real socket, as a person would.
import { afterAll, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExperimentResult, TrialResult } from '../../src/result/result.ts'
import { benchHome, ROOT } from '../support/bench.ts'

const home = benchHome()
const FAKE = join(ROOT, 'test/support/drivers/fake.yaml')
const LIMIT_MS = 120_000
afterAll(() => home.remove())

function workload(seconds: number, ...faults: string[]): string {
  const file = join(home.path, 'faults.yaml')
  const lines = faults.map((fault) => `  - { ${fault} }\n`)
  writeFileSync(
    file,
    `name: faults\npartitionsPerTopic: 2\nproducersPerTopic: 2\nmessageSize: 100\nproducerRate: 1000\nwarmupDurationSeconds: 1\ntestDurationSeconds: ${seconds}\nfaults:\n${lines.join('')}`,
  )
  return file
}

async function latest(): Promise<ExperimentResult> {
  return await Bun.file(join(home.path, 'latest/result.json')).json()
}

async function runWith(
  seconds: number,
  ...faults: string[]
): Promise<{ trial: TrialResult; stdout: string }> {
  const { stdout } = await home.run(['run', workload(seconds, ...faults), '--drivers', FAKE])
  const { sides } = await latest()
  expect(sides[0]!.error).toBeNull()
  expect(await home.leftovers()).toEqual([])
  return { trial: sides[0]!.trials[0]!, stdout }
}

const received = ({ intervals }: TrialResult, fromS: number, toS: number) =>
  intervals.reduce((sum, each) => (each.startS >= fromS && each.endS <= toS ? sum + each.received : sum), 0)

test(
  'a halted node: every message due meanwhile waits for it, and the report shows when and how long',
  async () => {
    const { trial, stdout } = await runWith(5, 'fault: stop, node: 1, atSeconds: 2, forSeconds: 1')
    const [fault] = trial.faults!
    expect(fault).toMatchObject({ kind: 'stop', text: 'stop of fake-1', error: null })
    expect(fault!.startS).toBeGreaterThanOrEqual(3)
    expect(fault!.endS! - fault!.startS!).toBeGreaterThanOrEqual(1)
    const gap = fault!.longestGap!
    // The gap may begin with the last acknowledgement before the fault; most of the second lies in it.
    expect(gap.toS - gap.fromS).toBeGreaterThan(0.6)
    expect(trial.acknowledgementGaps!.longest!.toS).toBe(gap.toS)
    expect(trial.acknowledgementGaps!.producers.map(({ producer }) => producer).sort()).toEqual([0, 1])
    expect(trial.phases.measure.counts).toMatchObject({ scheduled: 5000, acknowledged: 5000 })
    expect(trial.phases.measure.latencies.publish.summary.max.us).toBeGreaterThan(900_000)
    expect(trial.audits[0]).toMatchObject({ lost: 0, duplicated: 0 })
    expect(stdout).toMatch(/stop of fake-1, from \d\.\d s/)
    const page = readFileSync(join(home.path, 'latest/report/index.html'), 'utf8')
    expect(page).toContain('"label":"stop of fake-1","fault":true')
    expect(page).toContain('id="faults"')
    const metrics = await Bun.file(join(home.path, 'latest/report/metrics.json')).json()
    expect(metrics.sides[0].trials[0].faults).toEqual(trial.faults)
  },
  LIMIT_MS,
)

test(
  'consumers that pause get everything later; publishing goes on',
  async () => {
    const { trial } = await runWith(6, 'fault: pause-consumers, atSeconds: 1, forSeconds: 3')
    const [fault] = trial.faults!
    expect(fault).toMatchObject({ kind: 'pause-consumers', error: null })
    // Whole seconds within the pause: what was on its way may still come in the first.
    expect(received(trial, fault!.startS! + 0.5, fault!.endS!)).toBe(0)
    expect(trial.phases.measure.latencies.endToEnd.summary.max.us).toBeGreaterThan(2_500_000)
    expect(trial.audits[0]).toMatchObject({ lost: 0, duplicated: 0, outOfOrder: 0 })
  },
  LIMIT_MS,
)

test(
  'a disturbed network: a delay on every message, a black hole that nothing passes, all of it there in the end',
  async () => {
    const { trial } = await runWith(
      8,
      'fault: network, atSeconds: 1, forSeconds: 3, delayMs: 40, direction: to-broker',
      'fault: network, atSeconds: 5, forSeconds: 1, blackHole: true',
    )
    const [delay, hole] = trial.faults!
    expect([delay!.error, hole!.error]).toEqual([null, null])
    const during = trial.intervals.filter(
      ({ startS, endS }) => startS >= delay!.startS! + 0.2 && endS <= delay!.endS! + 0.2,
    )
    expect(during.length).toBeGreaterThan(0)
    for (const { latencies } of during) expect(latencies.publish!.p50Us).toBeGreaterThanOrEqual(40_000)
    const gap = hole!.longestGap!
    expect(gap.toS - gap.fromS).toBeGreaterThan(0.6)
    expect(trial.audits[0]).toMatchObject({ lost: 0, duplicated: 0 })
  },
  LIMIT_MS,
)

test(
  'a killed node that keeps nothing: what it had acknowledged and not delivered is lost, told by producer and stream',
  async () => {
    const { trial, stdout } = await runWith(
      5,
      'fault: pause-consumers, atSeconds: 0.5, forSeconds: 2.5',
      'fault: kill, node: 1, atSeconds: 2, forSeconds: 0.5',
    )
    expect(trial.faults!.map(({ error }) => error)).toEqual([null, null])
    const { acknowledgedLost, sent, distinct, rejected } = trial.audits[0]!
    expect(acknowledgedLost).toBeGreaterThan(0)
    expect(acknowledgedLost).toBeLessThanOrEqual(sent - rejected - distinct)
    const { producers, streams } = trial.auditBreakdown!
    expect(producers.reduce((sum, row) => sum + row.acknowledgedLost, 0)).toBe(acknowledgedLost)
    expect(streams.reduce((sum, row) => sum + row.acknowledgedLost, 0)).toBe(acknowledgedLost)
    expect(stdout).toMatch(/producer \d, stream \d: \d+ acknowledged but lost/)
  },
  LIMIT_MS,
)

test(
  'Ctrl-C while a node is halted and the network is cut: both are taken back, the trial is told, nothing stays',
  async () => {
    const file = workload(
      60,
      'fault: stop, node: 1, atSeconds: 1, forSeconds: 50',
      'fault: network, atSeconds: 1, forSeconds: 50, blackHole: true',
      'fault: kill, node: 1, atSeconds: 55, forSeconds: 1',
    )
    const running = home.start(['run', file, '--drivers', FAKE])
    await running.seen(/fault begins: network/)
    await running.seen(/fault begins: stop/)
    running.signal('SIGINT')
    expect((await running.finished).exitCode).toBe(130)
    const [stop, network, kill] = (await latest()).sides[0]!.trials[0]!.faults!
    for (const fault of [stop, network]) {
      expect(fault!.error).toBeNull()
      expect(fault!.endS! - fault!.startS!).toBeLessThan(45)
    }
    expect(kill).toMatchObject({ startS: null, endS: null, error: null })
    expect(await home.leftovers()).toEqual([])
  },
  LIMIT_MS,
)

test(
  'a proxy that dies cuts the trial short, and is named as the reason',
  async () => {
    const file = workload(60, 'fault: network, atSeconds: 50, forSeconds: 1, delayMs: 5')
    const running = home.start(['run', file, '--drivers', FAKE])
    await running.seen(/measure 2\//)
    const [proxy] = (await home.leftovers(0)).filter((line) => line.includes('src/proxy/main.ts'))
    process.kill(Number(proxy!.split(':')[0]), 'SIGKILL')
    // Partial; on a busy machine the measurement is invalid, too, which is graver.
    expect([6, 9]).toContain((await running.finished).exitCode)
    const { interrupted } = (await latest()).sides[0]!.trials[0]!
    expect(interrupted).toBe('the proxy between clients and broker ended by signal SIGKILL')
    expect(await home.leftovers()).toEqual([])
  },
  LIMIT_MS,
)
