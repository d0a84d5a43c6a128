import http2, { type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { SystemClock } from '../../../src/clock/system-clock.ts'
import type { ConsumerSpec, Outcome, Producer } from '../../../src/driver/driver.ts'
import { otlpConfigSchema } from '../../../src/drivers/otlp/otlp-config.ts'
import { driverModule } from '../../../src/drivers/otlp/otlp-driver.ts'
import { freePorts } from './relay.ts'

export const clock = new SystemClock()
const never = new AbortController().signal
const WAIT_MS = 10_000

/** Polls until the condition holds. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  const endUs = clock.nowUs() + WAIT_MS * 1000
  while (!condition()) {
    if (clock.nowUs() > endUs) throw new Error(`waited in vain for ${what}`)
    await clock.sleep(2)
  }
}

/** A server that says what it is told: one answer a request. */
export interface Scripted {
  readonly server: string
  stop(): unknown
}

export function scriptedHttp(answer: (body: Uint8Array) => Response | Promise<Response>): Scripted {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: async (request) => answer(await request.bytes()),
  })
  return { server: `http://127.0.0.1:${server.port}`, stop: () => server.stop(true) }
}

/** Answers each call with these trailers; null: never. */
export async function scriptedGrpc(answer: () => Readonly<Record<string, string>> | null): Promise<Scripted> {
  const server = http2.createServer()
  const sessions = new Set<{ destroy(): void }>()
  server.on('session', (session) => sessions.add(session))
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => {})
    stream.resume()
    stream.on('end', () => {
      const trailers = answer()
      if (trailers === null) return
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...trailers }, { endStream: true })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    server: `grpc://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop() {
      for (const session of sessions) session.destroy()
      server.close()
    },
  }
}

export interface Settlement {
  readonly first: number
  readonly count: number
  readonly outcome: Outcome
  readonly reason: string | undefined
}

/** A driver with these settings, opened, with sinks on ports of its own. */
export async function openDriver(servers: readonly string[], settings: Readonly<Record<string, unknown>>) {
  const [sinkHttpPort, sinkGrpcPort] = await freePorts(2)
  const config = otlpConfigSchema.parse({ sinkHttpPort, sinkGrpcPort, ...settings })
  const driver = driverModule.create({ config, servers, namePrefix: 'test', log() {} })
  await driver.open(never)
  return {
    config,
    driver,
    sinkUrl: (path: string) => `http://127.0.0.1:${sinkHttpPort}${path}`,
    /** A producer with what became of its messages. */
    async producer() {
      const settled: Settlement[] = []
      let writableCalls = 0
      const producer = await driver.createProducer(
        {
          topic: 'topic',
          partitions: 1,
          name: 'producer',
          onSettled: (first, count, outcome, reason) => settled.push({ first, count, outcome, reason }),
          onWritable: () => {
            writableCalls++
          },
        },
        never,
      )
      return { producer, settled, writableCalls: () => writableCalls }
    },
    /** A consumer with what came. */
    async consumer(overrides: Partial<ConsumerSpec> = {}) {
      const messages: string[] = []
      const errors: string[] = []
      const consumer = await driver.createConsumer(
        {
          topic: 'topic',
          partitions: 1,
          subscription: 'subscription',
          name: 'consumer',
          startAt: 'latest',
          consumersOfSubscription: 1,
          indexInSubscription: 0,
          onBatch(batch) {
            for (let i = 0; i < batch.count; i++) messages.push(Buffer.from(batch.value(i)).toString())
          },
          onError: (kind) => errors.push(kind),
          ...overrides,
        },
        never,
      )
      return { consumer, messages, errors }
    },
    close: () => driver.close(never),
  }
}

/** Offers messages `m0`, `m1`, … with these sequences; how many were taken. */
export function offer(
  producer: Producer,
  first: number,
  count: number,
  keys: readonly string[] | null = null,
) {
  const values = Array.from({ length: count }, (_, i) => Buffer.from(`m${first + i}`))
  return producer.send({ firstSequence: first, count, partition: -1, values, keys })
}
