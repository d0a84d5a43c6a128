import { z } from 'zod'
import { ACKNOWLEDGERS, LATENCIES, PHASES, WORKER_ROLES } from '../engine/types.ts'
import { FLOOR_LATENCIES } from './floor.ts'
import { type ExperimentResult, RESULT_SCHEMA_VERSION } from './result.ts'
import { REFUSAL_KINDS, SEARCH_ENDS, SEARCH_PURPOSES } from './search.ts'
import { wholeCostsSchema } from './whole-costs.ts'
import { faultKind, searchOptions, workload } from './workload-schema.ts'

const count = z.number().int().nonnegative()
const number = z.number()
const text = z.string()
const texts = z.array(text)
const textOrNull = text.nullable()
const countsByKind = z.record(text, count)

const histogram = z.object({ hdr: text, count, saturated: count, negative: count, minimumUs: number })
const quantile = z.object({ us: number.nonnegative(), atLeast: z.boolean() })

const summary = z.object({
  count,
  censored: count,
  negative: count,
  saturated: count,
  meanUs: number.nullable(),
  p50: quantile,
  p75: quantile,
  p95: quantile,
  p99: quantile,
  p999: quantile,
  p9999: quantile,
  max: quantile,
})

const producerCounts = z.object({
  scheduled: count,
  sent: count,
  acknowledged: count,
  rejected: count,
  unknown: count,
})

const phase = z.object({
  durationS: number.nonnegative(),
  counts: producerCounts,
  delivered: count,
  consumeRateHz: number.nonnegative(),
  publishRateHz: number.nonnegative(),
  latencies: z.record(z.enum(LATENCIES), z.object({ completed: histogram, censored: histogram, summary })),
})

const interval = z.object({
  startS: number,
  endS: number,
  phase: z.enum([...PHASES, 'drain']),
  counts: producerCounts,
  received: count,
  latencies: z.partialRecord(
    z.enum(LATENCIES),
    z.object({ count, p50Us: number, p99Us: number, p999Us: number, maxUs: number, hdr: text }),
  ),
})

const audit = z.object({
  topic: text,
  subscription: text,
  sent: count,
  acknowledged: count,
  rejected: count,
  unknown: count,
  received: count,
  distinct: count,
  lost: count,
  acknowledgedLost: count,
  duplicated: count,
  redelivered: count,
  outOfOrder: count,
  corrupted: count,
  wrongPartition: count,
  ghosts: count,
  overflowed: z.boolean(),
})

const worker = z.object({
  role: z.enum(WORKER_ROLES),
  index: count,
  pid: number,
  cpuS: number,
  maxCoreShare: number,
  meanCoreShare: number,
  maxRssBytes: number,
  failure: textOrNull,
})

const verdict = z.object({
  measurement: z.enum(['valid', 'saturated', 'invalid']),
  measurementReasons: texts,
  integrity: z.enum(['intact', 'violated', 'unproven']),
  integrityReasons: texts,
})

const countOrNull = count.nullable()
const brokerFigures = z.object({
  topics: z.array(
    z.object({
      topic: text,
      messagesIn: countOrNull,
      storageBytes: countOrNull,
      subscriptions: z.array(
        z.object({
          subscription: text,
          messagesOut: countOrNull,
          backlog: countOrNull,
          backlogUnit: z.enum(['messages', 'batches']),
        }),
      ),
    }),
  ),
  error: textOrNull,
})

const terms = z.object({
  acknowledgedBy: z.enum(ACKNOWLEDGERS).exactOptional(),
  deduplicates: z.boolean().exactOptional(),
  batching: z
    .union([
      z.literal('none'),
      z.object({
        lingerMs: number.nonnegative(),
        maxMessages: count.exactOptional(),
        maxBytes: count.exactOptional(),
      }),
    ])
    .exactOptional(),
  compression: text.exactOptional(),
  consumerAcks: text.exactOptional(),
  platform: text.exactOptional(),
  hosts: texts.exactOptional(),
})

const wire = z.object({ sentBytes: count, receivedBytes: count, atLeast: z.boolean() })

const span = z.object({ fromS: number, toS: number })
const fault = z.object({
  kind: faultKind,
  text,
  startS: number.nullable(),
  endS: number.nullable(),
  error: textOrNull,
  recovery: z
    .object({
      afterEndS: number.nullable(),
      duringS: number.nullable(),
      p99LimitUs: number,
      waitedS: number,
    })
    .nullable(),
  longestGap: span.nullable(),
})
const breakdown = z.array(
  z.object({
    topic: text,
    subscription: text,
    producer: count,
    stream: count.nullable(),
    acknowledgedLost: count,
    lost: count,
    duplicated: count,
    outOfOrder: count,
  }),
)

const backlog = z.object({
  targetMessages: count,
  usualMessages: count,
  build: z.object({ startS: number, endS: number, messages: count, reached: z.boolean() }),
  drain: z.object({ endS: number, delivered: count, messages: count, drained: z.boolean() }),
})

const workerClock = z.object({
  role: z.enum(WORKER_ROLES),
  index: count,
  offsetUs: number,
  atUs: number,
  driftPpm: number,
  boundUs: number.nonnegative(),
  exchanges: count,
  restarts: count,
})

