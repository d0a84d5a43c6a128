import type { Audit, EncodedHistogram, LatencyName, ProducerCounts } from '../../src/engine/types.ts'
import { LATENCIES } from '../../src/engine/types.ts'
import { emptyHistogram, encodeHistogram } from '../../src/result/histogram.ts'
import type {
  ExperimentResult,
  IntervalResult,
  LatencyResult,
  SideResult,
  TrialResult,
} from '../../src/result/result.ts'
import { summarise } from '../../src/result/summary.ts'
import { judgeTrial, type TrialFacts } from '../../src/result/verdict.ts'

/** What a sample trial looks like; everything else follows from it. */
export interface SampleShape {
  readonly seed: number
  readonly rateHz: number
  readonly warmupS: number
  readonly measureS: number
  /** Median latency of publish, µs; the other latencies follow. */
  readonly medianUs: number
  /** Of the messages scheduled in measure, the share that is acknowledged and delivered. */
  readonly acknowledgedShare: number
  /** Messages whose value is never known, recorded as lower bounds. */
  readonly censored: number
}

export const SAMPLE_SHAPE: SampleShape = {
  seed: 1,
  rateHz: 1_000,
  warmupS: 5,
  measureS: 20,
  medianUs: 1_500,
  acknowledgedShare: 1,
  censored: 0,
}

/** Deterministic numbers in [0, 1) (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** The result form of these values, in whole µs. */
export function encoded(values: Iterable<number>, extra: Partial<EncodedHistogram> = {}): EncodedHistogram {
  const histogram = emptyHistogram()
  for (const value of values) histogram.recordValue(value)
  return {
    hdr: encodeHistogram(histogram),
    count: histogram.totalCount,
    saturated: 0,
    negative: 0,
    minimumUs: 0,
    ...extra,
  }
}

/** A latency of the result from what was seen and what never came. */
export function latencyOf(completed: Iterable<number>, censored: Iterable<number> = []): LatencyResult {
  const [seen, missing] = [encoded(completed), encoded(censored)]
  return { completed: seen, censored: missing, summary: summarise(seen, missing) }
}

/** Times a median: a body that is nearly normal in its logarithm, with a long tail. */
function latencyValue(random: () => number, medianUs: number): number {
  const body = medianUs * Math.exp(0.35 * (random() + random() + random() - 1.5) * 2)
  const tail = random() < 0.02 ? 1 + 12 * random() ** 3 : 1
  return Math.max(1, Math.round(body * tail))
}

const FACTOR: Readonly<Record<LatencyName, number>> = {
  publish: 1,
  service: 0.8,
  scheduleDelay: 0.2,
  driverDelay: 0.02,
  wokenLate: 0.15,
  endToEnd: 1.3,
}

function sampleCounts(shape: SampleShape, seconds: number): ProducerCounts {
  const scheduled = shape.rateHz * seconds
  const acknowledged = Math.round(scheduled * shape.acknowledgedShare)
  return { scheduled, sent: acknowledged, acknowledged, rejected: 0, unknown: 0 }
}

function sampleLatencies(shape: SampleShape, count: number): Record<LatencyName, LatencyResult> {
  const random = seededRandom(shape.seed)
  const entries = LATENCIES.map((name) => {
    const values = Array.from({ length: count }, () => latencyValue(random, shape.medianUs * FACTOR[name]))
    const lowerBounds = name === 'publish' || name === 'endToEnd' ? shape.censored : 0
    const bounds = Array.from({ length: lowerBounds }, () => 10_000_000 + Math.round(random() * 5_000_000))
    return [name, latencyOf(values, bounds)] as const
  })
  return Object.fromEntries(entries) as Record<LatencyName, LatencyResult>
}

function sampleInterval(shape: SampleShape, second: number, random: () => number): IntervalResult {
  const end = shape.warmupS + shape.measureS
  const drains = second >= end
  const counts = drains
    ? { scheduled: 0, sent: 0, acknowledged: 0, rejected: 0, unknown: 0 }
    : sampleCounts(shape, 1)
  const latencies = drains
    ? {}
    : Object.fromEntries(
        LATENCIES.map((name) => {
          const { completed, summary } = latencyOf(
            Array.from({ length: 50 }, () => latencyValue(random, shape.medianUs * FACTOR[name])),
          )
          const { p50, p99, p999, max } = summary
          return [
            name,
            { count: 50, p50Us: p50.us, p99Us: p99.us, p999Us: p999.us, maxUs: max.us, hdr: completed.hdr },
          ]
        }),
      )
  return {
    startS: second,
    endS: second + 1,
    phase: drains ? 'drain' : second < shape.warmupS ? 'warmup' : 'measure',
    counts,
    received: counts.acknowledged,
    latencies,
  }
}

export type SampleAudit = Audit & { readonly topic: string; readonly subscription: string }

/** An audit in which everything that was acknowledged came once and in order. */
export function sampleAudit(sent: number, changes: Partial<SampleAudit> = {}): SampleAudit {
  return {
    topic: 'topic-0',
    subscription: 'sub-0',
    sent,
    acknowledged: sent,
    rejected: 0,
    unknown: 0,
    received: sent,
    distinct: sent,
    lost: 0,
    acknowledgedLost: 0,
    duplicated: 0,
    redelivered: 0,
    outOfOrder: 0,
    corrupted: 0,
    wrongPartition: 0,
    ghosts: 0,
    overflowed: false,
    ...changes,
  }
}

