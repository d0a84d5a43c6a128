// Goal: the whole way of a run, from the command line to the report, through real worker processes. Method: the fake
// system behind a real socket; books must balance exactly, and nothing may stay behind.
import { afterAll, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ExperimentResult } from '../../src/result/result.ts'
import { tcpCounterReader } from '../../src/run/usage/tcp-counters.ts'
import { benchHome, ROOT } from '../support/bench.ts'
import { expectSound } from '../support/sound.ts'

const home = benchHome()
const SHORT = join(ROOT, 'test/support/short.yaml')
const FAKE = join(ROOT, 'test/support/drivers/fake.yaml')
const LIMIT_MS = 120_000

afterAll(() => home.remove())

async function latest(): Promise<ExperimentResult> {
  return await Bun.file(join(home.path, 'latest/result.json')).json()
}

test(
  'a run ends with a report and books that balance',
  async () => {
    const finished = await home.run(['run', SHORT, '--drivers', FAKE])
    const result = await latest()
    expectSound(finished, result)
    expect(result.partial).toBeNull()
    const trial = result.sides[0]!.trials[0]!
    expect(trial.verdict.integrity).toBe('intact')
    expect(trial.phases.warmup.counts).toMatchObject({ scheduled: 2000, sent: 2000, acknowledged: 2000 })
    expect(trial.phases.measure.counts).toMatchObject({ scheduled: 6000, sent: 6000, acknowledged: 6000 })
    expect(trial.audits).toHaveLength(1)
    expect(trial.audits[0]).toMatchObject({
      sent: 8000,
      received: 8000,
      distinct: 8000,
      lost: 0,
      duplicated: 0,
    })
    expect(trial.phases.measure.latencies.publish.summary.count).toBe(6000)
    expect(trial.phases.measure.latencies.endToEnd.summary.count).toBe(6000)
    expect(trial.server.terms).toMatchObject({ acknowledgedBy: 'memory', platform: `Bun ${Bun.version}` })
    if (tcpCounterReader()?.() != null) {
      // Messages have 200 bytes; on a busy machine some are sent after measure.
      expect(trial.clientWire!.sentBytes).toBeGreaterThan(100 * 200)
      expect(trial.server.usage!.wire!.receivedBytes).toBeGreaterThan(100 * 200)
    }
    for (const file of ['index.html', 'metrics.csv', 'metrics.json', 'costs.json', 'raw_data']) {
      expect(existsSync(join(home.path, 'latest/report', file))).toBe(true)
    }
    expect(await home.leftovers()).toEqual([])
  },
  LIMIT_MS,
)

test.each([1, 2, 4])(
  'with %i workers: sent = rate × time exactly, and the parts add up',
  async (workers) => {
    const args = [
      'run',
      join(ROOT, 'test/support/four-by-four.yaml'),
      '--drivers',
      FAKE,
      '--workers',
      String(workers),
    ]
    const finished = await home.run(args)
    const result = await latest()
    expectSound(finished, result)
    const trial = result.sides[0]!.trials[0]!
    expect(trial.workers.filter((worker) => worker.role === 'producer')).toHaveLength(workers)
    expect(trial.phases.measure.counts.sent).toBe(3000 * 2)
    expect(trial.phases.measure.latencies.publish.summary.count).toBe(3000 * 2)
    expect(trial.phases.measure.latencies.endToEnd.summary.count).toBe(3000 * 2 * 2)
    expect(trial.audits).toHaveLength(2)
    for (const audit of trial.audits)
      expect(audit).toMatchObject({ sent: 9000, distinct: 9000, lost: 0, duplicated: 0 })
  },
  LIMIT_MS,
)

test(
  'a broker against itself: two labels, two sides',
  async () => {
    const finished = await home.run(['run', SHORT, '--drivers', `a=${FAKE},b=${FAKE}+ackDelayMs=2`, '--json'])
    expectSound(finished, await latest())
    expect((await latest()).sides.map((side) => side.label)).toEqual(['a', 'b'])
    const events = finished.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(events.filter((event) => event.kind === 'side-done').map((event) => event.side)).toEqual([
      'a',
      'b',
    ])
  },
  LIMIT_MS,
)
