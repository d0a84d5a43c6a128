import type { Consumer, Driver, Outcome, Producer } from '../../../src/driver/driver.ts'

const MESSAGE_BYTES = 200

/** A topic with a producer that counts outcomes by sequence and, if wanted, a consumer that counts deliveries by sequence. */
export interface Harness {
  readonly topic: string
  readonly outcomes: Map<number, Outcome>
  readonly reasons: Map<string, number>
  /** Deliveries of each sequence. */
  readonly received: Map<number, number>
  readonly outOfOrder: () => number
  readonly consumeErrors: Map<string, number>
  producer: Producer
  consumer: Consumer | null
  /** Offers `count` messages to a partition; returns how many were taken. */
  send(count: number, partition?: number, body?: Buffer): number
  sent(): number
}

let topics = 0

/** Makes topic, consumer and producer with an open driver. */
export async function harness(
  driver: Driver,
  signal: AbortSignal,
  options: { partitions?: number; consume?: boolean; create?: Driver } = {},
): Promise<Harness> {
  const { partitions = 1, consume = true } = options
  const topic = `test-topic-${process.pid}-${Date.now()}-${topics++}`
  await (options.create ?? driver).createTopics([{ name: topic, partitions, subscriptions: ['s'] }], signal)
  const outcomes = new Map<number, Outcome>()
  const reasons = new Map<string, number>()
  const received = new Map<number, number>()
  const consumeErrors = new Map<string, number>()
  const last = new Map<number, number>()
  let disorder = 0
  let sequence = 0
  const consumer = consume
    ? await driver.createConsumer(
        {
          topic,
          partitions,
          subscription: 's',
          name: `${topic}-c`,
          startAt: 'earliest',
          consumersOfSubscription: 1,
          indexInSubscription: 0,
          onBatch(batch) {
            for (let i = 0; i < batch.count; i++) {
              const value = batch.value(i)
              const number = new DataView(value.buffer, value.byteOffset).getUint32(0)
              const before = received.get(number) ?? 0
              if (before === 0) {
                if (number < (last.get(batch.partition(i)) ?? -1)) disorder++
                last.set(batch.partition(i), number)
              }
              received.set(number, before + 1)
            }
            batch.acknowledge()
          },
          onError: (kind) => consumeErrors.set(kind, (consumeErrors.get(kind) ?? 0) + 1),
        },
        signal,
      )
    : null
  const producer = await driver.createProducer(
    {
      topic,
      partitions,
      name: `${topic}-p`,
      onSettled(first, count, outcome, reason) {
        for (let i = 0; i < count; i++) {
          if (outcomes.has(first + i)) throw new Error(`settled twice: ${first + i}`)
          outcomes.set(first + i, outcome)
        }
        if (reason !== undefined) reasons.set(reason, (reasons.get(reason) ?? 0) + count)
      },
      onWritable() {},
    },
    signal,
  )
  return {
    topic,
    outcomes,
    reasons,
    received,
    consumeErrors,
    outOfOrder: () => disorder,
    producer,
    consumer,
    send(count, partition = 0, body = Buffer.alloc(MESSAGE_BYTES, 7)) {
      const values = Array.from({ length: count }, (_, i) => {
        const value = Buffer.from(body)
        value.writeUInt32BE(sequence + i)
        return value
      })
      const taken = producer.send({ firstSequence: sequence, count, partition, values, keys: null })
      sequence += taken
      return taken
    },
    sent: () => sequence,
  }
}

/** Polls until the condition holds; fails with what was waited for. */
export async function until(what: string, condition: () => boolean, limitMs = 20_000): Promise<void> {
  const endMs = performance.now() + limitMs
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`expected ${what} within ${limitMs} ms`)
    await Bun.sleep(10)
  }
}

/** Opens a driver, runs the body and closes the driver in every case. */
export async function withDriver<T>(driver: Driver, body: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(60_000)
  await driver.open(signal)
  try {
    return await body(signal)
  } finally {
    await driver.close(AbortSignal.timeout(10_000))
  }
}
