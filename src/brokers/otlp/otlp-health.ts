import type { Driver, TopicSpec } from '../../driver/driver.ts'
import { otlpConfigSchema } from '../../drivers/otlp/otlp-config.ts'
import { driverModule } from '../../drivers/otlp/otlp-driver.ts'
import { AppError } from '../../errors/app-error.ts'

const HEALTH_LIMIT_MS = 15_000
const TOPIC: TopicSpec = { name: 'bench-health', partitions: 1, subscriptions: ['health'] }

/**
 * Resolves when a log record went through the gateway to a sink on its upstream's port, which is free again afterwards.
 * Throws `AppError('PREPARE')` within a limit otherwise.
 */
export async function proveGateway(servers: readonly string[], signal: AbortSignal): Promise<void> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(HEALTH_LIMIT_MS)])
  const config = otlpConfigSchema.parse({ client: 'http' })
  const driver = driverModule.create({ config, servers, namePrefix: 'bench-health', log() {} })
  try {
    await driver.open(limit)
    await roundTrip(driver, limit)
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof AppError) throw error
    throw new AppError(
      'PREPARE',
      'expected a log record to come through the gateway to the sink, none came',
      {
        cause: error,
      },
    )
  } finally {
    await driver.close(limit)
  }
}

async function roundTrip(driver: Driver, signal: AbortSignal): Promise<void> {
  const came = Promise.withResolvers<void>()
  const onAbort = () => came.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  const common = { topic: TOPIC.name, partitions: TOPIC.partitions, name: 'health' }
  const consumer = await driver.createConsumer(
    {
      ...common,
      subscription: 'health',
      startAt: 'latest',
      consumersOfSubscription: 1,
      indexInSubscription: 0,
      onBatch: () => came.resolve(),
      onError: (kind) => came.reject(new Error(kind)),
    },
    signal,
  )
  const producer = await driver.createProducer({ ...common, onSettled() {}, onWritable() {} }, signal)
  try {
    producer.send({ firstSequence: 0, count: 1, partition: -1, values: [Buffer.from('health')], keys: null })
    await came.promise
  } finally {
    signal.removeEventListener('abort', onAbort)
    await producer.close(signal)
    await consumer.close(signal)
  }
}
