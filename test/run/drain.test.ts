// Goal: the drain ends early only when nothing can be under way any more: messages of unknown outcome that came do not
// stand for acknowledged ones that did not. Method: the rule by itself; a trial whose system never delivers what it
// left unknown, through real worker processes.
import { afterEach, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LocalBroker } from '../../src/brokers/broker.ts'
import { fakeProvider } from '../../src/brokers/fake/fake-provider.ts'
import { SystemClock } from '../../src/clock/system-clock.ts'
import { type FakeOptionsInput, fakeOptionsSchema } from '../../src/driver/fake/options.ts'
import { isDrained } from '../../src/run/drain.ts'
import { runTrial } from '../../src/run/trial.ts'
import type { WorkerProgress } from '../../src/worker/protocol.ts'
import { readWorkload } from '../../src/workload/workload-file.ts'
import { ROOT } from '../support/bench.ts'

setDefaultTimeout(60_000)

const SENT = 100
const none: WorkerProgress = {
  sent: 0,
  settled: 0,
  acknowledged: 0,
  unknown: 0,
  distinctReceived: 0,
  sendingDone: true,
}
const sender = (unknown: number, outstanding = 0): WorkerProgress => ({
  ...none,
  sent: SENT,
  settled: SENT - outstanding,
  acknowledged: SENT - outstanding - unknown,
  unknown,
})
const receivers = (...counts: number[]) => counts.map((distinctReceived) => ({ ...none, distinctReceived }))

test('all acknowledged and received by every subscription: drained, and not before', () => {
  expect(isDrained([sender(0), ...receivers(60, 40)], 1)).toBe(true)
  expect(isDrained([sender(0), ...receivers(60, 39)], 1)).toBe(false)
  expect(isDrained([sender(0), ...receivers(100, 99)], 2)).toBe(false)
  expect(isDrained([sender(0), ...receivers(100, 100)], 2)).toBe(true)
  expect(isDrained([{ ...sender(0), sendingDone: false }, ...receivers(100)], 1)).toBe(false)
})

test('unknown ones that came may hide acknowledged ones that are under way', () => {
  // 90 acknowledged, 90 received: among them may be unknown ones.
  expect(isDrained([sender(10), ...receivers(90)], 1)).toBe(false)
  expect(isDrained([sender(10), ...receivers(99)], 1)).toBe(false)
  expect(isDrained([sender(10), ...receivers(100)], 1)).toBe(true)
  expect(isDrained([sender(0, 10), ...receivers(100)], 1)).toBe(false)
})

let broker: LocalBroker | undefined
const directory = mkdtempSync(join(tmpdir(), 'bench-drain-'))
afterEach(async () => {
  await broker?.down()
  broker = undefined
  rmSync(directory, { recursive: true, force: true })
})

/** The drain of a short trial with these options of the fake system. */
async function drainOf(options: FakeOptionsInput, drainMs: number) {
  const { signal } = new AbortController()
  const up = { topology: 'single', profile: 'measured', directory, log: () => {} } as const
  broker = await fakeProvider.up(up, signal)
  const { servers } = broker
  const { workload } = await readWorkload(join(ROOT, 'test/support/short.yaml'), { lenient: false })
  const config = fakeOptionsSchema.parse(options)
  const { drain } = await runTrial({
    workload: { ...workload, warmupS: 0, durationS: 1 },
    side: { label: 'fake', driver: 'fake', config, servers, file: '', settings: {}, ignored: [] },
    ...{ servers, workers: 1, seed: 1, clock: new SystemClock(), signal, drainMs },
    tell: () => {},
    onMeasure: () => {},
  })
  return drain
}

test('a trial with messages of unknown outcome waits as long as it may', async () => {
  const drainMs = 1_500
  const drain = await drainOf({ faults: { lose: 3 } }, drainMs)
  expect(drain.complete).toBe(false)
  expect(drain.durationMs).toBeGreaterThanOrEqual(drainMs)
})

test('a trial without faults does not wait', async () => {
  expect((await drainOf({ ackDelayMs: 1 }, 30_000)).complete).toBe(true)
})
