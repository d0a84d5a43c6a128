import type { OutgoingBatch, SettledCallback, TopicSpec } from '../driver.ts'
import type { FakeOptions } from './options.ts'
import type { Delivery, Receiver } from './subscription.ts'
import type { FakeSystem } from './system.ts'
import type { ConsumerPlace } from './topic.ts'

/** How a driver instance reaches the system: in its own process, or over a socket. */
export interface FakeLink {
  /** Rejects with `AppError('PREPARE')` when nobody answers. */
  open(signal: AbortSignal): Promise<void>
  createTopics(topics: readonly TopicSpec[], options: FakeOptions, signal: AbortSignal): Promise<void>
  deleteTopics(topics: readonly TopicSpec[], signal: AbortSignal): Promise<void>
  produce(topic: string, name: string, onSettled: SettledCallback, signal: AbortSignal): Promise<LinkProducer>
  consume(topic: string, place: ConsumerPlace, events: LinkEvents, signal: AbortSignal): Promise<LinkConsumer>
  close(): Promise<void>
}

export interface LinkEvents {
  readonly onDelivery: (delivery: Delivery) => void
  readonly onError: (kind: string) => void
}

export interface LinkProducer {
  publish(batch: OutgoingBatch): void
  /** Settles everything that is outstanding, then forgets the producer. */
  finish(signal: AbortSignal): Promise<void>
}

export interface LinkConsumer extends Pick<Receiver, 'acknowledge' | 'pause' | 'resume'> {
  leave(signal: AbortSignal): Promise<void>
}

/** A link to a system in the same process. */
export function directLink(system: FakeSystem): FakeLink {
  return {
    async open() {},
    async createTopics(topics, options) {
      system.createTopics(topics, options)
    },
    async deleteTopics(topics) {
      system.deleteTopics(topics)
    },
    async produce(topic, name, onSettled) {
      const sender = system.topic(topic).attachProducer(name, onSettled)
      return {
        publish: (batch) => sender.publish(batch),
        async finish() {
          sender.finish()
        },
      }
    },
    async consume(topic, place, events) {
      const receiver = system.topic(topic).attachConsumer(place, events.onDelivery)
      return {
        ...receiver,
        async leave() {
          receiver.detach()
        },
      }
    },
    async close() {},
  }
}
