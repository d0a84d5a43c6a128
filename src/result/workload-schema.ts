import { z } from 'zod'

const count = z.number().int().nonnegative()
const number = z.number()
const text = z.string()
const texts = z.array(text)

/** What goes wrong on purpose. */
export const faultKind = z.enum(['kill', 'restart', 'stop', 'pause-consumers', 'network'])

const rate = number.nonnegative()
const rateSchedule = z.object({
  arrivals: z.enum(['even', 'poisson']),
  shape: z
    .discriminatedUnion('kind', [
      z.object({
        kind: z.literal('stages'),
        warmupRateHz: rate,
        stages: z.array(z.object({ fromHz: rate, toHz: rate, durationS: number.positive() })),
      }),
      z.object({
        kind: z.literal('trace'),
        warmupRateHz: rate,
        path: text,
        sha256: text,
        messages: count,
      }),
    ])
    .nullable(),
})

/** How a rate was searched for. */
export const searchOptions = z.object({
  slos: texts,
  startHz: number.positive(),
  maxHz: number.positive(),
  precision: number.positive(),
  confirmations: count,
  stepS: number.positive(),
  settleS: number.nonnegative(),
  drainS: number.positive(),
  maxSteps: count,
  maxS: number.positive(),
})

/** What was asked, as it stands in a result. */
export const workload = z.object({
  name: text,
  topics: count,
  partitionsPerTopic: count,
  keyDistributor: z.enum(['NO_KEY', 'KEY_ROUND_ROBIN', 'RANDOM_NANO']),
  messageBytes: count,
  payload: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('fixed') }),
    z.object({ kind: z.literal('random'), randomRatio: number, poolSize: count }),
    z.object({ kind: z.literal('file'), path: text }),
  ]),
  subscriptionsPerTopic: count,
  producersPerTopic: count,
  consumersPerSubscription: count,
  producerRateHz: number,
  ratesHz: z.array(number.positive()).exactOptional(),
  search: searchOptions.exactOptional(),
  consumerRateHz: number.nullable(),
  schedule: rateSchedule.exactOptional(),
  endToEndClock: z.literal('echo').exactOptional(),
  warmup: z.literal('auto').exactOptional(),
  backlog: z
    .object({ messages: count, drainRatio: number, maxBuildS: number, maxDrainS: number })
    .exactOptional(),
  warmupS: number,
  durationS: number,
  slo: texts.exactOptional(),
  drivers: texts.nullable(),
  faults: z
    .array(
      z.object({
        kind: faultKind,
        atS: number,
        forS: number,
        node: z.union([count, z.enum(['leader', 'any'])]).exactOptional(),
        network: z
          .object({
            node: count.nullable(),
            direction: z.enum(['to-broker', 'to-client', 'both']),
            delayMs: number,
            jitterMs: number,
            bytesPerS: number.nullable(),
            reset: z.boolean(),
            blackHole: z.boolean(),
          })
          .exactOptional(),
      }),
    )
    .exactOptional(),
})
