import { z } from 'zod'
import type { ServerUrls } from '../registry.ts'

const count = z.number().int().min(1)
const port = z.number().int().min(1).max(65_535)
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/
const HEADER_VALUE = /^[\t\x20-\x7e]*$/

/** Before `host:port` in `servers`: the system under test by protocol, and where the sink listens. */
export const SERVER_SCHEMES = ['http', 'https', 'grpc', 'grpcs', 'sink+http', 'sink+grpc']

/** Servers of driver files may say what they speak; the driver reads the scheme itself. */
export const otlpServerUrls: ServerUrls = {
  form: new RegExp(
    `^(?:${SERVER_SCHEMES.map((scheme) => scheme.replace('+', '\\+')).join('|')})://(\\[[0-9a-fA-F:.]+\\]|[^\\s:/,@[\\]]+):\\d{1,5}$`,
  ),
  example: `${SERVER_SCHEMES.join('|')}://host:port`,
  read: (text) => ({ servers: [text], config: {} }),
}

const plainAttributes = z.record(z.string().min(1), z.union([z.string(), z.number(), z.boolean()]))

/** The OTLP part of a driver file. */
export const otlpConfigSchema = z
  .strictObject({
    client: z.enum(['http', 'grpc']).default('http').describe('OTLP/HTTP (protobuf) or OTLP/gRPC.'),
    item: z
      .enum(['log', 'span'])
      .default('log')
      .describe('What a message becomes: a log record (in its body) or a span (in an attribute).'),
    messageAttribute: z
      .string()
      .min(1)
      .default('bench.message')
      .describe('Span attribute that carries the message.'),
    attributes: plainAttributes.default({}).describe('On every record, e.g. tenant_id.'),
    resourceAttributes: plainAttributes.default({}).describe('On the resource of every request.'),
    maskedAttributes: z
      .array(z.string().min(1))
      .default([])
      .describe('Attributes that must not reach the sink with the value they were sent with.'),
    batchMessages: count.max(100_000).default(100).describe('A request is sent with this many messages …'),
    batchBytes: count
      .max(67_108_864)
      .default(1_048_576)
      .describe('… or this many bytes of messages, also the largest message …'),
    lingerMs: z
      .number()
      .int()
      .min(0)
      .max(60_000)
      .default(1)
      .describe('… or after this long. 0: as soon as a connection is free.'),
    connections: count
      .max(1000)
      .default(8)
      .describe('Connections of a worker process to each server, each with one request under way.'),
    maxPendingMessages: count
      .max(1_000_000)
      .default(10_000)
      .describe('Messages a producer may have taken that are not answered.'),
    maxPendingBytes: count.default(33_554_432).describe('Their bytes, for large messages.'),
    connectTimeoutMs: count.max(600_000).default(5000).describe('Time to connect.'),
    requestTimeoutMs: count
      .max(600_000)
      .default(10_000)
      .describe('What is not answered by then counts as unknown.'),
    retryForMs: z
      .number()
      .int()
      .min(0)
      .max(600_000)
      .default(0)
      .describe('How long retryable refusals are tried again, as an SDK would. 0: each refusal is counted.'),
    compression: z.enum(['none', 'gzip']).default('none').describe('Compression of requests.'),
    headers: z
      .record(z.string().regex(HEADER_NAME), z.string().regex(HEADER_VALUE))
      .default({})
      .describe('Sent with every request, e.g. authorization; masked in results.'),
    answerMeans: z
      .enum(['accepted', 'stored', 'delivered'])
      .default('accepted')
      .describe(
        'accepted: in memory, lost in a crash. stored: in a queue on disk. delivered: the system answers after its upstream did.',
      ),
    sinkHost: z.string().min(1).default('127.0.0.1').describe('Where the sink listens …'),
    sinkHttpPort: port.default(14_328).describe('… for OTLP/HTTP: the upstream of the system under test …'),
    sinkGrpcPort: port.default(14_327).describe('… and for OTLP/gRPC.'),
  })
  .superRefine((config, context) => {
    for (const [index, name] of config.maskedAttributes.entries()) {
      const value = config.attributes[name]
      if (typeof value === 'string' && value !== '') continue
      context.addIssue({
        code: 'custom',
        path: ['maskedAttributes', index],
        message: `expected a name in attributes with a text as its value, got ${JSON.stringify(name)}`,
      })
    }
  })

/** OTLP's settings after parsing, defaults filled in. */
export type OtlpConfig = z.infer<typeof otlpConfigSchema>

/** Kind of consumer error for a record on which this attribute came as it was sent. */
export function notMasked(attribute: string): string {
  return `${attribute} not masked`
}
