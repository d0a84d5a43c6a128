import type { Clock } from '../../clock/clock.ts'
import type { Driver } from '../driver.ts'
import { createFakeConsumer } from './fake-consumer.ts'
import { createFakeProducer } from './fake-producer.ts'
import { directLink, type FakeLink } from './link.ts'
import { type FakeOptionsInput, fakeCapabilities, fakeOptionsSchema } from './options.ts'
import { createFakeSystem, type FakeSystem } from './system.ts'

/** Settings of one fake driver; what is left out has its default. */
export interface FakeDriverSettings {
  readonly clock: Clock
  /** As in a driver file: `{ shape: 'queue', ackDelayMs: 1 }`. Throws a `ZodError` when it is not understood. */
  readonly options?: FakeOptionsInput
  /** A system shared with other drivers of this process; without it and `link`, one of its own. */
  readonly system?: FakeSystem
  /** How to reach a system elsewhere. */
  readonly link?: FakeLink
}

/** A driver for the in-memory system: for tests and proofs, not a contestant. */
export function createFakeDriver(settings: FakeDriverSettings): Driver {
  const options = fakeOptionsSchema.parse(settings.options ?? {})
  const { clock } = settings
  const link = settings.link ?? directLink(settings.system ?? createFakeSystem(clock))
  const sharedStart: SendStart = { firstSendUs: null }
  return {
    capabilities: fakeCapabilities(options.shape),
    async open(signal) {
      signal.throwIfAborted()
      await link.open(signal)
      return {
        version: '1',
        settings: { shape: options.shape },
        client: 'fake 1',
        guarantees: { copies: 1, copiesAtAck: 1, syncedAtAck: false },
        terms: {
          acknowledgedBy: 'memory',
          deduplicates: false,
          batching: 'none',
          compression: 'none',
          consumerAcks: 'one for each batch of deliveries',
        },
        notes: [
          'the fake is a model in memory for tests and proofs: its figures say nothing about any broker',
        ],
      }
    },
    async createTopics(topics, signal) {
      signal.throwIfAborted()
      await link.createTopics(topics, options, signal)
    },
    async deleteTopics(topics, signal) {
      signal.throwIfAborted()
      await link.deleteTopics(topics, signal)
    },
    async createProducer(spec, signal) {
      signal.throwIfAborted()
      return createFakeProducer(link, spec, { clock, options, sharedStart }, signal)
    },
    async createConsumer(spec, signal) {
      signal.throwIfAborted()
      return createFakeConsumer(link, spec, clock, signal)
    },
    async close() {
      await link.close()
    },
  }
}

/** When the first `send` of a driver instance was: its `blockedDuring` counts from there. */
export interface SendStart {
  firstSendUs: number | null
}