const trial = z.object({
  startedAt: text,
  place: count.exactOptional(),
  rateHz: number.positive().exactOptional(),
  server: z.object({
    version: text,
    client: text,
    runtime: z.enum(['native', 'container', 'given']),
    addresses: texts,
    settings: z.record(text, text),
    notes: texts,
    guarantees: z
      .object({
        copies: count.exactOptional(),
        copiesAtAck: count.exactOptional(),
        syncedAtAck: z.boolean().exactOptional(),
      })
      .exactOptional(),
    terms: terms.exactOptional(),
    usage: z
      .object({
        cpuS: number,
        maxRssBytes: number,
        wire: wire.exactOptional(),
        diskWrittenBytes: count.exactOptional(),
        diskGrowthBytes: number.exactOptional(),
      })
      .nullable(),
  }),
  promise: z.object({
    delivery: z.enum(['best-effort', 'at-most-once', 'at-least-once', 'exactly-once']),
    orderDomain: z.enum(['key', 'partition', 'queue', 'none']),
    sharedStreams: z.boolean(),
    partitions: z.enum(['native', 'emulated', 'none']).exactOptional(),
    violationKinds: texts.optional(),
  }),
  phases: z.record(z.enum(PHASES), phase),
  intervals: z.array(interval),
  audits: z.array(audit),
  publishErrors: countsByKind,
  consumeErrors: countsByKind,
  consumerCounts: z.object({ received: count, corrupted: count, foreign: count }),
  contractBreaches: texts,
  workers: z.array(worker),
  clientWire: wire.exactOptional(),
  clockBoundUs: number.nonnegative(),
  warmup: z
    .object({ settled: z.boolean(), maximumS: number.nonnegative(), reason: textOrNull })
    .exactOptional(),
  backlog: backlog.exactOptional(),
  clocks: z.array(workerClock).exactOptional(),
  drain: z.object({ durationMs: number.nonnegative(), complete: z.boolean() }),
  backlogAtEnd: number.nonnegative(),
  interrupted: textOrNull,
  brokerFigures: brokerFigures.exactOptional(),
  otherBrokers: z.array(z.object({ name: text, coreShare: number.nonnegative() })).exactOptional(),
  faults: z.array(fault).exactOptional(),
  acknowledgementGaps: z
    .object({ longest: span.nullable(), producers: z.array(span.extend({ producer: count })) })
    .exactOptional(),
  auditBreakdown: z.object({ producers: breakdown, streams: breakdown }).exactOptional(),
  verdict,
})

const customFigure = z.object({
  name: text,
  unit: text,
  better: z.enum(['lower', 'higher']).nullable(),
  note: textOrNull,
  values: z.array(number.nullable()),
  errors: texts,
})

const searchResult = z.object({
  options: searchOptions,
  end: z.enum(SEARCH_ENDS),
  rateHz: number.positive().nullable(),
  bracket: z.object({ heldHz: number.positive().nullable(), refusedHz: number.positive().nullable() }),
  sentences: texts,
  steps: z.array(
    z.object({
      place: count,
      rateHz: number.positive(),
      purpose: z.enum(SEARCH_PURPOSES),
      outcome: z.enum(['held', 'refused', 'unknown']),
      reasons: z.array(z.object({ kind: z.enum(REFUSAL_KINDS), text })),
      tookS: number.nonnegative(),
    }),
  ),
})

const floorFigures = z.object({ p50: number, p95: number, p99: number, p999: number })
const floor = z.object({
  measuredAt: text,
  kind: z.enum(['quick', 'full']),
  rateHz: number,
  messageBytes: count,
  latencies: z.record(z.enum(FLOOR_LATENCIES), floorFigures),
  stale: textOrNull,
})

/**
 * What `result.json` must hold. Keys beyond these are kept and ignored: a field may be added without a new version.
 * A change of meaning raises `RESULT_SCHEMA_VERSION`.
 */
export const experimentResultSchema = z.object({
  schemaVersion: z.literal(RESULT_SCHEMA_VERSION),
  id: text,
  startedAt: text,
  endedAt: text,
  benchVersion: text,
  command: texts,
  host: z.object({
    os: text,
    kernel: text,
    cpuModel: text,
    cpus: count,
    memoryBytes: number,
    bun: text,
    loadAverage: number,
  }),
  workload,
  workloadSource: text,
  workers: count,
  strict: z.boolean().exactOptional(),
  trialPlan: z
    .object({
      perSide: count,
      seed: count,
      order: texts,
      ratesHz: z.array(number.positive()).exactOptional(),
    })
    .exactOptional(),
  testRun: z.object({ plan: text, run: text, digest: text }).exactOptional(),
  sides: z.array(
    z.object({
      label: text,
      driver: text,
      settings: z.record(text, z.unknown()),
      ignoredSettings: texts,
      error: z.object({ message: text, hint: textOrNull }).nullable(),
      trials: z.array(trial),
      failedTrials: z.array(z.object({ place: count, message: text, hint: textOrNull })).exactOptional(),
      customFigures: z.array(customFigure).exactOptional(),
      search: searchResult.exactOptional(),
    }),
  ),
  partial: textOrNull,
  notes: texts,
  customFigures: z.object({ module: text, error: textOrNull }).exactOptional(),
  floor: floor.exactOptional(),
  costs: z.discriminatedUnion('billing', [
    z.object({ billing: z.literal('not billed') }),
    z.object({
      billing: z.enum(['estimated', 'billed']),
      currency: text,
      sides: z.array(z.object({ side: text, perHour: number.nonnegative() })),
      whole: wholeCostsSchema.exactOptional(),
    }),
  ]),
}) satisfies z.ZodType<ExperimentResult>
