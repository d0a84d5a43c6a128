// Goal: the verdict follows from the metrics alone. Method: metrics as the gateway's own meter prints them, before and
// after a load with known counts; hey's output as it printed it.
import { expect, test } from 'bun:test'
import { acceptance, type Check, type LoadSummary } from '../../../gateway/benchmark/acceptance.ts'
import { parseHey } from '../../../gateway/benchmark/hey.ts'
import { parseScrape, type Scrape } from '../../../gateway/benchmark/scrape.ts'
import { serverLatency } from '../../../gateway/benchmark/server-latency.ts'
import { mergeSnapshots } from '../../../gateway/telemetry/merge.ts'
import { createMeter } from '../../../gateway/telemetry/meter.ts'
import { toPrometheusText } from '../../../gateway/telemetry/prometheus.ts'

function gateway() {
  const meter = createMeter()
  let allocated = 0
  let released = 0
  meter.gauge('gateway_buffers_allocated_total', 'Taken', 'sum', () => allocated)
  meter.gauge('gateway_buffers_released_total', 'Returned', 'sum', () => released)
  const noRoom = meter.counter('gateway_dropped_total', 'Drops', { signal: 'traces', reason_code: '507' })
  meter.counter('gateway_dropped_total', 'Drops', { signal: 'traces', reason_code: '429' }).add(5)
  const timings = ['http', 'grpc'].map((protocol) =>
    meter.timing('gateway_end_to_end', 'Time', { signal: 'traces', protocol }),
  )
  return {
    serve(us: number, count: number) {
      for (let i = 0; i < count; i++) timings[i % 2]!.record(us)
      allocated += count
      released += count
    },
    lose: () => void allocated++,
    refuse: () => noRoom.add(1),
    scrape: (): Scrape => parseScrape(toPrometheusText(mergeSnapshots([meter.snapshot()]))),
  }
}

const LOAD: LoadSummary = { scheduled: 1000, accepted: 1000, failures: {}, clientP50Ms: 1, clientP99Ms: 2 }
const missed = (before: Scrape, after: Scrape, load = LOAD) =>
  acceptance(before, after, load)
    .filter(({ holds }) => !holds)
    .map(({ name }) => name)

test('only what happened between the scrapes counts', () => {
  const subject = gateway()
  subject.serve(900_000, 500)
  subject.refuse()
  const before = subject.scrape()
  subject.serve(400, 995)
  subject.serve(60_000, 5)
  expect(missed(before, subject.scrape())).toEqual([])
  expect(serverLatency(before, subject.scrape())).toMatchObject({ count: 1000 })
})

test.each<[string, (subject: ReturnType<typeof gateway>) => void, Partial<LoadSummary>, Check['name'][]]>([
  ['slow', (subject) => subject.serve(6000, 11), {}, ['server-side p99']],
  ['no room', (subject) => subject.refuse(), {}, ['no room (507)']],
  ['a buffer lost', (subject) => subject.lose(), {}, ['buffers returned']],
  // No latency is claimed for a rate that was not held.
  ['rate not held', () => {}, { accepted: 989 }, ['rate held', 'server-side p99']],
])('%s is missed', (_name, happen, load, expected) => {
  const subject = gateway()
  const before = subject.scrape()
  subject.serve(400, 989)
  happen(subject)
  expect(missed(before, subject.scrape(), { ...LOAD, ...load })).toEqual(expected)
})

test('nothing received is not accepted', () => {
  const subject = gateway()
  expect(missed(subject.scrape(), subject.scrape())).toEqual(['server-side p99'])
})

test("a quantile is interpolated in its bucket and never beyond the last one's bound", () => {
  const subject = gateway()
  const before = subject.scrape()
  subject.serve(3000, 100) // All between 2.5 and 5 ms.
  expect(serverLatency(before, subject.scrape()).p50Ms).toBeCloseTo(3.75)
  subject.serve(3_000_000_000, 900)
  expect(serverLatency(before, subject.scrape()).p99Ms).toBe(10_000)
})

test("hey's output, with its doubled percent signs, refusals and errors", () => {
  const text = `
Latency distribution:
  50%% in 0.0064 secs
  99%% in 0.2531 secs

Status code distribution:
  [200]\t1950 responses
  [429]\t7 responses

Error distribution:
  [3]\tPost "http://127.0.0.1:1/v1/traces": EOF
`
  expect(parseHey(text, 2000)).toEqual({
    scheduled: 2000,
    accepted: 1950,
    failures: { 'HTTP 429': 7, 'no answer': 3 },
    clientP50Ms: 6.4,
    clientP99Ms: 253.1,
  })
})
