import type { Driver, TopicFigures, TopicTerms } from '../../src/driver/driver.ts'
import { type BrokenDriver, never } from './broken-drivers.ts'

const SHARED_WORDS = 'what the side promises and how it is set up is said in shared words'

/** The driver with other statements about itself. */
function stating(inner: Driver, stated: TopicTerms): Partial<Driver> {
  return { open: async (signal) => ({ ...(await inner.open(signal)), ...stated }) }
}

/** Drivers that open, make topics or close against the contract. */
export const BROKEN_LIFE_CYCLES: readonly BrokenDriver[] = [
  {
    breach: 'does not know what the server is',
    shape: 'log',
    rejectedBy: ['open says what the server is'],
    because: 'version',
    changes: {
      driver: (inner) => ({ open: async (signal) => ({ ...(await inner.open(signal)), version: '' }) }),
    },
  },
  {
    breach: 'calls its batching by a word of its own',
    shape: 'log',
    rejectedBy: [SHARED_WORDS],
    because: 'terms.batching',
    changes: { driver: (inner) => stating(inner, { terms: { batching: 'adaptive' as 'none' } }) },
  },
  {
    breach: 'does not say what it compresses',
    shape: 'queue',
    rejectedBy: [SHARED_WORDS],
    because: 'terms.compression',
    changes: {
      driver: (inner) => stating(inner, { terms: { acknowledgedBy: 'memory', batching: 'none' } }),
    },
  },
  {
    breach: 'has more copies at the acknowledgement than it keeps',
    shape: 'log',
    rejectedBy: [SHARED_WORDS],
    because: 'at most 1 copies',
    changes: { driver: (inner) => stating(inner, { guarantees: { copies: 1, copiesAtAck: 2 } }) },
  },
  {
    breach: 'has no copy and says that it is on disk',
    shape: 'log',
    rejectedBy: [SHARED_WORDS],
    because: 'to exist',
    changes: { driver: (inner) => stating(inner, { guarantees: { copiesAtAck: 0, syncedAtAck: true } }) },
  },
  {
    breach: 'tells a platform without its version of its topics',
    shape: 'log',
    rejectedBy: [SHARED_WORDS],
    because: 'a name and a version',
    changes: { driver: () => ({ topicTerms: async () => ({ terms: { platform: 'JVM' } }) }) },
  },
  {
    breach: 'makes a topic that exists',
    shape: 'log',
    rejectedBy: ['a topic that exists is an error'],
    because: 'expected an error',
    changes: {
      driver: (inner) => ({
        createTopics: (topics, signal) => inner.createTopics(topics, signal).catch(() => {}),
      }),
    },
  },
  {
    breach: 'fails to delete a topic that is gone',
    shape: 'log',
    rejectedBy: ['a topic that is gone may be deleted'],
    because: 'no such topic',
    changes: {
      driver(inner) {
        const gone = new Set<string>()
        return {
          async deleteTopics(topics, signal) {
            if (topics.some(({ name }) => gone.has(name))) throw new Error('no such topic')
            for (const { name } of topics) gone.add(name)
            await inner.deleteTopics(topics, signal)
          },
        }
      },
    },
  },
  {
    breach: 'hangs on abort in open',
    shape: 'log',
    rejectedBy: ['open ends on abort and may be tried again'],
    because: 'to end',
    changes: { driver: (inner) => ({ open: (signal) => (signal.aborted ? never() : inner.open(signal)) }) },
  },
  {
    breach: 'hangs on abort in createConsumer',
    shape: 'queue',
    rejectedBy: ['createConsumer ends on abort'],
    because: 'to end',
    changes: {
      driver: (inner) => ({
        createConsumer: (spec, signal) => (signal.aborted ? never() : inner.createConsumer(spec, signal)),
      }),
    },
  },
  {
    breach: 'hangs on abort in createTopics',
    shape: 'sink',
    rejectedBy: ['createTopics ends on abort'],
    because: 'to end',
    changes: {
      driver: (inner) => ({
        createTopics: (topics, signal) => (signal.aborted ? never() : inner.createTopics(topics, signal)),
      }),
    },
  },
  {
    breach: 'hangs on abort in close',
    shape: 'log',
    rejectedBy: ['close ends on abort'],
    because: 'to end',
    changes: { driver: (inner) => ({ close: (signal) => (signal.aborted ? never() : inner.close(signal)) }) },
  },
  {
    breach: 'fails when it is closed again',
    shape: 'log',
    rejectedBy: ['closing again is fine'],
    because: 'closed already',
    changes: {
      driver(inner) {
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
  {
    breach: 'tells figures of the broker that miss a message',
    shape: 'log',
    rejectedBy: ["the broker's own figures fit what was published and acknowledged"],
    because: 'messages in',
    changes: {
      driver: () => ({ topicFigures: async (topics) => topics.map(({ name }) => figures(name, 99, 1)) }),
    },
  },
  {
    breach: 'tells a backlog where all is acknowledged, and none where nothing is',
    shape: 'queue',
    rejectedBy: ["the broker's own figures fit what was published and acknowledged"],
    because: 'no backlog where all is acknowledged, got 1; a backlog where nothing is acknowledged',
    changes: {
      driver: () => ({ topicFigures: async (topics) => topics.map(({ name }) => figures(name, 100, 1)) }),
    },
  },
]

/** Of the 100 messages of a check; the backlog is that of the subscription which acknowledges. */
function figures(topic: string, messagesIn: number, backlog: number): TopicFigures {
  const subscription = (name: string, held: number) =>
    ({ subscription: name, messagesOut: null, backlog: held, backlogUnit: 'messages' }) as const
  return {
    topic,
    messagesIn,
    storageBytes: null,
    subscriptions: [subscription('read', backlog), subscription('unread', 0)],
  }
}
