/**
 * Question: is a stall of the broker seen by every message that was due meanwhile (no coordinated omission)?
 *
 * A real broker is halted by SIGSTOP for one second, `STOPS` (24) times, at `RATE` (50) msg/s, far below a tenth of its
 * capacity. A message that is due t ms after the halt is acknowledged 1000 − t ms later, so of each stop
 * RATE × (1 − x/1000) messages have a publish latency above x ms: for x = 100 … 900 within 5 %. `SIDE` (rabbitmq).
 *
 * In the place of the 1 stands how long the broker was silent, from the halt to its first acknowledgement after it: a
 * server that goes on has to wake its threads first, and 5 ms of that are 5 % of the messages above 900 ms. How far the
 * counts are from the plain formula is printed beside: within the bound up to 800 ms, around it (4 to 7 %) above 900 ms.
 */
import { bucketsOf } from '../src/result/histogram.ts'
import { benchRun, ledger, trialOf } from './faults/bench-run.ts'

const { STOPS = '24', RATE = '50', SIDE = 'rabbitmq' } = process.env
const TOLERANCE = 0.05
const EVERY_S = 3
const [stops, rateHz] = [Number(STOPS), Number(RATE)]

// Each a part of a message's distance later: else all would meet the schedule in the same place, and round the same way.
const faults = Array.from(
  { length: stops },
  (_, i) =>
    `  - { fault: stop, node: 1, atSeconds: ${3.4 + i * EVERY_S + i / stops / rateHz}, forSeconds: 1 }`,
)
const workload = `name: halted broker
messageSize: 200
producerRate: ${rateHz}
warmupDurationSeconds: 10
testDurationSeconds: ${3 + stops * EVERY_S}
faults:
${faults.join('\n')}
`
const result = await benchRun(workload, ['--drivers', SIDE])
const { phases, intervals, faults: told = [], verdict } = trialOf(result.sides[0]!)
const { check, end } = ledger()
const buckets = bucketsOf(phases.measure.latencies.publish.completed)
const percent = (part: number) => `${(100 * part).toFixed(1)} %`
const countAbove = (us: number) =>
  buckets.reduce((sum, bucket) => (bucket.us > us ? sum + bucket.count : sum), 0)

const silent = told.map(({ startS, longestGap }) => (longestGap?.toS ?? Number.NaN) - (startS ?? Number.NaN))
const lasted = told.map(({ startS, endS }) => (endS ?? Number.NaN) - (startS ?? Number.NaN))
const inMs = (seconds: readonly number[]) => seconds.map((s) => (s * 1000).toFixed(1)).join(', ')
console.log(`halted for ${inMs(lasted)} ms; measurement ${verdict.measurement}`)
console.log(`silent for ${inMs(silent)} ms`)
const ordinary = intervals
  .filter((each) => told.every(({ startS, endS }) => each.endS < startS! || each.startS > endS! + 1))
  .flatMap(({ latencies }) => latencies.publish?.p50Us ?? [])
  .sort((a, b) => a - b)
console.log(
  `publish p50 of seconds without a stop: ${((ordinary[ordinary.length >> 1] ?? 0) / 1000).toFixed(2)} ms`,
)
check(`${stops} stops, each told with its begin and end`, lasted.filter((s) => s >= 1).length === stops)
for (let x = 100; x <= 900; x += 100) {
  const expected = silent.reduce((sum, s) => sum + rateHz * (s - x / 1000), 0)
  const plain = (stops * rateHz * (1000 - x)) / 1000
  const got = countAbove(x * 1000)
  const off = got / expected - 1
  check(
    `above ${x} ms: ${got} messages, expected ${expected.toFixed(0)} (${percent(off)}, at most 5 % off; of the plain formula ${percent(got / plain - 1)})`,
    Math.abs(off) <= TOLERANCE,
  )
}
const { acknowledged, scheduled } = phases.measure.counts
check(`all ${scheduled} messages were acknowledged in the end`, acknowledged === scheduled)
end()
