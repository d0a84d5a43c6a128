import type { OutgoingBatch, ProducerSpec } from '../../src/driver/driver.ts'
import { type BrokenDriver, never, rest } from './broken-drivers.ts'

const ONCE = 'every message is settled once, after send'
const FULL = 'what is full refuses, and says when there is room'
const BUFFERS = 'buffers may be rewritten once settled'

const lastByTopic = new Map<string, ProducerSpec>()

/** Drivers whose producers break the contract. */
export const BROKEN_PRODUCERS: readonly BrokenDriver[] = [
  {
    breach: 'settles before send has returned',
    shape: 'log',
    rejectedBy: [ONCE],
    because: 'settled early',
    changes: {
      producerSpec: () => ({ onSettled() {} }),
      producer: (inner, spec) => ({
        send(batch) {
          const taken = inner.send(batch)
          if (taken > 0) spec.onSettled(batch.firstSequence, taken, 'acknowledged')
          return taken
        },
      }),
    },
  },
  {
    breach: 'settles twice',
    shape: 'log',
    rejectedBy: [ONCE],
    because: 'settled twice',
    changes: {
      producerSpec: (spec) => ({
        onSettled(first, count, outcome, reason) {
          spec.onSettled(first, count, outcome, reason)
          spec.onSettled(first + count - 1, 1, outcome, reason)
        },
      }),
    },
  },
  {
    breach: 'never settles some',
    shape: 'queue',
    rejectedBy: [ONCE, 'close loses nothing'],
    because: 'settled',
    changes: {
      producerSpec: (spec) => ({
        onSettled(first, count, outcome, reason) {
          if (count > 1) spec.onSettled(first, count - 1, outcome, reason)
        },
      }),
    },
  },
  {
    breach: 'settles an unknown sequence',
    shape: 'sink',
    rejectedBy: [ONCE],
    because: 'unknown sequence',
    changes: {
      producerSpec: (spec) => ({
        onSettled(first, count, outcome, reason) {
          spec.onSettled(first, count, outcome, reason)
          spec.onSettled(first + 500_000, 1, outcome, reason)
        },
      }),
    },
  },
  {
    breach: 'accepts more than offered',
    shape: 'log',
    rejectedBy: [ONCE],
    because: 'accepted more than offered',
    changes: {
      producer: (inner) => ({ send: (batch) => inner.send(batch) + 1 }),
    },
  },
  {
    breach: 'drops when full, though it says it took them',
    shape: 'log',
    rejectedBy: [FULL],
    because: 'expected',
    changes: {
      producer: (inner, spec) => ({
        send(batch) {
          const taken = inner.send(batch)
          const dropped = batch.count - taken
          if (dropped > 0) {
            queueMicrotask(() => spec.onSettled(batch.firstSequence + taken, dropped, 'acknowledged'))
          }
          return batch.count
        },
      }),
    },
  },
  {
    breach: 'drops one when it refuses',
    shape: 'log',
    rejectedBy: [FULL],
    because: 'never came',
    changes: {
      producer: (inner, spec) => ({
        send(batch) {
          const taken = inner.send(batch)
          if (taken === batch.count) return taken
          const lost = batch.firstSequence + taken
          setTimeout(() => spec.onSettled(lost, 1, 'acknowledged'), 1)
          return taken + 1
        },
      }),
    },
  },
  {
    breach: 'queues without bound',
    shape: 'queue',
    rejectedBy: [FULL],
    because: 'expected a refusal',
    changes: {
      producer(inner) {
        const queue: OutgoingBatch[] = []
        const drain = () => {
          for (let batch = queue.shift(); batch !== undefined; batch = queue.shift()) {
            const taken = inner.send(batch)
            if (taken < batch.count) {
              queue.unshift(rest(batch, taken))
              setTimeout(drain, 1)
              return
            }
          }
        }
        return {
          send(batch) {
            queue.push(batch)
            if (queue.length === 1) setTimeout(drain, 1)
            return batch.count
          },
        }
      },
    },
  },
  {
    breach: 'never says that there is room again',
    shape: 'fanout',
    rejectedBy: [FULL],
    because: 'onWritable',
    changes: { producerSpec: () => ({ onWritable() {} }) },
  },
  {
    breach: 'says that there is room from inside send',
    shape: 'log',
    rejectedBy: [FULL],
    because: 'writable inside send',
    changes: {
      producer: (inner, spec) => ({
        send(batch) {
          const taken = inner.send(batch)
          if (taken < batch.count) spec.onWritable()
          return taken
        },
      }),
    },
  },
  {
    breach: 'uses the buffers after it has settled them',
    shape: 'log',
    rejectedBy: [BUFFERS],
    because: 'expected',
    changes: {
      producerSpec: () => ({ onSettled() {} }),
      producer: (inner, spec) => ({
        send(batch) {
          queueMicrotask(() => spec.onSettled(batch.firstSequence, batch.count, 'acknowledged'))
          setTimeout(() => inner.send(batch), 5)
          return batch.count
        },
      }),
    },
  },
  {
    breach: 'lets messages linger though it was told to flush',
    shape: 'log',
    rejectedBy: ['flush sends what lingers'],
    because: 'settled',
    changes: {
      producer(inner) {
        let lingering: OutgoingBatch[] = []
        return {
          send(batch) {
            lingering.push(batch)
            if (lingering.length > 2) lingering = lingering.filter((one) => inner.send(one) === 0)
            return batch.count
          },
        }
      },
    },
  },
  {
    breach: 'settles with the producer that came last',
    shape: 'queue',
    rejectedBy: ['producers settle their own messages'],
    because: 'settled twice',
    changes: {
      producerSpec(spec) {
        lastByTopic.set(spec.topic, spec)
        return { onSettled: (...range) => lastByTopic.get(spec.topic)!.onSettled(...range) }
      },
    },
  },
  {
    breach: 'acknowledges on close what it never sent',
    shape: 'log',
    rejectedBy: ['close loses nothing'],
    because: 'never came',
    changes: {
      producer(inner, spec) {
        const held: OutgoingBatch[] = []
        return {
          send(batch) {
            held.push(batch)
            return batch.count
          },
          async close(signal) {
            for (const batch of held) spec.onSettled(batch.firstSequence, batch.count, 'acknowledged')
            await inner.close(signal)
          },
        }
      },
    },
  },
  {
    breach: 'forgets on close what is outstanding',
    shape: 'queue',
    rejectedBy: ['close loses nothing'],
    because: 'acknowledgements',
    changes: {
      producerSpec(spec) {
        return { onSettled: (...range) => setTimeout(() => spec.onSettled(...range), 20) }
      },
    },
  },
  {
    breach: 'hangs on abort in createProducer',
    shape: 'log',
    rejectedBy: ['createProducer ends on abort'],
    because: 'to end',
    changes: {
      driver: (inner) => ({
        createProducer: (spec, signal) => (signal.aborted ? never() : inner.createProducer(spec, signal)),
      }),
    },
  },
  {
    breach: 'hangs on abort in close of a producer',
    shape: 'log',
    rejectedBy: ['close of a producer ends on abort, with everything settled'],
    because: 'to end',
    changes: {
      producer: (inner) => ({
        close: (signal) => (signal.aborted ? never() : inner.close(signal)),
      }),
    },
  },
  {
    breach: 'fails when a producer is closed again',
    shape: 'log',
    rejectedBy: ['closing again is fine'],
    because: 'closed already',
    changes: {
      producer(inner) {
        let closed = false
        return {
          async close(signal) {
            if (closed) throw new Error('closed already')
            closed = true
            await inner.close(signal)
          },
        }
      },
    },
  },
]
