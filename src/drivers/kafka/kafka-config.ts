import { z } from 'zod'

/** Kafka's default `message.max.bytes`: a record batch above it is refused whole. */
export const DEFAULT_MAX_MESSAGE_BYTES = 1_048_588
/** The largest batch we ever fill; a single message may be larger and then travels alone. */
export const BATCH_BYTES_LIMIT = 900_000

const milliseconds = z.number().int().min(0)
const count = z.number().int().min(1)

const sasl = z
  .strictObject({
    mechanism: z
      .enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])
      .describe('SASL mechanism of the listener.'),
    username: z.string().min(1),
    password: z.string().optional().describe('The password itself; masked in results.'),
    passwordEnv: z
      .string()
      .min(1)
      .optional()
      .describe('Name of an environment variable that holds the password.'),
  })
  .refine((value) => (value.password === undefined) !== (value.passwordEnv === undefined), {
    message: 'expected exactly one of password and passwordEnv',
  })

const tls = z.strictObject({
  caFile: z
    .string()
    .optional()
    .describe('PEM file of the certificate authority; the system store without it.'),
  certFile: z.string().optional().describe('PEM file of the client certificate (mutual TLS).'),
  keyFile: z.string().optional().describe('PEM file of the client key (mutual TLS).'),
  serverName: z.string().optional().describe('Name expected in the server certificate, when not the host.'),
  rejectUnauthorized: z.boolean().default(true).describe('false accepts any certificate: tests only.'),
})

/** The Kafka part of a driver file. Defaults follow the Java client where it has one. */
export const kafkaConfigSchema = z
  .strictObject({
    client: z
      .enum(['platformatic', 'kafkajs'])
      .default('platformatic')
      .describe('Client library: @platformatic/kafka, or kafkajs as the cross-check.'),
    acks: z
      .union([z.literal('all'), z.literal(1), z.literal(0)])
      .default('all')
      .describe(
        'all: every in-sync replica has it. 1: the leader has it. 0: it was handed to the socket (at most once).',
      ),
    lingerMs: milliseconds.max(60_000).default(1).describe('How long a batch may wait to fill.'),
    batchBytes: count
      .max(BATCH_BYTES_LIMIT)
      .default(131_072)
      .describe('A batch of one partition is sent as soon as it holds this much.'),
    maxInFlightRequests: count
      .max(1000)
      .default(5)
      .describe('Produce requests under way per broker (kafkajs: also at most one per partition).'),
    maxPendingMessages: count
      .max(10_000_000)
      .default(100_000)
      .describe('Messages a producer holds unsettled; beyond it takes no more.'),
    maxPendingBytes: count.default(33_554_432).describe('The same in bytes (Java: buffer.memory).'),
    compression: z
      .enum(['none', 'gzip', 'snappy', 'lz4', 'zstd'])
      .default('none')
      .describe('Codec of record batches.'),
    idempotent: z
      .boolean()
      .optional()
      .describe(
        'Sequence numbers, so that a retry never duplicates. Default: true with acks all, as in Java.',
      ),
    replicationFactor: count.max(32_767).optional().describe('Default: all brokers, at most 3.'),
    topicConfig: z
      .record(z.string(), z.string())
      .default({})
      .describe('Topic settings, e.g. min.insync.replicas: "2".'),
    requestTimeoutMs: count.default(30_000).describe('One request; then the connection is given up.'),
    deliveryTimeoutMs: count
      .default(120_000)
      .describe('From send to settlement, retries included; then rejected (never written) or unknown.'),
    groupProtocol: z
      .enum(['classic', 'consumer'])
      .default('classic')
      .describe('consumer: KIP-848 groups (platformatic only).'),
    fetchMinBytes: z
      .number()
      .int()
      .min(0)
      .default(1)
      .describe('The broker answers a fetch once it has this much.'),
    fetchMaxWaitMs: milliseconds.max(60_000).default(500).describe('… or after this long.'),
    maxBytesPerPartition: count.default(1_048_576).describe('Most bytes of one partition in one fetch.'),
    sessionTimeoutMs: count.default(30_000).describe('A silent consumer leaves its group after this.'),
    commitIntervalMs: count.default(1000).describe('How often acknowledged offsets are committed.'),
    sasl: sasl.optional(),
    tls: tls.optional().describe('Present (even empty): connect with TLS.'),
  })
  .refine((value) => value.idempotent !== true || value.acks === 'all', {
    message: 'expected acks: all with idempotent: true',
    path: ['acks'],
  })
  .refine((value) => value.acks !== 'all' || value.idempotent === false || value.maxInFlightRequests <= 5, {
    message: 'expected at most 5 with an idempotent producer (set idempotent: false for more)',
    path: ['maxInFlightRequests'],
  })
  .refine((value) => value.client !== 'kafkajs' || value.groupProtocol === 'classic', {
    message: 'expected classic: kafkajs does not speak the consumer protocol (KIP-848)',
    path: ['groupProtocol'],
  })

/** A parsed driver file of Kafka, defaults filled in. */
export type KafkaConfig = z.infer<typeof kafkaConfigSchema>

/** Whether producers number their batches: as asked, else whenever acks allow it. */
export function isIdempotent(config: KafkaConfig): boolean {
  return config.idempotent ?? config.acks === 'all'
}
