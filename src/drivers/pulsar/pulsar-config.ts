import { z } from 'zod'
import { officialRefusals } from './official/refusals.ts'

const count = z.number().int().min(1)
const milliseconds = z.number().int().min(0)

const tls = z.strictObject({
  caFile: z
    .string()
    .min(1)
    .optional()
    .describe('PEM file of the certificate authority; the system store without it.'),
  certFile: z.string().min(1).optional().describe('PEM file of the client certificate (mutual TLS).'),
  keyFile: z.string().min(1).optional().describe('PEM file of the client key (mutual TLS).'),
  serverName: z
    .string()
    .min(1)
    .optional()
    .describe('Name expected in the server certificate, when not the host.'),
  rejectUnauthorized: z.boolean().default(true).describe('false accepts any certificate: tests only.'),
})

const persistence = z
  .strictObject({
    ensembleSize: count.describe('Bookies that a ledger is spread over.'),
    writeQuorum: count.describe('Copies of each entry.'),
    ackQuorum: count.describe('Copies that must be written before the acknowledgement.'),
  })
  .refine((value) => value.ackQuorum <= value.writeQuorum && value.writeQuorum <= value.ensembleSize, {
    message: 'expected ackQuorum ≤ writeQuorum ≤ ensembleSize',
  })

const retention = z.strictObject({
  minutes: z.number().int().min(-1).describe('How long acknowledged messages are kept; -1: for ever.'),
  megabytes: z.number().int().min(-1).describe('How many of them; -1: without limit.'),
})

/** The Pulsar part of a driver file. Defaults follow the Java client where it has one. */
export const pulsarConfigSchema = z
  .strictObject({
    client: z
      .enum(['native', 'pulsar-client'])
      .default('native')
      .describe('Client: our own in TypeScript, or the official npm package where its addon loads.'),
    adminUrl: z
      .url()
      .optional()
      .describe('Admin interface. Default: a http:// entry of servers, else port 8080 of the first server.'),
    namespace: z
      .string()
      .regex(/^[\w=:.-]+\/[\w=:.-]+$/, 'tenant/namespace')
      .default('public/bench')
      .describe('tenant/namespace of the topics; made if it is missing.'),
    topicType: z
      .enum(['persistent', 'non-persistent'])
      .default('persistent')
      .describe(
        'non-persistent: never stored; what a consumer does not take at once is lost, and that is no fault.',
      ),
    persistence: persistence.optional().describe('Bookies and copies; default: as the broker is configured.'),
    deduplication: z
      .boolean()
      .optional()
      .describe('The broker drops what a producer sends twice; default: as the broker is configured.'),
    retention: retention.optional().describe('What is kept after all subscriptions acknowledged it.'),
    compression: z
      .enum(['none', 'lz4', 'zlib', 'zstd', 'snappy'])
      .default('none')
      .describe('Codec of batches.'),
    batching: z
      .enum(['default', 'key', 'none'])
      .default('default')
      .describe('key: one key a batch, as key_shared subscriptions need it. none: each message by itself.'),
    batchMessages: count.max(100_000).default(1000).describe('A batch is sent with this many messages …'),
    batchBytes: count.default(131_072).describe('… or this many bytes …'),
    batchDelayMs: milliseconds
      .max(60_000)
      .default(1)
      .describe('… or after this long; at once where none was sent for as long. 0: at once.'),
    maxPendingMessages: count
      .max(1_000_000)
      .default(10_000)
      .describe('Messages a producer may have sent that are not acknowledged.'),
    maxPendingBytes: count.default(33_554_432).describe('Their bytes, for large messages.'),
    sendTimeoutMs: count.default(30_000).describe('What is not acknowledged by then counts as unknown.'),
    subscriptionType: z
      .enum(['exclusive', 'failover', 'shared', 'key_shared'])
      .default('exclusive')
      .describe('exclusive: bench deals the partitions out. The others: the broker does.'),
    receiverQueueSize: count
      .max(1_000_000)
      .default(1000)
      .describe('Messages the broker sends ahead, for each partition.'),
    ackMode: z
      .enum(['individual', 'cumulative'])
      .default('individual')
      .describe('cumulative: one for all before it (exclusive and failover only).'),
    ackGroupMs: milliseconds
      .max(60_000)
      .default(100)
      .describe('Acknowledgements are sent together after this …'),
    ackGroupMessages: count.max(100_000).default(1000).describe('… or when there are this many.'),
    ackReceipts: z
      .boolean()
      .default(false)
      .describe('The broker confirms acknowledgements; a consumer closes when it has.'),
    connectionsPerBroker: count.max(100).default(1).describe('TCP connections to each broker.'),
    operationTimeoutMs: count
      .default(30_000)
      .describe('A request other than a message must be answered by then.'),
    keepAliveMs: count
      .default(30_000)
      .describe('A PING after this much silence; twice as much ends the connection.'),
    verifyChecksums: z.boolean().default(true).describe('Whether checksums of received batches are checked.'),
    token: z.string().min(1).optional().describe('Authentication token itself; masked in results.'),
    tokenEnv: z.string().min(1).optional().describe('Name of an environment variable that holds the token.'),
    tls: tls.optional().describe('Present (even empty): connect with TLS.'),
  })
  .superRefine((config, context) => {
    const refuse = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: path.split('.'), message })
    if (config.token !== undefined && config.tokenEnv !== undefined) {
      refuse('tokenEnv', 'expected token or tokenEnv, got both')
    }
    if (config.client === 'pulsar-client') {
      for (const [path, message] of officialRefusals(config)) refuse(path, message)
    }
    const isShared = config.subscriptionType === 'shared' || config.subscriptionType === 'key_shared'
    if (isShared && config.ackMode === 'cumulative') {
      refuse(
        'ackMode',
        `expected individual: Pulsar has no cumulative acknowledgement on ${config.subscriptionType}`,
      )
    }
    for (const name of ['persistence', 'retention', 'deduplication'] as const) {
      if (config.topicType === 'non-persistent' && config[name] !== undefined)
        refuse(name, 'expected a persistent topicType: of non-persistent topics nothing is stored')
    }
    if (config.subscriptionType === 'key_shared' && config.batching === 'default') {
      refuse(
        'batching',
        'expected key or none: a batch goes whole to one consumer of a key_shared subscription',
      )
    }
  })

/** Pulsar's settings after parsing, defaults filled in. */
export type PulsarConfig = z.infer<typeof pulsarConfigSchema>
