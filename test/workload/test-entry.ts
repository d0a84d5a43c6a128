import { z } from 'zod'
import type { Capabilities } from '../../src/driver/capabilities.ts'
import { parseJavaProperties } from '../../src/driver/java-properties.ts'
import type { DriverEntry } from '../../src/drivers/registry.ts'

/** Capabilities of the test driver; `keyed` and `maxBytes` of its settings change them. */
function capabilities(config: unknown): Capabilities {
  const { keyed, maxBytes, partitions, sink } = config as z.infer<typeof configSchema>
  return {
    partitions,
    choosesPartition: !sink,
    subscriptions: keyed,
    orderDomain: sink ? 'none' : 'partition',
    sharedStreams: false,
    delivery: sink ? 'best-effort' : keyed ? 'at-least-once' : 'at-most-once',
    redeliveryFlag: false,
    redelivers: true,
    replay: true,
    keys: keyed,
    filtersByStream: false,
    consumerIsServer: sink,
    transactions: false,
    brokerTimestamps: false,
    maxMessageBytes: maxBytes,
  }
}

const configSchema = z
  .strictObject({
    client: z.enum(['plain', 'other']).default('plain').describe('Client library.'),
    acks: z
      .union([z.literal('all'), z.literal(0), z.literal(1)])
      .default('all')
      .describe('What counts as written.'),
    lingerMs: z
      .number()
      .int()
      .min(0)
      .max(1000)
      .default(1)
      .describe('How long a batch waits. In milliseconds.'),
    keyed: z.boolean().default(true),
    sink: z.boolean().default(false),
    maxBytes: z.number().int().positive().default(1_000_000),
    partitions: z.enum(['native', 'emulated', 'none']).default('native'),
    compression: z.enum(['none', 'gzip']).default('none'),
    topicConfig: z.record(z.string(), z.string()).default({}),
    sasl: z
      .strictObject({ username: z.string().min(1), password: z.string().min(1) })
      .optional()
      .describe('User and password.'),
    pin: z.string().optional(),
  })
  .refine(({ acks, lingerMs }) => acks !== 0 || lingerMs === 0, {
    message: 'expected 0 with acks: 0',
    path: ['lingerMs'],
  })

/** A small driver in the shape of the real ones: properties text in OMB's dialect, secrets, two clients. */
export const testEntry: DriverEntry = {
  name: 'demo',
  ombDriverClasses: ['DemoBenchmarkDriver'],
  clients: ['plain', 'other'],
  localBroker: 'demo',
  configSchema,
  fromOmb(raw) {
    const properties = parseJavaProperties(String(raw.producerConfig ?? ''))
    const linger = properties.get('linger.ms')
    const servers = properties.get('bootstrap.servers')?.split(',') ?? null
    const known = ['producerConfig']
    return {
      config: {
        ...(linger === undefined ? {} : { lingerMs: Number(linger) }),
        ...(raw.compression === undefined ? {} : { compression: raw.compression }),
      },
      servers,
      ignored: [...Object.keys(raw).filter((key) => !known.includes(key) && key !== 'compression')].map(
        (key) => `${key}: has no counterpart here`,
      ),
    }
  },
  secretKeys: ['pin'],
  load: async () => ({
    name: 'demo',
    capabilities,
    create: () => {
      throw new Error('the test driver is never opened')
    },
  }),
}

/** A driver without a local broker and without a choice of clients. */
export const remoteEntry: DriverEntry = {
  ...testEntry,
  name: 'remote',
  ombDriverClasses: ['RemoteBenchmarkDriver'],
  localBroker: null,
}

export const testRegistry = [testEntry, remoteEntry]
