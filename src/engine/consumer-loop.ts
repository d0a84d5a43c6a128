import type { Clock } from '../clock/clock.ts'
import type { Driver } from '../driver/driver.ts'
import type { ErrorKinds } from './error-kinds.ts'
import { Inbound, type InboundContext } from './inbound.ts'
import type { LatencyBook } from './latency-book.ts'
import { createAuditBudget, ReceivedStreams } from './received-streams.ts'
import type { Timeline } from './timeline.ts'
import type { ConsumerCounts, ConsumerPlan, EngineSpec, ReceivedStream, SubscriptionCounts } from './types.ts'

export interface ConsumerLoopOptions {
  readonly spec: EngineSpec
  readonly driver: Driver
  readonly clock: Clock
  readonly timeline: Timeline
  readonly latencies: LatencyBook
  readonly errors: ErrorKinds
  readonly breaches: ErrorKinds
  /** Memory of the audit's sets; the named limit unless a test asks for less. */
  readonly maxAuditBytes?: number
}

/** Receives for all consumers of a process. */
export interface ConsumerLoop {
  /** Makes all consumers at the same time; each is ready when assigned. */
  prepare(signal: AbortSignal): Promise<void>
  /** All consumers of the process take no more until `resume`; the event loop goes on. Idempotent. */
  pause(): void
  resume(): void
  counts(): ConsumerCounts
  /** First deliveries in this process. */
  distinct(): number
  close(signal: AbortSignal): Promise<void>
  subscriptionCounts(): SubscriptionCounts[]
  streams(): ReceivedStream[]
  readonly overflowed: boolean
}

export function createConsumerLoop(options: ConsumerLoopOptions): ConsumerLoop {
  const { spec, driver, clock, timeline, latencies, errors, breaches } = options
  const budget = createAuditBudget(options.maxAuditBytes)
  const subscriptions = new Map<string, ReceivedStreams>()
  const context: InboundContext = {
    clock,
    timeline,
    runId: spec.runId,
    endToEnd: [latencies.recorder('endToEnd', 0), latencies.recorder('endToEnd', 1)],
    breaches,
    streamIsPartition: spec.keyDistributor === 'NO_KEY' && driver.capabilities.choosesPartition,
  }
  const inbounds = spec.consumers.map((plan) => ({
    plan,
    inbound: new Inbound(context, subscriptionOf(plan), plan.rateHz),
  }))

  function subscriptionOf({ topic, subscription }: ConsumerPlan): ReceivedStreams {
    const key = JSON.stringify([topic, subscription])
    let received = subscriptions.get(key)
    if (received === undefined) {
      received = new ReceivedStreams(topic, subscription, budget)
      subscriptions.set(key, received)
    }
    return received
  }

  return {
    async prepare(signal) {
      await Promise.all(
        inbounds.map(async ({ plan, inbound }) => {
          const consumer = await driver.createConsumer(
            {
              topic: plan.topic,
              partitions: spec.partitions,
              subscription: plan.subscription,
              name: `consumer-${plan.id}`,
              startAt: 'earliest',
              consumersOfSubscription: plan.consumersOfSubscription,
              indexInSubscription: plan.indexInSubscription,
              onBatch: inbound.onBatch,
              onError: (kind) => errors.add(kind, 1),
            },
            signal,
          )
          inbound.attach(consumer)
        }),
      )
    },
    pause() {
      for (const { inbound } of inbounds) inbound.pause()
    },
    resume() {
      for (const { inbound } of inbounds) inbound.resume()
    },
    counts() {
      const total = { received: 0, corrupted: 0, foreign: 0 }
      for (const { counts } of subscriptions.values()) {
        total.received += counts.received
        total.corrupted += counts.corrupted
        total.foreign += counts.foreign
      }
      return total
    },
    distinct: () => sum([...subscriptions.values()].map((received) => received.distinct)),
    async close(signal) {
      const closed = await Promise.allSettled(inbounds.map(({ inbound }) => inbound.close(signal)))
      const failed = closed.filter((result) => result.status === 'rejected').length
      if (failed > 0) errors.add('consumer close failed', failed)
    },
    subscriptionCounts: () =>
      [...subscriptions.values()].map(({ topic, subscription, counts }) => ({
        topic,
        subscription,
        ...counts,
      })),
    streams: () => [...subscriptions.values()].flatMap((received) => received.report()),
    get overflowed() {
      return budget.overflowed
    },
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
