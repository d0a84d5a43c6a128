import type { Clock } from '../../clock/clock.ts'
import { AppError } from '../../errors/app-error.ts'
import type { TopicSpec } from '../driver.ts'
import type { FakeOptions } from './options.ts'
import { createFakeTopic, type FakeTopic } from './topic.ts'

/** An in-memory message system: a pure model on a clock. Topics bring their options, so that one system serves all shapes. */
export interface FakeSystem {
  readonly clock: Clock
  /** Throws `AppError('PREPARE')` when a topic exists, or cannot have that many partitions. */
  createTopics(topics: readonly TopicSpec[], options: FakeOptions): void
  deleteTopics(topics: readonly TopicSpec[]): void
  /** Throws `AppError('PREPARE')` when there is none of that name. */
  topic(name: string): FakeTopic
}

/** An empty system. */
export function createFakeSystem(clock: Clock): FakeSystem {
  const topics = new Map<string, FakeTopic>()
  return {
    clock,
    createTopics(specs, options) {
      for (const spec of specs) {
        if (topics.has(spec.name)) {
          throw new AppError('PREPARE', `expected a new topic, got ${spec.name}, which exists`)
        }
        if ((options.shape === 'sink' || options.shape === 'fanout') && spec.partitions !== 1) {
          throw new AppError(
            'PREPARE',
            `expected 1 partition for a fake ${options.shape}, got ${spec.partitions}`,
          )
        }
        topics.set(spec.name, createFakeTopic(clock, spec, options))
      }
    },
    deleteTopics(specs) {
      for (const spec of specs) {
        topics.get(spec.name)?.remove()
        topics.delete(spec.name)
      }
    },
    topic(name) {
      const topic = topics.get(name)
      if (topic === undefined)
        throw new AppError('PREPARE', `expected a topic, got ${name}, which does not exist`)
      return topic
    },
  }
}
