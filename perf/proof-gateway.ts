/**
 * Question: how much does our gateway do for a CPU-second, beside the OpenTelemetry Collector with the same masking job?
 *
 * Each is started afresh on a processor of its own, in the order A B B A, and loaded in a closed loop with requests of
 * 100 spans, of which every `tenant_id` must be masked; each request goes on as one export to a sink that counts. The
 * figure is requests per CPU-second (user + system time of the gateway's processes in the measured window); a run of
 * which not every span arrives masked is void. Then ours alone: two processes, an open loop at half of the maximum with
 * latency taken from the gateway's own histogram, and 1,000 connections.
 *
 *     OTELCOL=… npm run proof:gateway     (without it, the collector is built with Go, once)
 *     ROUNDS=2 SECONDS=5 WARM_UP=3 are the defaults; about 8 minutes
 */
import { scrape } from '../gateway/benchmark/scrape.ts'
import { serverLatency } from '../gateway/benchmark/server-latency.ts'
import { collectorProgram } from './gateway/collector.ts'
import type { LoadReport } from './gateway/load-order.ts'
import { placement } from './gateway/machine.ts'
import {
  faultOf,
  type LoadShape,
  load,
  median,
  perCpuSecond,
  perSecond,
  type SinkProcess,
  startSinkProcess,
} from './gateway/measure.ts'
import { residentBytes } from './gateway/proc.ts'
import { type Subject, startCollector, startGateway } from './gateway/subject.ts'

const ROUNDS = Number(process.env.ROUNDS ?? 2)
const MEASURE_MS = Number(process.env.SECONDS ?? 5) * 1000
const WARM_UP_MS = Number(process.env.WARM_UP ?? 3) * 1000
const WARM_UP_REQUESTS = 15_000
const TRIES = 3
const TENANT_LENGTH = 11
const IN_PLACE = '#'.repeat(TENANT_LENGTH)
const REFRAMED = '#'.repeat(TENANT_LENGTH - 1)
const LIMITS = {
  /** Ours to the collector's. */
  http: 6,
  grpc: 2,
  reframed: 3.5,
  /** Two processes to one. */
  processes: 0.9,
  shareOfConnections: [0.35, 0.65],
  p99Ms: 5,
  residentMb: 300,
} as const

const CLOSED: LoadShape = {
  protocol: 'http',
  connections: 50,
  rateHz: null,
  warmUpMs: WARM_UP_MS,
  warmUpRequests: WARM_UP_REQUESTS,
  durationMs: MEASURE_MS,
}
const GRPC: LoadShape = { ...CLOSED, protocol: 'grpc', connections: 4 }

type Start = (sinkPort: number) => Promise<Subject>
const verdicts: boolean[] = []

function verdict(what: string, holds: boolean): void {
  verdicts.push(holds)
  console.log(`${holds ? 'holds       ' : 'does NOT hold'} ${what}`)
}

/** Runs `body` with a fresh sink and subject. */
async function withSubject<Value>(
  start: Start,
  body: (subject: Subject, sink: SinkProcess) => Promise<Value>,
): Promise<Value> {
  const sink = await startSinkProcess()
  try {
    const subject = await start(sink.port)
    try {
      return await body(subject, sink)
    } finally {
      await subject.stop()
    }
  } finally {
    await sink.stop()
  }
}

/** One run that counts; a void one is made again. */
async function run(name: string, start: Start, shape: LoadShape): Promise<LoadReport> {
  for (let attempt = 1; ; attempt++) {
    const { report, fault } = await withSubject(start, async (subject, sink) => {
      const report = await load(subject, shape)
      return { report, fault: await faultOf(sink, report.accepted, report.failures) }
    })
    if (fault === null) {
      const figures = [
        `${perCpuSecond(report).toFixed(0)} requests per CPU-second`,
        `${perSecond(report).toFixed(0)}/s`,
        `${((100_000 * report.cpuSeconds) / report.windowMs).toFixed(0)} % of a processor`,
      ]
      console.log(`  ${name.padEnd(10)} ${figures.join(', ')}`)
      return report
    }
    console.log(`  ${name.padEnd(10)} void: ${fault}`)
    if (attempt === TRIES) throw new Error(`${TRIES} void runs of ${name}`)
  }
}

const ours =
  (mask: string, processes = 1): Start =>
  (sinkPort) =>
    startGateway({ mask, sinkPort, processes, processors: placement(processes).subject })

