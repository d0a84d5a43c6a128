import type { ConsumerSpec } from '../../src/driver/driver.ts'
import { type BrokenDriver, changeBatch } from './broken-drivers.ts'

const UNCHANGED = 'messages of all sizes arrive once, unchanged'

/** Hands over the same messages again, copied so that they outlive the first callback. */
function copyOf(batch: Parameters<ConsumerSpec['onBatch']>[0]) {
  const values = Array.from({ length: batch.count }, (_, i) => Uint8Array.from(batch.value(i)))
  const partitions = values.map((_, i) => batch.partition(i))
  return changeBatch(batch, {
    value: (index) => values[index]!,
    partition: (index) => partitions[index]!,
    redelivered: () => false,
    acknowledge() {},
  })
}

/** Drivers whose consumers break the contract. */
export const BROKEN_CONSUMERS: readonly BrokenDriver[] = [
  {
    breach: 'delivers twice',
    shape: 'log',
    rejectedBy: [UNCHANGED],
    because: 'came 2 times',
    changes: {
      consumerSpec: (spec) => ({
        onBatch(batch) {
          spec.onBatch(batch)
          spec.onBatch(changeBatch(batch, { count: 1 }))
        },
      }),
    },
  },
  {
    breach: 'delivers once more, later',
    shape: 'queue',
    rejectedBy: [UNCHANGED],
    because: 'came 2 times',
    changes: {
      consumerSpec: (spec) => ({
        onBatch(batch) {
          const copy = changeBatch(copyOf(batch), { count: 1 })
          spec.onBatch(batch)
          setTimeout(() => spec.onBatch(copy), 5)
        },
      }),
    },
  },
  {
    breach: 'delivers reordered',
    shape: 'log',
    rejectedBy: ['a partition keeps its order', 'a key keeps its order and its partition'],
    because: 'in order',
    changes: {
      consumerSpec: (spec) => ({
        onBatch(batch) {
          const from = (index: number) => batch.count - 1 - index
          spec.onBatch(
            changeBatch(batch, {
              value: (index) => batch.value(from(index)),
              partition: (index) => batch.partition(from(index)),
            }),
          )
        },
      }),
    },
  },
  {
    breach: 'sends to another partition than asked',
    shape: 'log',
    rejectedBy: ['a chosen partition is honoured'],
    because: 'from partition',
    changes: {
      producer: (inner, spec) => ({
        send: (batch) =>
          inner.send(
            batch.partition < 0 ? batch : { ...batch, partition: (batch.partition + 1) % spec.partitions },
          ),
      }),
    },
  },
  {
    breach: 'names the wrong partition',
    shape: 'queue',
    rejectedBy: ['a chosen partition is honoured'],
    because: 'from partition',
    changes: {
      consumerSpec: (spec) => ({
        onBatch: (batch) => spec.onBatch(changeBatch(batch, { partition: () => 0 })),
      }),
    },
  },
  {
    breach: 'spreads a key over partitions',
    shape: 'log',
    rejectedBy: ['a key keeps its order and its partition'],
    because: 'expected key-',
    changes: { producer: (inner) => ({ send: (batch) => inner.send({ ...batch, keys: null }) }) },
  },
  {
    breach: 'delivers after close',
    shape: 'log',
    rejectedBy: ['nothing comes after close'],
    because: 'delivered after close',
    changes: {
      consumerSpec: (spec) => ({
        onBatch(batch) {
          const late = copyOf(batch)
          spec.onBatch(batch)
          setTimeout(() => spec.onBatch(late), 10)
        },
      }),
    },
  },
  {
    breach: 'goes on consuming when closed',
    shape: 'fanout',
    rejectedBy: ['nothing comes after close'],
    because: 'delivered after close',
    changes: { consumer: () => ({ async close() {} }) },
  },
  {
    breach: 'hands out one view that it overwrites within the callback',
    shape: 'log',
    rejectedBy: [UNCHANGED],
    because: 'never came',
    changes: {
      consumerSpec(spec) {
        const scratch = new Uint8Array(200_000)
        return {
          onBatch: (batch) =>
            spec.onBatch(
              changeBatch(batch, {
                value(index) {
                  scratch.set(batch.value(index))
                  return scratch.subarray(0, batch.value(index).length)
                },
              }),
            ),
        }
      },
    },
  },
  {
    breach: 'delivers stale views',
    shape: 'sink',
    rejectedBy: [UNCHANGED],
    because: 'damaged',
    changes: {
      consumerSpec: (spec) => ({
        onBatch(batch) {
          const views = Array.from({ length: batch.count }, (_, i) => batch.value(i))
          setTimeout(() => spec.onBatch(changeBatch(batch, { value: (index) => views[index]! })), 1)
        },
      }),
    },
  },
  {
    breach: 'blocks the thread on pause',
    shape: 'log',
    rejectedBy: ['pause does not block the thread'],
    because: 'return at once',
    changes: { consumer: () => ({ pause: () => Bun.sleepSync(60) }) },
  },
  {
    breach: 'does not pause',
    shape: 'queue',
    rejectedBy: ['pause stops deliveries and resume loses none'],
    because: 'while paused',
    changes: { consumer: () => ({ pause() {}, resume() {} }) },
  },
  {
    breach: 'loses what comes during a pause',
    shape: 'log',
    rejectedBy: ['pause stops deliveries and resume loses none'],
    because: 'never came',
    changes: {
      consumerSpec(spec) {
        return {
          onBatch: (batch) => (pausedNames.has(spec.name) ? batch.acknowledge() : spec.onBatch(batch)),
        }
      },
      consumer: (_inner, spec) => ({
        pause: () => void pausedNames.add(spec.name),
        resume: () => void pausedNames.delete(spec.name),
      }),
    },
  },
  {
    breach: 'does not resume',
    shape: 'fanout',
    rejectedBy: ['pause stops deliveries and resume loses none'],
    because: 'never came',
    changes: { consumer: () => ({ resume() {} }) },
  },
  {
    breach: 'says that it is ready before it is assigned',
    shape: 'log',
    rejectedBy: ['a consumer is ready when it says so'],
    because: 'never came',
    changes: {
      driver: (inner) => ({
        async createConsumer(spec, signal) {
          const later = Bun.sleep(20).then(() => inner.createConsumer(spec, signal))
          return {
            pause: () => void later.then((consumer) => consumer.pause()),
            resume: () => void later.then((consumer) => consumer.resume()),
            close: async (closeSignal) => (await later).close(closeSignal),
          }
        },
      }),
    },
  },
  {
    breach: 'gives one subscription only a part',
    shape: 'log',
    rejectedBy: ['every subscription gets everything'],
    because: 'never came',
    changes: {
      consumerSpec: (spec) =>
        spec.subscription === 'sub-2' ? { onBatch: (batch) => batch.acknowledge() } : {},
    },
  },
  {
    breach: 'gives everything to every consumer of a subscription',
    shape: 'log',
    rejectedBy: ['consumers of one subscription share it', 'consumers of several instances share it too'],
    because: 'came 2 times',
    changes: {
      consumerSpec: (spec) => ({
        subscription: spec.name,
        consumersOfSubscription: 1,
        indexInSubscription: 0,
      }),
    },
  },
  {
    breach: 'gives one of several consumers nothing',
    shape: 'queue',
    rejectedBy: ['consumers of one subscription share it', 'consumers of several instances share it too'],
    because: 'got nothing',
    changes: {
      driver: (inner) => ({
        async createConsumer(spec, signal) {
          if (spec.indexInSubscription === 0) return inner.createConsumer(spec, signal)
          return { pause() {}, resume() {}, async close() {} }
        },
      }),
    },
  },
  {
    breach: 'always starts at new messages',
    shape: 'log',
    rejectedBy: ['earliest starts at the oldest message'],
    because: 'never came',
    changes: { consumerSpec: () => ({ startAt: 'latest' }) },
  },
  {
    breach: 'always starts at the oldest message',
    shape: 'log',
    rejectedBy: ['latest starts at new messages'],
    because: 'only what was sent here',
    changes: { consumerSpec: () => ({ startAt: 'earliest' }) },
  },
  {
    breach: 'acknowledges by itself',
    shape: 'queue',
    rejectedBy: ['what is not acknowledged comes again'],
    because: 'come again',
    changes: {
      consumerSpec: (spec) => ({
        onBatch(batch) {
          batch.acknowledge()
          spec.onBatch(batch)
        },
      }),
    },
  },
  {
    breach: 'never acknowledges',
    shape: 'log',
    rejectedBy: ['what is acknowledged does not come again'],
    because: 'only what was sent here',
    changes: {
      consumerSpec: (spec) => ({
        onBatch: (batch) => spec.onBatch(changeBatch(batch, { acknowledge() {} })),
      }),
    },
  },
  {
    breach: 'does not mark what comes again',
    shape: 'queue',
    rejectedBy: ['what comes again is marked'],
    because: 'marked',
    changes: {
      consumerSpec: (spec) => ({
        onBatch: (batch) => spec.onBatch(changeBatch(batch, { redelivered: () => false })),
      }),
    },
  },
  {
    breach: 'marks everything as coming again',
    shape: 'queue',
    rejectedBy: ['what comes first is not marked'],
    because: 'no mark',
    changes: {
      consumerSpec: (spec) => ({
        onBatch: (batch) => spec.onBatch(changeBatch(batch, { redelivered: () => true })),
      }),
    },
  },
  {
    breach: 'gives every stream to every receiver',
    shape: 'fanout',
    rejectedBy: ['each receiver gets its streams, together everything'],
    because: 'came 5 times',
    changes: {
      consumerSpec: (spec) => ({
        subscription: spec.name,
        consumersOfSubscription: 1,
        indexInSubscription: 0,
      }),
    },
  },
]

const pausedNames = new Set<string>()
