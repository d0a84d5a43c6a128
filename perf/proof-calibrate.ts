/**
 * Question: does the generator keep its schedule, what does bench itself cost on this machine, and is a worker's wrong clock
 * found within its bound?
 *
 * Part 1 is `bench calibrate` itself: 60 s at 20,000 msg/s; sent must be scheduled exactly, schedule delay p99 below 2 ms.
 * Part 2 runs 20 s with a consumer whose clock is 50 ms ahead and gains 100 ppm, and a producer's that is behind: the
 * offsets that were found must lie within their bounds, and no message may seem to arrive before it was due by more.
 * Needs an idle machine: run nothing beside it. Not kept for later runs.
 */
import { parseArgs } from 'node:util'
import { calibrate, calibrationLines } from '../src/calibrate/index.ts'
import { measureLoad } from '../src/calibrate/load.ts'
import { type ClockSkew, SKEWS_VARIABLE, skewed } from '../src/clock/skewed-clock.ts'
import { SystemClock } from '../src/clock/system-clock.ts'
import { EXIT } from '../src/errors/exit-codes.ts'
import { msText } from '../src/result/figures.ts'

const { values } = parseArgs({
  options: { rate: { type: 'string', default: '20000' }, seconds: { type: 'string', default: '60' } },
})
/** Two processes of one host each find its clock for themselves. */
const SAME_HOST_US = 20
const clock = new SystemClock()
const { signal } = new AbortController()
let holds = true

function say(ok: boolean, text: string): void {
  holds &&= ok
  console.log(`${ok ? 'pass' : 'FAIL'}  ${text}`)
}

const calibration = await calibrate({
  rateHz: Number(values.rate),
  durationS: Number(values.seconds),
  clock,
  signal,
  tell: (line) => console.error(`measuring: ${line}`),
})
for (const line of calibrationLines(calibration)) console.log(line)
holds = calibration.checks.every(({ ok }) => ok)

const fromUs = clock.nowUs()
const skews: Readonly<Record<string, ClockSkew>> = {
  'consumer-0': { offsetUs: 50_000, driftPpm: 100, fromUs },
  'producer-0': { offsetUs: -20_000, driftPpm: -60, fromUs },
}
process.env[SKEWS_VARIABLE] = JSON.stringify(skews)
const trial = await measureLoad({ path: 'echo', rateHz: 5_000, warmupS: 5, durationS: 20 }, { clock, signal })
console.log('')
for (const { role, index, offsetUs, atUs, boundUs, driftPpm, exchanges } of trial.clocks ?? []) {
  const { driftPpm: trueDriftPpm } = skews[`${role}-${index}`]!
  const trueUs = skewed(atUs, skews[`${role}-${index}`]!) - atUs
  say(
    Math.abs(offsetUs - trueUs) <= boundUs + SAME_HOST_US,
    `clock of ${role} ${index}: ${msText(offsetUs)} found, ${msText(trueUs)} true, bound ${msText(boundUs)}; drift ` +
      `${driftPpm.toFixed(1)} ppm found, ${trueDriftPpm} true; ${exchanges} exchanges`,
  )
}
const { summary, completed } = trial.phases.measure.latencies.endToEnd
say(
  trial.clocks?.length === 2 && -completed.minimumUs <= trial.clockBoundUs + SAME_HOST_US,
  `end-to-end p50 ${msText(summary.p50.us)}, p99 ${msText(summary.p99.us)}, bound of the clocks ${msText(trial.clockBoundUs)}, ` +
    `earliest before being due ${msText(-completed.minimumUs)}`,
)
process.exit(holds ? EXIT.ok : EXIT.invalid)
