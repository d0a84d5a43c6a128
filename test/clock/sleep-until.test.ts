// Goal: `sleepUntil` never ends before its instant, ends closer to it than a timer does, and ends on any clock. Method:
// waits of both kinds in turn on the real clock, and a simulated clock.
import { expect, test } from 'bun:test'
import { SimClock } from '../../src/clock/sim-clock.ts'
import { sleepUntil } from '../../src/clock/sleep-until.ts'
import { SystemClock } from '../../src/clock/system-clock.ts'

const WAITS = 40

test('never early, and nearer to its instant than a timer', async () => {
  const clock = new SystemClock()
  const late = { timer: [] as number[], instant: [] as number[] }
  for (let i = 0; i < WAITS; i++) {
    // Parts of a millisecond, which timers do not know.
    const delayMs = 3 + i / WAITS
    const timerUs = clock.nowUs() + delayMs * 1000
    await clock.sleep(delayMs)
    late.timer.push(clock.nowUs() - timerUs)
    const instantUs = clock.nowUs() + delayMs * 1000
    await sleepUntil(clock, instantUs)
    late.instant.push(clock.nowUs() - instantUs)
  }
  const median = (values: number[]) => values.sort((a, b) => a - b)[WAITS >> 1]!
  expect(Math.min(...late.instant)).toBeGreaterThanOrEqual(0)
  expect(median(late.instant)).toBeLessThan(median(late.timer))
})

test('an instant that is over is no wait; an abort ends one', async () => {
  const clock = new SystemClock()
  await sleepUntil(clock, clock.nowUs() - 1e6)
  const stop = new AbortController()
  const waiting = sleepUntil(clock, clock.nowUs() + 60e6, stop.signal)
  stop.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
})

test('on a simulated clock to the microsecond', async () => {
  const clock = new SimClock()
  let endedUs = 0
  const waiting = sleepUntil(clock, 1_234_567).then(() => {
    endedUs = clock.nowUs()
  })
  await clock.advanceTo(2_000_000)
  await waiting
  expect(endedUs).toBe(1_234_567)
})