/** A trial nobody has judged yet: healthy unless the shape or the changes say otherwise. */
export function sampleFacts(shape: Partial<SampleShape> = {}, changes: Partial<TrialFacts> = {}): TrialFacts {
  const full = { ...SAMPLE_SHAPE, ...shape }
  const random = seededRandom(full.seed + 1)
  const [warmup, measure] = [sampleCounts(full, full.warmupS), sampleCounts(full, full.measureS)]
  const phase = (counts: ProducerCounts, durationS: number, seed: number) => ({
    durationS,
    counts,
    delivered: counts.acknowledged,
    consumeRateHz: durationS === 0 ? 0 : counts.acknowledged / durationS,
    publishRateHz: durationS === 0 ? 0 : counts.acknowledged / durationS,
    latencies: sampleLatencies({ ...full, seed }, Math.min(counts.acknowledged, 5_000)),
  })
  const seconds = full.warmupS + full.measureS + 1
  const sent = warmup.sent + measure.sent
  return {
    startedAt: '2026-11-21T10:00:00.000Z',
    server: {
      version: '4.3.1',
      client: '@platformatic/kafka 2.12.1',
      runtime: 'native',
      addresses: ['127.0.0.1:19092'],
      settings: { heap: '1 GiB', 'log.flush': 'none' },
      notes: ['replication factor 1 on one node'],
      usage: { cpuS: 7.25, maxRssBytes: 1_200_000_000 },
    },
    promise: { delivery: 'at-least-once', orderDomain: 'partition', sharedStreams: false },
    phases: {
      warmup: phase(warmup, full.warmupS, full.seed + 2),
      measure: phase(measure, full.measureS, full.seed),
    },
    intervals: Array.from({ length: seconds }, (_, second) => sampleInterval(full, second, random)),
    audits: [sampleAudit(sent)],
    publishErrors: {},
    consumeErrors: {},
    consumerCounts: { received: sent, corrupted: 0, foreign: 0 },
    contractBreaches: [],
    workers: (['producer', 'consumer'] as const).map((role, index) => ({
      role,
      index: 0,
      pid: 4_000 + index,
      cpuS: 5.5,
      maxCoreShare: 0.41,
      meanCoreShare: 0.28,
      maxRssBytes: 150_000_000,
      failure: null,
    })),
    clockBoundUs: 45,
    drain: { durationMs: 800, complete: true },
    backlogAtEnd: 12,
    interrupted: null,
    ...changes,
  }
}

/** A judged trial. */
export function sampleTrial(
  shape: Partial<SampleShape> = {},
  changes: Partial<TrialFacts> = {},
): TrialResult {
  const facts = sampleFacts(shape, changes)
  return { ...facts, verdict: judgeTrial(facts) }
}

/** A side with one trial, or with the given ones. */
export function sampleSide(label: string, changes: Partial<SideResult> = {}): SideResult {
  return {
    label,
    driver: label,
    settings: { name: label, driver: label, config: { acks: 'all', linger: 1, password: '***' } },
    ignoredSettings: [],
    error: null,
    trials: [sampleTrial()],
    ...changes,
  }
}

const SOURCE = `name: sample
topics: 1
partitionsPerTopic: 16
messageSize: 1024
producerRate: 1000
testDurationMinutes: 1
`

/** A whole experiment with two sides: `kafka`, which held the rate, and `rabbitmq`, a little slower. */
export function sampleResult(changes: Partial<ExperimentResult> = {}): ExperimentResult {
  const rabbit = sampleTrial({ seed: 7, medianUs: 2_600 })
  return {
    schemaVersion: 1,
    id: 'exp-20261121-100000',
    startedAt: '2026-11-21T10:00:00.000Z',
    endedAt: '2026-11-21T10:01:10.000Z',
    benchVersion: '0.1.0',
    command: ['bench', 'run', 'workloads/sample.yaml', '--drivers', 'kafka,rabbitmq'],
    host: {
      os: 'Debian GNU/Linux 12',
      kernel: '6.1.0',
      cpuModel: 'Example CPU @ 2.00GHz',
      cpus: 2,
      memoryBytes: 8_000_000_000,
      bun: '1.4.5',
      loadAverage: 0.4,
    },
    workload: {
      name: 'sample',
      topics: 1,
      partitionsPerTopic: 16,
      keyDistributor: 'NO_KEY',
      messageBytes: 1024,
      payload: { kind: 'fixed' },
      subscriptionsPerTopic: 1,
      producersPerTopic: 1,
      consumersPerSubscription: 1,
      producerRateHz: 1_000,
      consumerRateHz: null,
      warmupS: 5,
      durationS: 20,
      drivers: null,
    },
    workloadSource: SOURCE,
    workers: 1,
    sides: [
      sampleSide('kafka'),
      sampleSide('rabbitmq', {
        settings: { name: 'rabbitmq', driver: 'rabbitmq', config: { queueType: 'quorum', prefetch: 200 } },
        ignoredSettings: ['exclusive: queues are shared by processes'],
        trials: [
          {
            ...rabbit,
            server: {
              ...rabbit.server,
              version: '3.10.8',
              client: 'amqplib 2.3.1',
              addresses: ['127.0.0.1:5672'],
              settings: { heap: 'Erlang default' },
              notes: ['16 partitions are 16 queues per subscription'],
            },
            promise: { delivery: 'at-least-once', orderDomain: 'queue', sharedStreams: false },
          },
        ],
      }),
    ],
    partial: null,
    notes: ['subscriptionsPerTopic defaults to 1 (OMB: 0)'],
    costs: { billing: 'not billed' },
    ...changes,
  }
}
