import type { Capabilities } from '../../driver/capabilities.ts'
import type { ConsumerSpec, Driver, OutgoingBatch, Producer, ProducerSpec } from '../../driver/driver.ts'
import { AppError } from '../../errors/app-error.ts'

interface NullTopic {
  readonly consumers: NullConsumer[]
  /** Told when the last paused consumer goes on. */
  readonly waiting: Set<() => void>
}

interface NullConsumer {
  readonly spec: ConsumerSpec
  paused: boolean
}

/**
 * Settles and delivers within the same turn of the event loop, without copying: what is left is the cost of the engine.
 * Producers and consumers must share a worker. Nothing is queued: while a consumer pauses, producers are refused.
 */
export function createNullDriver(capabilities: Capabilities): Driver {
  const topics = new Map<string, NullTopic>()
  const topicOf = (name: string): NullTopic => {
    const topic = topics.get(name) ?? { consumers: [], waiting: new Set() }
    topics.set(name, topic)
    return topic
  }
  return {
    capabilities,
    async open(signal) {
      signal.throwIfAborted()
      const notes = ['nothing is under test here: it shows what bench itself costs']
      return { version: '1', settings: {}, client: 'null 1', notes }
    },
    async createTopics(specs, signal) {
      signal.throwIfAborted()
      for (const { name } of specs) {
        if (topics.has(name)) throw new AppError('PREPARE', `expected a new topic, got ${name}, which exists`)
        topicOf(name)
      }
    },
    async deleteTopics(specs, signal) {
      signal.throwIfAborted()
      for (const { name } of specs) topics.delete(name)
    },
    async createProducer(spec, signal) {
      signal.throwIfAborted()
      return createNullProducer(topicOf(spec.topic), spec)
    },
    async createConsumer(spec, signal) {
      signal.throwIfAborted()
      const topic = topicOf(spec.topic)
      const consumer = { spec, paused: false }
      topic.consumers.push(consumer)
      const resume = () => {
        consumer.paused = false
        if (!topic.consumers.some(({ paused }) => paused)) for (const goOn of topic.waiting) goOn()
      }
      return {
        pause() {
          consumer.paused = true
        },
        resume,
        async close() {
          const at = topic.consumers.indexOf(consumer)
          if (at >= 0) topic.consumers.splice(at, 1)
          resume()
        },
      }
    },
    async close() {
      topics.clear()
    },
  }
}

function createNullProducer(topic: NullTopic, spec: ProducerSpec): Producer {
  let queue: OutgoingBatch[] = []
  let closed = false

  function settle(): void {
    const batches = queue
    queue = []
    for (const batch of batches) {
      // Before the settlement: then the engine may use the bytes for others.
      deliver(topic, batch)
      spec.onSettled(batch.firstSequence, batch.count, 'acknowledged')
    }
  }

  function goOn(): void {
    topic.waiting.delete(goOn)
    queueMicrotask(() => {
      if (!closed) spec.onWritable()
    })
  }

  return {
    send(batch) {
      if (topic.consumers.some(({ paused }) => paused)) {
        topic.waiting.add(goOn)
        return 0
      }
      if (queue.length === 0) queueMicrotask(settle)
      queue.push(batch)
      return batch.count
    },
    flush() {},
    async close() {
      settle()
      closed = true
      topic.waiting.delete(goOn)
    },
  }
}

/** Each subscription gets the batch once: its consumer whose number the partition falls to. */
function deliver(topic: NullTopic, { count, values, partition }: OutgoingBatch): void {
  for (const { spec } of topic.consumers) {
    if (Math.max(0, partition) % spec.consumersOfSubscription !== spec.indexInSubscription) continue
    spec.onBatch({
      count,
      value: (index) => values[index]!,
      partition: () => partition,
      redelivered: () => false,
      acknowledge() {},
    })
  }
}
