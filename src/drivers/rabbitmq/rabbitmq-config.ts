import { z } from 'zod'

/** TLS of the AMQP connection; `ca` and the rest are paths of PEM files. */
const tlsSchema = z.strictObject({
  ca: z.string().min(1).optional(),
  certificate: z.string().min(1).optional(),
  key: z.string().min(1).optional(),
  /** Name the server's certificate must carry, where it differs from the host. */
  serverName: z.string().min(1).optional(),
})

const wholeNumber = z.number().int().positive()

/** The part of a driver file that belongs to RabbitMQ. Every key has a default a careful user would choose. */
export const rabbitmqConfigSchema = z
  .strictObject({
    client: z.literal('amqplib').default('amqplib'),
    queueType: z.enum(['classic', 'quorum', 'stream']).default('quorum'),
    /** Delivery mode 2: the broker writes messages to disk. Quorum queues and streams always do. */
    persistent: z.boolean().default(true),
    /** Publisher confirms. Without them a message counts as acknowledged once it is in the socket. */
    confirms: z.boolean().default(true),
    /** Messages a producer may have sent and not confirmed. */
    maxUnconfirmed: wholeNumber.max(1_000_000).default(10_000),
    /** Their bytes, for large messages. */
    maxUnconfirmedBytes: wholeNumber.default(33_554_432),
    /** Unacknowledged messages a consumer may hold of each of its queues. */
    prefetch: wholeNumber.max(65_535).default(500),
    /** `auto`: the broker forgets a message once it is in the socket (at most once). */
    ackMode: z.enum(['manual', 'auto']).default('manual'),
    /** One acknowledgement (`multiple`) for each batch of deliveries instead of one for each message. */
    ackMultiple: z.boolean().default(true),
    /** Whether consumers beyond the number of queues share a queue; otherwise they stay idle. */
    competingConsumers: z.boolean().default(true),
    heartbeatS: z.number().int().min(0).max(3600).default(10),
    vhost: z.string().min(1).default('/'),
    username: z.string().min(1).default('guest'),
    password: z.string().optional(),
    /** Name of the environment variable that holds the password. */
    passwordEnv: z.string().min(1).optional(),
    tls: z.union([z.boolean(), tlsSchema]).default(false),
    /** Replicas of a quorum queue or stream (`x-quorum-initial-group-size`, `x-initial-cluster-size`); default: every node. */
    quorumGroupSize: wholeNumber.max(99).optional(),
    /** `x-max-length-bytes`: the oldest messages go when a queue grows beyond it. */
    maxLengthBytes: wholeNumber.optional(),
    /** Further arguments of the queue declarations; they win over the ones above. */
    queueArguments: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  })
  .superRefine((config, context) => {
    const refuse = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message })
    if (config.password !== undefined && config.passwordEnv !== undefined) {
      refuse('passwordEnv', 'expected password or passwordEnv, got both')
    }
    if (config.queueType === 'stream' && config.ackMode === 'auto') {
      refuse('ackMode', 'expected manual: RabbitMQ refuses automatic acknowledgement on stream queues')
    }
    if (config.queueType === 'classic' && config.quorumGroupSize !== undefined) {
      refuse('quorumGroupSize', 'expected queueType quorum or stream: classic queues have one replica')
    }
    if (config.queueType !== 'classic' && !config.persistent) {
      refuse('persistent', `expected true: ${config.queueType} queues write every message to disk`)
    }
  })

/** RabbitMQ's settings after parsing, defaults filled in. */
export type RabbitmqConfig = z.infer<typeof rabbitmqConfigSchema>
