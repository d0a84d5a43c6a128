import type { TopicSpec } from '../driver/driver.ts'
import type { ConsumerPlan, EngineSpec, ProducerPlan, WorkerRole } from '../engine/types.ts'
import { longestMeasureS } from '../workload/backlog.ts'
import type { Workload } from '../workload/model.ts'

/** Who does what in one trial: pure data. */
export interface Assignment {
  readonly topics: readonly TopicSpec[]
  readonly workers: readonly WorkerAssignment[]
  /** Deliveries that one message causes: one a subscription. */
  readonly subscriptionsPerTopic: number
}

export interface WorkerAssignment {
  readonly role: WorkerRole
  readonly index: number
  readonly spec: EngineSpec
}

export interface AssignmentOptions {
  readonly workload: Workload
  /** Producer processes, and as many consumer processes; never more than there are producers or consumers. */
  readonly workers: number
  /** Unsigned 32-bit number of the trial. */
  readonly runId: number
  readonly seed: number
  /**
   * Consumers are servers on ports that all their processes share: any process may be sent messages of any topic, so
   * each has a consumer of every one. Default false.
   */
  readonly consumersAreServers?: boolean
  /**
   * Every topic belongs to one worker, which sends and receives all its messages: both ends of a latency are then read
   * from one clock. As many workers as there are topics, at most. Default false.
   */
  readonly together?: boolean
  /** Unique in the server's life: prefix of topics. */
  readonly namePrefix: string
}

/**
 * Spreads producers and consumers over worker processes, round robin. Producer i of n sends the messages i, i + n, …
 * of the one schedule, so that the schedules of all producers interleave evenly and add up to rate × time.
 */
export function assign(options: AssignmentOptions): Assignment {
  const { workload } = options
  const topics = makeTopics(workload, options.namePrefix)
  const producers = makeProducers(workload, topics)
  const consumers = makeConsumers(workload, topics)
  const base: Omit<EngineSpec, 'producers' | 'consumers'> = {
    runId: options.runId,
    messageBytes: workload.messageBytes,
    payload: workload.payload,
    keyDistributor: workload.keyDistributor,
    seed: options.seed,
    rateHz: workload.producerRateHz,
    ...(workload.schedule && { schedule: workload.schedule }),
    producerCount: producers.length,
    warmupUs: Math.round(workload.warmupS * 1e6),
    measureUs: Math.round(longestMeasureS(workload) * 1e6),
    partitions: workload.partitionsPerTopic,
  }
  const subscriptionsPerTopic = workload.subscriptionsPerTopic
  if (options.together === true) {
    const workers = deal(topics, options.workers).map((part, index) => {
      const own = new Set(part.map(({ name }) => name))
      const spec = {
        ...base,
        producers: producers.filter(({ topic }) => own.has(topic)),
        consumers: consumers.filter(({ topic }) => own.has(topic)),
      }
      return { role: 'both' as const, index, spec }
    })
    return { topics, workers, subscriptionsPerTopic }
  }
  const consumerParts = options.consumersAreServers
    ? dealServers(consumers, options.workers)
    : deal(consumers, options.workers)
  const consumerWorkers = consumerParts.map((part, index) => ({
    role: 'consumer' as const,
    index,
    spec: { ...base, producers: [], consumers: part },
  }))
  const producerWorkers = deal(producers, options.workers).map((part, index) => ({
    role: 'producer' as const,
    index,
    spec: { ...base, producers: part, consumers: [] },
  }))
  return {
    topics,
    workers: [...consumerWorkers, ...producerWorkers],
    subscriptionsPerTopic,
  }
}

function makeTopics(workload: Workload, namePrefix: string): TopicSpec[] {
  const subscriptions = Array.from(
    { length: workload.subscriptionsPerTopic },
    (_, i) => `${namePrefix}-sub-${i}`,
  )
  return Array.from({ length: workload.topics }, (_, i) => ({
    name: `${namePrefix}-topic-${i}`,
    partitions: workload.partitionsPerTopic,
    subscriptions,
  }))
}

function makeProducers(workload: Workload, topics: readonly TopicSpec[]): ProducerPlan[] {
  const count = workload.topics * workload.producersPerTopic
  return Array.from({ length: count }, (_, id) => ({ id, topic: topics[id % topics.length]!.name }))
}

function makeConsumers(workload: Workload, topics: readonly TopicSpec[]): ConsumerPlan[] {
  const consumers: ConsumerPlan[] = []
  const consumersOfSubscription = workload.consumersPerSubscription
  const rateHz =
    workload.consumerRateHz === null
      ? null
      : workload.consumerRateHz / topics.length / consumersOfSubscription
  for (let index = 0; index < consumersOfSubscription; index++) {
    for (const topic of topics) {
      for (const subscription of topic.subscriptions) {
        consumers.push({
          id: consumers.length,
          topic: topic.name,
          subscription,
          indexInSubscription: index,
          consumersOfSubscription,
          rateHz,
        })
      }
    }
  }
  return consumers
}

/** Deals the items out to at most `hands` lists, none of them empty. */
function deal<T>(items: readonly T[], hands: number): T[][] {
  const dealt: T[][] = Array.from({ length: Math.max(1, Math.min(hands, items.length)) }, () => [])
  items.forEach((item, i) => {
    dealt[i % dealt.length]!.push(item)
  })
  return dealt
}

/** Deals the consumers out by their number in the subscription: whoever gets one of a topic gets one of each. */
function dealServers(consumers: readonly ConsumerPlan[], hands: number): ConsumerPlan[][] {
  const count = Math.min(hands, consumers[0]?.consumersOfSubscription ?? 1)
  return Array.from({ length: count }, (_, hand) =>
    consumers.filter((consumer) => consumer.indexInSubscription % count === hand),
  )
}
