import type {
  Consumer,
  ConsumerSpec,
  Driver,
  IncomingBatch,
  Outcome,
  Producer,
  TopicSpec,
} from '../../../../src/driver/driver.ts'
import { rabbitmqConfigSchema } from '../../../../src/drivers/rabbitmq/rabbitmq-config.ts'
import { driverModule } from '../../../../src/drivers/rabbitmq/rabbitmq-driver.ts'

export const LIMIT_MS = 30_000
let made = 0

/** A name nothing else has. */
export const freshName = (prefix = 'topic') => `${prefix}-${process.pid}-${++made}`

export const limit = (limitMs = LIMIT_MS) => AbortSignal.timeout(limitMs)

/** A driver on these servers, opened. */
export async function openDriver(servers: readonly string[], config: object = {}): Promise<Driver> {
  const driver = createDriver(servers, config)
  await driver.open(limit())
  return driver
}

export function createDriver(servers: readonly string[], config: object = {}): Driver {
  return driverModule.create({
    config: rabbitmqConfigSchema.parse(config),
    servers,
    namePrefix: 'test',
    log: () => undefined,
  })
}

export async function makeTopic(
  driver: Driver,
  partitions = 1,
  subscriptions: readonly string[] = ['sub'],
): Promise<TopicSpec> {
  const topic = { name: freshName(), partitions, subscriptions }
  await driver.createTopics([topic], limit())
  return topic
}

/** A producer that counts: every message carries its number as text, padded to `sizeBytes`. */
export async function openProducer(driver: Driver, topic: TopicSpec) {
  const outcomes = new Map<number, Outcome>()
  const reasons: Record<string, number> = {}
  let next = 0
  let writable = 0
  const producer: Producer = await driver.createProducer(
    {
      topic: topic.name,
      partitions: topic.partitions,
      name: freshName('producer'),
      onSettled(first, count, outcome, reason) {
        for (let i = first; i < first + count; i++) {
          if (outcomes.has(i)) throw new Error(`message ${i} settled twice`)
          outcomes.set(i, outcome)
        }
        if (reason !== undefined) reasons[reason] = (reasons[reason] ?? 0) + count
      },
      onWritable: () => writable++,
    },
    limit(),
  )
  return {
    producer,
    outcomes,
    reasons,
    writable: () => writable,
    sent: () => next,
    send(
      count: number,
      options: { partition?: number; sizeBytes?: number; keyOf?: (i: number) => string } = {},
    ) {
      const { partition = options.keyOf ? -1 : 0, sizeBytes = 16, keyOf } = options
      const numbers = Array.from({ length: count }, (_, i) => next + i)
      const values = numbers.map((i) => Buffer.from(String(i).padEnd(sizeBytes, '.')))
      const accepted = producer.send({
        firstSequence: next,
        count,
        partition,
        values,
        keys: keyOf ? numbers.map(keyOf) : null,
      })
      next += accepted
      return accepted
    },
    count: (outcome: Outcome) => [...outcomes.values()].filter((each) => each === outcome).length,
    async settled() {
      await until('every message to be settled', () => outcomes.size === next)
    },
  }
}

export interface Delivery {
  readonly number: number
  readonly partition: number
  readonly redelivered: boolean
}

/** A consumer that notes everything; `acknowledge: false` leaves messages unacknowledged. */
export async function openConsumer(
  driver: Driver,
  topic: TopicSpec,
  options: Partial<ConsumerSpec> & { acknowledge?: boolean } = {},
) {
  const received: Delivery[] = []
  const batches: IncomingBatch[] = []
  const errors: string[] = []
  const consumer: Consumer = await driver.createConsumer(
    {
      topic: topic.name,
      partitions: topic.partitions,
      subscription: topic.subscriptions[0] as string,
      name: freshName('consumer'),
      startAt: 'earliest',
      consumersOfSubscription: 1,
      indexInSubscription: 0,
      onBatch(batch) {
        for (let i = 0; i < batch.count; i++) {
          received.push({
            number: Number.parseInt(Buffer.from(batch.value(i)).toString(), 10),
            partition: batch.partition(i),
            redelivered: batch.redelivered(i),
          })
        }
        batches.push(batch)
        if (options.acknowledge !== false) batch.acknowledge()
      },
      onError: (kind) => errors.push(kind),
      ...options,
    },
    limit(),
  )
  return { consumer, received, batches, errors }
}

/** Polls until the condition holds; fails with `what` after the limit. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs = LIMIT_MS,
): Promise<void> {
  const end = Date.now() + limitMs
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`expected ${what} within ${limitMs} ms`)
    await Bun.sleep(10)
  }
}

/** Waits until a number has not changed for a while: what should not come has had its chance. */
export async function steady(read: () => number, quietMs = 400): Promise<number> {
  let last = read()
  let since = Date.now()
  await until('a steady number', () => {
    if (read() !== last) {
      last = read()
      since = Date.now()
    }
    return Date.now() - since >= quietMs
  })
  return last
}
