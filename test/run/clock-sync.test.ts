// Goal: workers whose clocks are wrong and drift measure as if they were right: the offset is found within its bound, and
// latencies are corrected by it. Method: real worker processes with skewed clocks on the echo path; and the sync against
// workers of a model, in simulated time.
import { afterEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { measureLoad } from '../../src/calibrate/load.ts'
import { SimClock } from '../../src/clock/sim-clock.ts'
import { type ClockSkew, SKEWS_VARIABLE, skewed } from '../../src/clock/skewed-clock.ts'
import { SystemClock } from '../../src/clock/system-clock.ts'
import { startEchoProcess } from '../../src/drivers/echo/server-process.ts'
import { decodeHistogram } from '../../src/result/histogram.ts'
import { createClockSync, endToEndBoundUs } from '../../src/run/clock-sync.ts'
import type { Crew } from '../../src/run/crew.ts'
import { makeTrialResult } from '../../src/run/merge.ts'
import { runTrial } from '../../src/run/trial.ts'
import { readWorkload } from '../../src/workload/workload-file.ts'
import { ROOT } from '../support/bench.ts'

setDefaultTimeout(120_000)

/** Between the clocks of two processes of one host: each finds CLOCK_MONOTONIC for itself. */
const SAME_HOST_US = 20

afterEach(() => {
  delete process.env[SKEWS_VARIABLE]
})

const clock = new SystemClock()
const signal = new AbortController().signal

async function trialWith(skews: Readonly<Record<string, Omit<ClockSkew, 'fromUs'>>>) {
  const fromUs = clock.nowUs()
  const all = Object.fromEntries(Object.entries(skews).map(([name, skew]) => [name, { ...skew, fromUs }]))
  process.env[SKEWS_VARIABLE] = JSON.stringify(all)
  const load = { path: 'echo', rateHz: 1_000, warmupS: 1, durationS: 2 } as const
  const trial = await measureLoad(load, { clock, signal })
  const trueOffsetUs = (worker: string, atUs: number) => skewed(atUs, all[worker]!) - atUs
  return { trial, trueOffsetUs, endToEnd: trial.phases.measure.latencies.endToEnd }
}

describe('worker processes', () => {
  test('50 ms ahead and drifting, the sender behind: found within the bound, and taken out of the latency', async () => {
    const { trial, trueOffsetUs, endToEnd } = await trialWith({
      'consumer-0': { offsetUs: 50_000, driftPpm: 120 },
      'producer-0': { offsetUs: -20_000, driftPpm: -70 },
    })
    expect(trial.clocks!.map(({ role }) => role)).toEqual(['consumer', 'producer'])
    for (const { role, index, offsetUs, atUs, boundUs, restarts, exchanges } of trial.clocks!) {
      const error = Math.abs(offsetUs - trueOffsetUs(`${role}-${index}`, atUs))
      expect(error).toBeLessThanOrEqual(boundUs + SAME_HOST_US)
      expect(restarts).toBe(0)
      expect(exchanges).toBeGreaterThan(72)
    }
    expect(trial.clockBoundUs).toBe(trial.clocks!.reduce((sum, { boundUs }) => sum + boundUs, 0))
    expect(trial.phases.measure.counts).toMatchObject({ scheduled: 2_000, sent: 2_000, acknowledged: 2_000 })
    // Uncorrected, none would have come before 70 ms.
    const fastestUs = decodeHistogram(endToEnd.completed.hdr).minNonZeroValue
    expect(fastestUs).toBeLessThan(60_000)
    expect(-endToEnd.completed.minimumUs).toBeLessThanOrEqual(trial.clockBoundUs + SAME_HOST_US)
  })

  test('50 ms behind: nothing seems to arrive before it was sent', async () => {
    const { trial, trueOffsetUs, endToEnd } = await trialWith({
      'consumer-0': { offsetUs: -50_000, driftPpm: -200 },
    })
    const [only, ...others] = trial.clocks!
    expect(others).toEqual([])
    expect(Math.abs(only!.offsetUs - trueOffsetUs('consumer-0', only!.atUs))).toBeLessThanOrEqual(
      only!.boundUs + SAME_HOST_US,
    )
    expect(-endToEnd.completed.minimumUs).toBeLessThanOrEqual(trial.clockBoundUs + SAME_HOST_US)
    expect(trial.phases.measure.delivered).toBe(2_000)
  })

  test('in echo mode both ends are read from one clock: no bound, whatever it shows', async () => {
    const fromUs = clock.nowUs()
    process.env[SKEWS_VARIABLE] = JSON.stringify({ 'both-0': { offsetUs: 70_000, driftPpm: 150, fromUs } })
    const server = await startEchoProcess(signal)
    try {
      const servers = [server.address]
      const workload = await readWorkload(join(ROOT, 'test/support/echo-clock.yaml'), { lenient: false })
      const record = await runTrial({
        workload: workload.workload,
        side: { label: 'echo', driver: 'echo', config: {}, servers, file: '', settings: {}, ignored: [] },
        servers,
        workers: 2,
        seed: 1,
        clock,
        tell: () => {},
        signal,
        onMeasure: () => {},
      })
      expect(record.members.map(({ role }) => role)).toEqual(['both', 'both'])
      expect(record.clocks.map(({ role, index }) => `${role}-${index}`)).toEqual(['both-0'])
      const trial = makeTrialResult({
        ...{ record, workload: workload.workload, broker: null, servers },
        ...{ machine: {}, usage: null },
      })
      expect(trial.clockBoundUs).toBe(0)
      expect(trial.verdict.integrity).toBe('intact')
      const { completed } = trial.phases.measure.latencies.endToEnd
      expect(completed).toMatchObject({ count: 1_000, negative: 0 })
      expect(decodeHistogram(completed.hdr).minNonZeroValue).toBeLessThan(60_000)
    } finally {
      await server.stop()
    }
  })

  test('on one host they share a clock: no bound and no exchange', async () => {
    const { trial } = await trialWith({})
    expect(trial.clockBoundUs).toBe(0)
    expect(trial.clocks).toBeUndefined()
  })
})

describe('a worker whose clock is set in mid-run', () => {
  /** A crew of one consumer with a clock of its own, whose answers take 100 µs each way. */
  function modelCrew(host: SimClock, offsetAt: (us: number) => number) {
    const asked: string[] = []
    const handle = {
      sharesClock: false,
      async ask(request: string) {
        asked.push(request)
        if (request !== 'clock') return null
        host.spend(100)
        const nowUs = host.nowUs() + offsetAt(host.nowUs())
        host.spend(100)
        return { nowUs }
      },
    }
    const members = [{ role: 'consumer', index: 0, handle }]
    return { crew: { members } as unknown as Crew, asked }
  }

  async function runFor(seconds: number, offsetAt: (us: number) => number) {
    const host = new SimClock(1e9)
    const { crew } = modelCrew(host, offsetAt)
    const sync = createClockSync(crew, host)
    /** Whole turns of the real event loop: a burst is a long chain of promises. */
    const pass = async (untilUs: number) => {
      while (host.nowUs() < untilUs) {
        await host.advanceTo(host.nowUs() + 50_000)
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    const begun = sync.before(signal)
    await pass(1e9 + 2e6)
    await begun
    sync.start()
    sync.measureBegins()
    await pass(1e9 + seconds * 1e6)
    const [result] = await sync.finish()
    return result!
  }

  test('a steady one has a bound of half a round trip and its drift', async () => {
    const result = await runFor(20, (us) => 5_000 + 50e-6 * (us - 1e9))
    expect(result.restarts).toBe(0)
    expect(result.boundUs).toBeLessThan(600)
    expect(Math.abs(result.driftPpm - 50)).toBeLessThan(15)
  })

  test('the bound tells how wrong it was until that was noticed', async () => {
    const result = await runFor(20, (us) => (us < 1e9 + 10e6 ? 0 : 30_000))
    expect(result.restarts).toBe(1)
    expect(result.boundUs).toBeGreaterThanOrEqual(29_900)
    expect(result.boundUs).toBeLessThan(32_000)
    expect(result.offsetUs).toBeGreaterThan(29_000)
  })
})

test('both ends count, each with its worst; a worker that reads both ends does not', () => {
  const of = (role: 'producer' | 'consumer' | 'both', boundUs: number) => ({
    role,
    index: 0,
    offsetUs: 0,
    atUs: 0,
    driftPpm: 0,
    boundUs,
    exchanges: 1,
    restarts: 0,
  })
  expect(endToEndBoundUs([])).toBe(0)
  expect(endToEndBoundUs([of('producer', 10), of('producer', 30), of('consumer', 5)])).toBe(35)
  expect(endToEndBoundUs([of('both', 10), of('both', 30)])).toBe(0)
})
