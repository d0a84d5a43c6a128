import { z } from 'zod'
import { MAX_TRIALS_PER_SIDE } from '../compare/statistics/index.ts'
import { backlogField } from './backlog.ts'
import { faultsSchema } from './faults-schema.ts'
import {
  DEFAULT_WARMUP_S,
  MAX_AUTO_WARMUP_S,
  MAX_COUNT,
  MAX_DURATION_S,
  MAX_MESSAGE_BYTES,
  MAX_RATE_HZ,
  MAX_RATES,
  MAX_SIDES,
  MIN_MESSAGE_BYTES,
  UNBOUNDED_RATE_HZ,
} from './limits.ts'
import { scheduleField } from './schedule-fields.ts'
import { searchSchema } from './search.ts'
import { MAX_SLOS } from './slo.ts'

const count = () => z.int().min(1).max(MAX_COUNT)
const rate = () =>
  z
    .int()
    .min(1)
    .max(UNBOUNDED_RATE_HZ - 1)
const MAX_MINUTES = MAX_DURATION_S / 60

const fields = {
  name: z
    .string()
    .regex(/^\P{Cc}{1,200}$/u, 'one line of 1 to 200 characters')
    .optional()
    .describe('Name in results; default: the file name.'),
  topics: count().default(1).describe('Topics to create.'),
  partitionsPerTopic: count().default(1).describe('Partitions of each topic.'),
  keyDistributor: z
    .enum(['NO_KEY', 'KEY_ROUND_ROBIN', 'RANDOM_NANO'])
    .default('NO_KEY')
    .describe('Message keys. None, each of 10,000 in turn, or one of 10,000 at random.'),
  messageSize: z
    .int()
    .min(MIN_MESSAGE_BYTES)
    .max(MAX_MESSAGE_BYTES)
    .describe(`Bytes of a message, ${MIN_MESSAGE_BYTES} at least for the header of the audit.`),
  useRandomizedPayloads: z
    .boolean()
    .default(false)
    .describe('Bodies come from a pool of partly random ones, one picked at random for each message.'),
  randomBytesRatio: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe(
      'Part of each randomized body that is random, the rest zeros. Needed with useRandomizedPayloads.',
    ),
  randomizedPayloadPoolSize: count()
    .optional()
    .describe('Bodies in the pool. Needed with useRandomizedPayloads.'),
  payloadFile: z
    .string()
    .min(1)
    .max(4096)
    .optional()
    .describe(
      'File with the body of every message, exactly messageSize bytes. Looked up beside the workload file, in the folders above it, then in the current one.',
    ),
  subscriptionsPerTopic: count().default(1).describe('Subscriptions of each topic; each gets every message.'),
  producersPerTopic: count().default(1).describe('Producers of each topic.'),
  consumerPerSubscription: count().default(1).describe('Consumers of each subscription.'),
  producerRate: z
    .int()
    .min(0)
    .max(UNBOUNDED_RATE_HZ - 1)
    .optional()
    .describe(
      'Messages a second, total over all producers and topics; 0: search the highest that is sustained. Needed without rates and search.',
    ),
  rates: z
    .array(rate())
    .min(1)
    .max(MAX_RATES)
    .optional()
    .describe('Several rates instead of producerRate; each side is measured at each.')
    .meta({ uniqueItems: true }),
  search: searchSchema
    .optional()
    .describe('Search the highest rate that is sustained, in the place of producerRate.'),
  consumerRate: count()
    .optional()
    .describe(
      'Messages a second that all consumers of one subscription may take together; default: no limit.',
    ),
  consumerBacklogSizeGB: z
    .number()
    .min(0)
    .max(1_000_000)
    .default(0)
    .describe('As backlog, in GiB over all subscriptions: OMB’s word.'),
  backlogDrainRatio: z
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe('Part of the backlog that must be gone for it to count as drained.'),
  warmupDurationMinutes: z
    .int()
    .min(0)
    .max(MAX_MINUTES)
    .optional()
    .describe('Warm-up in minutes, not measured.'),
  warmupDurationSeconds: z
    .int()
    .min(0)
    .max(MAX_DURATION_S)
    .optional()
    .describe(`Warm-up in seconds, not measured; default: ${DEFAULT_WARMUP_S}.`),
  testDurationMinutes: z.int().min(1).max(MAX_MINUTES).optional().describe('Measured time in minutes.'),
  testDurationSeconds: z.int().min(1).max(MAX_DURATION_S).optional().describe('Measured time in seconds.'),
  endToEndClock: z
    .enum(['hosts', 'echo'])
    .default('hosts')
    .describe(
      'Clocks of an end-to-end latency. Those of the hosts of sender and receiver, or, with echo, one: each topic is sent and received by one worker.',
    ),
  drivers: z
    .array(z.string().min(1).max(4096))
    .min(1)
    .max(MAX_SIDES)
    .optional()
    .describe('Sides to compare, written as on the command line, [label=]name[:client][+key=value].'),
  repeat: z
    .union([z.int().min(1).max(MAX_TRIALS_PER_SIDE), z.literal('auto')])
    .default(1)
    .describe('Trials of each side at each rate, in random order; auto: as many as a verdict needs.'),
  metrics: z
    .string()
    .min(1)
    .max(4096)
    .optional()
    .describe(
      'Module with custom figures for the report (TypeScript or JavaScript), beside the workload file.',
    ),
  schedule: scheduleField.optional(),
  slo: z
    .array(z.string().min(1))
    .min(1)
    .max(MAX_SLOS)
    .optional()
    .describe("Objectives that every trial must meet, such as 'publish.p99 < 20ms'; a miss is exit code 5."),
  warmup: z
    .literal('auto')
    .optional()
    .describe(
      `Warm-up ends when rates and latencies have settled, at the latest after warmupDuration (default then: ${MAX_AUTO_WARMUP_S} s).`,
    ),
  backlog: backlogField.optional(),
  faults: faultsSchema,
}

/** A workload file as a person writes it: OMB's fields and ours. */
export const workloadSchema = z
  .strictObject(fields)
  .describe('A workload of bench, in the dialect of the OpenMessaging Benchmark.')
  .meta({ title: 'bench workload' })

/** What `readWorkload` parses with: also lets through what is refused afterwards with a sentence of its own. */
export const readableWorkloadSchema = z.strictObject({
  ...fields,
  producerRate: z.int().min(0).max(MAX_RATE_HZ).optional(),
})

export type WorkloadFields = z.infer<typeof readableWorkloadSchema>
