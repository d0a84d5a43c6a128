import type { Channel, Options } from 'amqplib'
import { orAborted } from '../../driver/abort.ts'
import type { TopicFigures, TopicSpec } from '../../driver/driver.ts'
import { AppError } from '../../errors/app-error.ts'
import { queueOf, routingKeyOf } from './names.ts'
import type { RabbitmqConfig } from './rabbitmq-config.ts'
import { requestError } from './rabbitmq-errors.ts'
import type { Link } from './rabbitmq-link.ts'

const NOT_FOUND = 404

/** The queues of a topic with the partition that each is bound to. */
export function queuesOf(topic: TopicSpec, isStream: boolean): { queue: string; partition: number }[] {
  const subscriptions = isStream ? [''] : topic.subscriptions
  return subscriptions.flatMap((subscription) =>
    Array.from({ length: topic.partitions }, (_, partition) => ({
      queue: queueOf(topic.name, subscription, partition, isStream),
      partition,
    })),
  )
}

/** Arguments of a queue declaration. Leaders are spread over the nodes, as Kafka does with partitions. */
export function queueArgumentsOf(config: RabbitmqConfig): Record<string, unknown> {
  const replicas = config.quorumGroupSize
  return {
    'x-queue-type': config.queueType,
    ...(config.queueType === 'classic'
      ? { 'x-queue-master-locator': 'min-masters' }
      : { 'x-queue-leader-locator': 'balanced' }),
    ...(replicas !== undefined &&
      (config.queueType === 'quorum'
        ? { 'x-quorum-initial-group-size': replicas }
        : { 'x-initial-cluster-size': replicas })),
    ...(config.maxLengthBytes !== undefined && { 'x-max-length-bytes': config.maxLengthBytes }),
    ...config.queueArguments,
  }
}

/** Declares exchanges, queues and bindings. Throws `AppError('PREPARE')` naming what was refused, or exists already. */
export async function createTopics(
  link: Link,
  config: RabbitmqConfig,
  topics: readonly TopicSpec[],
  signal: AbortSignal,
): Promise<void> {
  for (const topic of topics) await refuseExisting(link, topic.name, signal)
  const options: Options.AssertQueue = { durable: true, arguments: queueArgumentsOf(config) }
  await withChannel(
    link,
    signal,
    async (channel, step) => {
      for (const topic of topics) {
        await step(`declare exchange '${topic.name}'`, () =>
          channel.assertExchange(topic.name, 'direct', { durable: true }),
        )
        for (const { queue, partition } of queuesOf(topic, config.queueType === 'stream')) {
          await step(`declare queue '${queue}'`, () => channel.assertQueue(queue, options))
          await step(`bind queue '${queue}' to exchange '${topic.name}'`, () =>
            channel.bindQueue(queue, topic.name, routingKeyOf(partition)),
          )
        }
      }
    },
    config.username,
  )
}

/** Deletes queues and exchanges; what is gone already is fine. */
export async function deleteTopics(
  link: Link,
  config: RabbitmqConfig,
  topics: readonly TopicSpec[],
  signal: AbortSignal,
): Promise<void> {
  await withChannel(
    link,
    signal,
    async (channel, step) => {
      for (const topic of topics) {
        for (const { queue } of queuesOf(topic, config.queueType === 'stream')) {
          await step(`delete queue '${queue}'`, () => channel.deleteQueue(queue))
        }
        await step(`delete exchange '${topic.name}'`, () => channel.deleteExchange(topic.name))
      }
    },
    config.username,
  )
}

/** What waits in the queues of classic and quorum subscriptions: ready messages, as no consumer holds any by then. */
export async function topicFigures(
  link: Link,
  config: RabbitmqConfig,
  topics: readonly TopicSpec[],
  signal: AbortSignal,
): Promise<TopicFigures[]> {
  const ready = new Map<string, number>()
  await withChannel(
    link,
    signal,
    async (channel, step) => {
      for (const { queue } of topics.flatMap((topic) => queuesOf(topic, false))) {
        const { messageCount } = await step(`count the messages of queue '${queue}'`, () =>
          channel.checkQueue(queue),
        )
        ready.set(queue, messageCount)
      }
    },
    config.username,
  )
  return topics.map((topic) => ({
    topic: topic.name,
    messagesIn: null,
    storageBytes: null,
    subscriptions: topic.subscriptions.map((subscription) => {
      const queues = queuesOf({ ...topic, subscriptions: [subscription] }, false)
      const backlog = queues.reduce((sum, { queue }) => sum + (ready.get(queue) ?? 0), 0)
      return { subscription, messagesOut: null, backlog, backlogUnit: 'messages' }
    }),
  }))
}

/** A failed check closes its channel, so each has one of its own. */
async function refuseExisting(link: Link, exchange: string, signal: AbortSignal): Promise<void> {
  const { model } = await link.acquire(signal)
  const channel = await orAborted(model.createChannel(), signal)
  channel.on('error', () => undefined)
  try {
    await orAborted(channel.checkExchange(exchange), signal)
  } catch (error) {
    if ((error as { code?: unknown }).code === NOT_FOUND) return
    throw error
  }
  await channel.close()
  throw new AppError('PREPARE', `expected exchange '${exchange}' to be new, but it exists`, {
    hint: 'another run may be using it; delete it, or let bench choose names of its own',
  })
}

type Step = <Answer>(what: string, ask: () => PromiseLike<Answer>) => Promise<Answer>

async function withChannel(
  link: Link,
  signal: AbortSignal,
  work: (channel: Channel, step: Step) => Promise<void>,
  username: string,
): Promise<void> {
  const { model } = await link.acquire(signal)
  const channel = await orAborted(model.createChannel(), signal)
  let failure: unknown = null
  channel.on('error', (error) => {
    failure = error
  })
  const step: Step = async (what, ask) => {
    try {
      return await orAborted(Promise.resolve(ask()), signal)
    } catch (error) {
      if (signal.aborted) throw error
      throw requestError(what, username, failure ?? error)
    }
  }
  try {
    await work(channel, step)
  } finally {
    if (failure === null) channel.close().catch(() => undefined)
  }
}
