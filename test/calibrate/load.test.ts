// Goal: both paths of a calibration carry every message through the real supervisor, worker processes, engine and audit.
// Method: short loads on both, and a calibration that is called off; no figure of time is asked for, the machine is shared.
import { expect, setDefaultTimeout, test } from 'bun:test'
import { calibrateQuickly } from '../../src/calibrate/calibrate.ts'
import { measureClock } from '../../src/calibrate/clock-figures.ts'
import { measureEventLoop } from '../../src/calibrate/event-loop.ts'
import { measureLoad, PATHS } from '../../src/calibrate/load.ts'
import { SystemClock } from '../../src/clock/system-clock.ts'
import { decodeHistogram } from '../../src/result/histogram.ts'

setDefaultTimeout(120_000)

const clock = new SystemClock()
const signal = new AbortController().signal

test.each(PATHS)('%s path: all that is scheduled is sent, acknowledged and delivered', async (path) => {
  const trial = await measureLoad({ path, rateHz: 2_000, warmupS: 0.2, durationS: 1 }, { clock, signal })
  const { counts, delivered } = trial.phases.measure
  expect({ ...counts, delivered }).toEqual({
    scheduled: 2_000,
    sent: 2_000,
    acknowledged: 2_000,
    rejected: 0,
    unknown: 0,
    delivered: 2_000,
  })
  expect(trial.verdict.integrity).toBe('intact')
  expect(trial.contractBreaches).toEqual([])
  expect(trial.workers.map(({ role }) => role)).toEqual(path === 'null' ? ['both'] : ['consumer', 'producer'])
})

test('clock and event loop give figures that can be', async () => {
  const { costNs, resolutionNs } = measureClock(clock)
  expect(costNs).toBeGreaterThan(0)
  expect(resolutionNs).toBeGreaterThan(0)
  const { idle, withGarbage, fullCollectionMs } = await measureEventLoop(100, signal)
  for (const { count, p50Us, p99Us, maxUs, hdr } of [idle, withGarbage]) {
    expect(count).toBeGreaterThan(0)
    expect(p50Us).toBeLessThanOrEqual(p99Us)
    expect(p99Us).toBeLessThanOrEqual(maxUs)
    expect(decodeHistogram(hdr).totalCount).toBe(count)
  }
  expect(fullCollectionMs).toBeGreaterThan(0)
})

test('a calibration that is called off says why and ends', async () => {
  const controller = new AbortController()
  const running = calibrateQuickly({ clock, signal: controller.signal, tell: () => {} })
  controller.abort(new Error('called off'))
  await expect(running).rejects.toThrow('called off')
})
