import type { Clock } from '../../clock/clock.ts'
import { SystemClock } from '../../clock/system-clock.ts'
import { orAborted } from '../../driver/abort.ts'
import type { Driver, DriverContext, DriverModule, TopicSpec } from '../../driver/driver.ts'
import { AppError } from '../../errors/app-error.ts'
import type { OtlpClient } from './otlp-answer.ts'
import { otlpCapabilities } from './otlp-capabilities.ts'
import type { OtlpConfig } from './otlp-config.ts'
import { createOtlpConsumer } from './otlp-consumer.ts'
import { authorityOf, endpointsOf, type Target } from './otlp-endpoints.ts'
import { balanced, createExchange, type Exchange } from './otlp-exchange.ts'
import { createGrpcClient } from './otlp-grpc-client.ts'
import { createHttpClient } from './otlp-http-client.ts'
import { itemEncoder } from './otlp-items.ts'
import { createOtlpProducer } from './otlp-producer.ts'
import { otlpServerInfo } from './otlp-settings.ts'
import { createSink } from './otlp-sink.ts'

/** Refusals that any server which speaks OTLP may give to an empty request. */
const SPEAKS_OTLP = /^(HTTP 400|gRPC status 3|all records refused)$/

function create(context: DriverContext<OtlpConfig>): Driver {
  const { config, log } = context
  const clock = new SystemClock()
  const endpoints = endpointsOf(context.servers, config)
  const exchange = balanced(endpoints.targets.map(exchangeOf))
  const topics = new Set<string>()
  let sharesSink = false
  const sink = createSink(config, endpoints, () => sharesSink, clock, log)

  function exchangeOf(target: Target): Exchange {
    return createExchange({
      client: clientOf(target, config, clock),
      maxRequests: config.connections,
      retryForMs: config.retryForMs,
      clock,
    })
  }

  return {
    capabilities: otlpCapabilities(config),
    async open(signal) {
      const greetings = endpoints.targets.map((target) => greet(target, config, clock))
      await orAborted(Promise.all(greetings), signal)
      return otlpServerInfo(config, endpoints)
    },
    async createTopics(specs, signal) {
      signal.throwIfAborted()
      for (const { name } of specs) requireNew(name)
      for (const { name } of specs) topics.add(name)
    },
    async deleteTopics(specs: readonly TopicSpec[]) {
      for (const { name } of specs) topics.delete(name)
    },
    async createProducer(spec, signal) {
      signal.throwIfAborted()
      return createOtlpProducer(spec, config, itemEncoder(spec.topic, config), exchange, clock)
    },
    async createConsumer(spec, signal) {
      signal.throwIfAborted()
      // Alone it keeps the port for itself, and is told when another program has it.
      sharesSink ||= spec.consumersOfSubscription > 1
      return createOtlpConsumer(spec, config, sink)
    },
    async close() {
      exchange.close()
      topics.clear()
    },
  }

  /** OTLP knows no topics: a name is a resource attribute, and new when this instance has not made it. */
  function requireNew(name: string): void {
    if (topics.has(name)) throw new AppError('PREPARE', `expected a new topic, ${name} exists`)
  }
}

function clientOf(target: Target, config: OtlpConfig, clock: Clock): OtlpClient {
  return config.client === 'http' ? createHttpClient(target, config, clock) : createGrpcClient(target, config)
}

/** Sends an empty request: a server that speaks OTLP takes it, or asks to come again. */
async function greet(target: Target, config: OtlpConfig, clock: Clock): Promise<void> {
  const client = clientOf(target, { ...config, connections: 1 }, clock)
  try {
    const answer = await client.exchange(new Uint8Array(0), 0)
    if (answer.kind === 'accepted') return
    const isAlive =
      answer.kind === 'refused' &&
      answer.reason !== 'no connection' &&
      (answer.isRetryable || SPEAKS_OTLP.test(answer.reason))
    if (isAlive) return
    const protocol = config.client === 'http' ? 'OTLP/HTTP' : 'OTLP/gRPC'
    throw new AppError(
      'PREPARE',
      `expected ${protocol} to be spoken at ${authorityOf(target)}, got: ${answer.reason}`,
      {
        hint: 'check that the gateway is up, and that servers and client in the driver file fit its receivers',
      },
    )
  } finally {
    client.close()
  }
}

/** OTLP, for the registry. */
export const driverModule: DriverModule<OtlpConfig> = { name: 'otlp', capabilities: otlpCapabilities, create }
