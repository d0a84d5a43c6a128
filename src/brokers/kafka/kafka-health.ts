import { kafkaConfigSchema } from '../../drivers/kafka/kafka-config.ts'
import { AppError, messageOf } from '../../errors/app-error.ts'

const SETTLE_LIMIT_MS = 5000

/**
 * Produces one message through these servers and reads it back, on a topic that is removed afterwards. Throws what
 * went wrong.
 */
export async function produceAndRead(
  servers: readonly string[],
  brokerCount: number,
  signal: AbortSignal,
): Promise<void> {
  const { driverModule } = await import('../../drivers/kafka/kafka-driver.ts')
  const name = `health-${process.pid}-${Math.random().toString(36).slice(2)}`
  const config = kafkaConfigSchema.parse({
    lingerMs: 0,
    requestTimeoutMs: SETTLE_LIMIT_MS,
    deliveryTimeoutMs: SETTLE_LIMIT_MS,
  })
  const driver = driverModule.create({ config, servers, namePrefix: 'bench-', log: () => {} })
  const topic = { name, partitions: 1, subscriptions: ['health'] }
  try {
    const info = await driver.open(signal)
    if (info.settings.brokers !== String(brokerCount))
      throw new AppError(
        'PREPARE',
        `expected ${brokerCount} brokers in the cluster, got ${info.settings.brokers}`,
      )
    await driver.createTopics([topic], signal)
    await roundTrip(driver, name, signal)
    await driver.deleteTopics([topic], signal)
  } finally {
    await driver.close(AbortSignal.timeout(SETTLE_LIMIT_MS))
  }
}

type Driver = ReturnType<typeof import('../../drivers/kafka/kafka-driver.ts')['driverModule']['create']>

async function roundTrip(driver: Driver, topic: string, signal: AbortSignal): Promise<void> {
  let failure = ''
  const { promise: came, resolve } = Promise.withResolvers<void>()
  const consumer = await driver.createConsumer(
    {
      topic,
      partitions: 1,
      subscription: 'health',
      name: `${topic}-consumer`,
      startAt: 'earliest',
      consumersOfSubscription: 1,
      indexInSubscription: 0,
      onBatch: () => resolve(),
      onError: (kind) => {
        failure = kind
      },
    },
    signal,
  )
  const producer = await driver.createProducer(
    {
      topic,
      partitions: 1,
      name: `${topic}-producer`,
      onSettled: (_first, _count, outcome, reason) => {
        if (outcome !== 'acknowledged') failure = reason ?? outcome
      },
      onWritable: () => {},
    },
    signal,
  )
  producer.send({ firstSequence: 0, count: 1, partition: 0, values: [Buffer.from('health')], keys: null })
  const limit = AbortSignal.any([signal, AbortSignal.timeout(SETTLE_LIMIT_MS)])
  const late = new Promise<never>((_, reject) => {
    limit.addEventListener('abort', () => reject(new Error(failure || messageOf(limit.reason))), {
      once: true,
    })
  })
  try {
    await Promise.race([came, late])
  } finally {
    await Promise.all([producer.close(limit), consumer.close(limit)])
  }
}