/** A B B A, `ROUNDS` times; the ratio of the medians. */
async function compare(
  title: string,
  sides: readonly [name: string, start: Start][],
  shape: LoadShape,
  limit: number,
): Promise<LoadReport[]> {
  console.log(`\n${title}`)
  const reports: LoadReport[][] = [[], []]
  for (let round = 0; round < ROUNDS; round++) {
    for (const side of [0, 1, 1, 0]) reports[side]!.push(await run(...sides[side]!, shape))
  }
  const medians = reports.map((of) => median(of.map(perCpuSecond)))
  sides.forEach(([name], side) => {
    const costs = reports[side]!.map(perCpuSecond)
    const range = `${Math.min(...costs).toFixed(0)}–${Math.max(...costs).toFixed(0)}`
    console.log(`  ${name.padEnd(10)} median ${medians[side]!.toFixed(0)} [${range}], n = ${costs.length}`)
  })
  const ratio = medians[0]! / medians[1]!
  verdict(`${title}: ${ratio.toFixed(2)} ×, at least ${limit} × wanted`, ratio >= limit)
  return reports[0]!
}

/** Server-side latency in an open loop. */
async function openLoop(rateHz: number): Promise<void> {
  console.log(`\nopen loop at half of the maximum: ${rateHz}/s`)
  await withSubject(ours(IN_PLACE), async (subject, sink) => {
    const warm = await load(subject, { ...CLOSED, rateHz, warmUpMs: 0, durationMs: WARM_UP_MS })
    const before = await scrape(new URL(subject.metricsUrl!))
    const report = await load(subject, { ...CLOSED, rateHz, warmUpMs: 0, durationMs: 2 * MEASURE_MS })
    const latency = serverLatency(before, await scrape(new URL(subject.metricsUrl!)))
    const fault = await faultOf(sink, warm.accepted + report.accepted, {
      ...warm.failures,
      ...report.failures,
    })
    const held = (report.accepted / (2 * MEASURE_MS * rateHz)) * 1000
    const share = (100_000 * report.cpuSeconds) / report.windowMs
    console.log(
      `  ${(100 * held).toFixed(1)} % of the rate, ${share.toFixed(0)} % of a processor; from the schedule p50 ${report.latencyP50Ms.toFixed(1)} ms, p99 ${report.latencyP99Ms.toFixed(1)} ms`,
    )
    if (fault !== null) console.log(`  void: ${fault}`)
    verdict(
      `server-side p50 ${latency.p50Ms.toFixed(2)} ms, p99 ${latency.p99Ms.toFixed(2)} ms of ${latency.count} requests, below ${LIMITS.p99Ms} ms wanted`,
      fault === null && held >= 0.99 && latency.p99Ms < LIMITS.p99Ms,
    )
  })
}

async function manyConnections(): Promise<void> {
  console.log('\n1,000 connections, closed loop')
  await withSubject(ours(IN_PLACE), async (subject, sink) => {
    const report = await load(subject, { ...CLOSED, connections: 1000 })
    const fault = await faultOf(sink, report.accepted, report.failures)
    const peakMb = residentBytes(subject.pids[0]!).peak / 2 ** 20
    verdict(
      `${report.accepted} requests, ${fault ?? 'no error'}; ${peakMb.toFixed(0)} MB at the peak, below ${LIMITS.residentMb} MB wanted`,
      fault === null && peakMb < LIMITS.residentMb,
    )
  })
}

const program = await collectorProgram()
const collector =
  (mask: string): Start =>
  (sinkPort) =>
    startCollector(program, { mask, sinkPort, processors: placement().subject })
const sides = (mask: string): [string, Start][] => [
  ['gateway', ours(mask)],
  ['collector', collector(mask)],
]

const http = await compare('HTTP, masked in place', sides(IN_PLACE), CLOSED, LIMITS.http)
await compare('gRPC, masked in place', sides(IN_PLACE), GRPC, LIMITS.grpc)
await compare('HTTP, lengths changed', sides(REFRAMED), CLOSED, LIMITS.reframed)

const two = await compare(
  'HTTP, two processes to one',
  [
    ['two', ours(IN_PLACE, 2)],
    ['one', ours(IN_PLACE)],
  ],
  // So many that chance alone spreads them evenly enough.
  { ...CLOSED, connections: 200 },
  LIMITS.processes,
)
const shares = two.flatMap(({ connectionsByProcess: counts }) =>
  counts.map((count) => count / counts.reduce((sum, each) => sum + each, 0)),
)
verdict(
  `connections of each process: ${shares.map((share) => `${(100 * share).toFixed(0)} %`).join(', ')}; 35–65 % wanted`,
  shares.every((share) => share >= LIMITS.shareOfConnections[0] && share <= LIMITS.shareOfConnections[1]),
)

await openLoop(Math.round(median(http.map(perSecond)) / 2))
await manyConnections()
process.exit(verdicts.every(Boolean) ? 0 : 1)
