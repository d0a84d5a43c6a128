// Goal: a system that freezes in mid-run, and a worker that never answers, end a trial in bounded time; nothing that was
// seen before is lost, and the percentiles tell of what never came. Method: real worker processes, SIGSTOP.
import { afterEach, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LocalBroker } from '../../src/brokers/broker.ts'
import { fakeProvider } from '../../src/brokers/fake/fake-provider.ts'
import { SystemClock } from '../../src/clock/system-clock.ts'
import { fakeOptionsSchema } from '../../src/driver/fake/options.ts'
import type { TrialResult } from '../../src/result/result.ts'
import type { RunEvent } from '../../src/run/events.ts'
import { makeTrialResult } from '../../src/run/merge.ts'
import { runTrial } from '../../src/run/trial.ts'
import type { Workload } from '../../src/workload/model.ts'
import { readWorkload } from '../../src/workload/workload-file.ts'
import { ROOT } from '../support/bench.ts'

setDefaultTimeout(180_000)

const LIMIT_S = 120
let broker: LocalBroker | undefined
const directory = mkdtempSync(join(tmpdir(), 'bench-frozen-'))

afterEach(async () => {
  await broker?.down()
  broker = undefined
  rmSync(directory, { recursive: true, force: true })
})

/** Runs a short trial and calls `inMidRun` in the second second of measure. */
async function trialWith(inMidRun: (broker: LocalBroker) => void): Promise<TrialResult> {
  const signal = new AbortController().signal
  broker = await fakeProvider.up(
    { topology: 'single', profile: 'measured', directory, log: () => {} },
    signal,
  )
  const { servers } = broker
  const file = await readWorkload(join(ROOT, 'test/support/short.yaml'), { lenient: false })
  const workload: Workload = file.workload
  let done = false
  const tell = (event: RunEvent) => {
    if (event.kind !== 'second' || event.elapsedS < 2 || done) return
    done = true
    inMidRun(broker!)
  }
  const record = await runTrial({
    workload,
    side: {
      label: 'fake',
      driver: 'fake',
      config: fakeOptionsSchema.parse({ ackDelayMs: 1 }),
      servers,
      file: '',
      settings: {},
      ignored: [],
    },
    servers,
    workers: 1,
    seed: 1,
    clock: new SystemClock(),
    tell,
    signal,
    onMeasure: () => {},
    drainMs: 1_000,
  })
  expect(done).toBe(true)
  return makeTrialResult({ record, workload, broker, servers, machine: {}, usage: null })
}

test(
  'a frozen broker: outcomes unknown, percentiles at least, every worker reports',
  async () => {
    const since = performance.now()
    const trial = await trialWith((frozen) => void frozen.nodes[0]!.stop())
    expect((performance.now() - since) / 1000).toBeLessThan(LIMIT_S)
    expect(trial.workers.map(({ failure }) => failure)).toEqual([null, null])
    const { counts, latencies } = trial.phases.measure
    expect(counts.scheduled).toBe(6000)
    expect(counts.unknown).toBeGreaterThan(1000)
    expect(counts.acknowledged + counts.unknown).toBe(counts.sent)
    expect(latencies.publish.summary.p99.atLeast).toBe(true)
    expect(latencies.endToEnd.summary.p99.atLeast).toBe(true)
    expect(trial.verdict.measurement).not.toBe('valid')
    expect(trial.audits[0]!.received).toBeGreaterThan(0)
  },
  LIMIT_S * 1000,
)
