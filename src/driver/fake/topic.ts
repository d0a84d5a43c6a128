import type { Clock } from '../../clock/clock.ts'
import { AppError } from '../../errors/app-error.ts'
import type { ConsumerSpec, Outcome, OutgoingBatch, SettledCallback, TopicSpec } from '../driver.ts'
import { delayQueue } from './delay-queue.ts'
import { createFaultApplier } from './fault-applier.ts'
import { createFifo } from './fifo.ts'
import { type FakeOptions, fakeCapabilities } from './options.ts'
import {
  createSubscription,
  type Delivery,
  type Emission,
  type Receiver,
  type Subscription,
} from './subscription.ts'

/** A producer as the system sees it. */
export interface Sender {
  /** Takes the batch with a copy of its bytes. Settlements follow after `ackDelayMs`, never from inside this call. */
  publish(batch: OutgoingBatch): void
  /** Settles everything now: what will not be answered any more as unknown. */
  finish(): void
}

/** One topic of the fake: pure model on a clock. */
export interface FakeTopic {
  attachProducer(name: string, onSettled: SettledCallback): Sender
  attachConsumer(spec: ConsumerPlace, deliver: (delivery: Delivery) => void): Receiver
  /** Forgets everything; publishing is rejected from now on. */
  remove(): void
}

/** The part of a consumer's specification that the system needs. */
export type ConsumerPlace = Pick<
  ConsumerSpec,
  'subscription' | 'startAt' | 'consumersOfSubscription' | 'indexInSubscription'
>

interface Settlement {
  readonly sender: SenderState
  readonly first: number
  readonly count: number
  readonly outcome: Outcome
  readonly reason: string | undefined
}

interface SenderState {
  readonly name: string
  readonly onSettled: SettledCallback
  unanswered: Settlement[]
}

const MAX_BACKLOG_MESSAGES = 500_000
const MAX_HISTORY_BYTES = 64 * 1024 * 1024

/** Makes a topic that behaves as its options say. */
export function createFakeTopic(clock: Clock, spec: TopicSpec, options: FakeOptions): FakeTopic {
  const capabilities = fakeCapabilities(options.shape)
  const subscriptions = new Map<string, Subscription>()
  const history = createFifo<Emission>()
  const settlements = delayQueue<Settlement>(clock, options.ackDelayMs, answer)
  const deliveries = delayQueue<readonly Emission[]>(clock, options.deliveryDelayMs, (lists) => {
    if (!stopped()) for (const list of lists) emit(list)
    for (const subscription of subscriptions.values()) subscription.pump()
  })
  const faults = createFaultApplier(clock, options.faults, (late) => deliveries.push([late]))
  let historyBytes = 0
  let accepted = 0
  let roundRobin = 0
  let consumers = 0
  let firstPublishUs = Number.NaN
  let removed = false

  if (options.shape === 'queue') for (const name of spec.subscriptions) subscribe(name, 0)

  function subscribe(name: string, startIndex: number): Subscription {
    const subscription = createSubscription(clock, options.shape, startIndex)
    subscriptions.set(name, subscription)
    return subscription
  }

  function stopped(): boolean {
    return options.stopAfterS !== null && clock.nowUs() - firstPublishUs >= options.stopAfterS * 1e6
  }

  function answer(due: readonly Settlement[]): void {
    const silent = stopped()
    for (const one of due) {
      if (silent) one.sender.unanswered.push(one)
      else one.sender.onSettled(one.first, one.count, one.outcome, one.reason)
    }
  }

  function emit(list: readonly Emission[]): void {
    for (const emission of list) {
      for (const subscription of subscriptions.values()) subscription.push(emission)
      if (capabilities.replay) remember(emission)
    }
  }

  function remember(emission: Emission): void {
    history.push(emission)
    historyBytes += emission.value.length
    while (historyBytes > MAX_HISTORY_BYTES) historyBytes -= history.shift()?.value.length ?? historyBytes
  }

  /** Why nothing can be taken now, or null. */
  function refusal(): string | null {
    if (removed) return 'no such topic'
    if (capabilities.consumerIsServer && consumers === 0) return 'connection refused'
    for (const subscription of subscriptions.values()) {
      if (subscription.backlog > MAX_BACKLOG_MESSAGES) return 'backlog full'
    }
    return null
  }

  function partitionOf(batch: OutgoingBatch, key: string | undefined): number {
    if (capabilities.partitions === 'none') return 0
    if (batch.partition >= 0) return batch.partition
    return (key === undefined ? roundRobin++ : hash(key)) % spec.partitions
  }

  function publish(sender: SenderState, batch: OutgoingBatch): void {
    if (Number.isNaN(firstPublishUs)) firstPublishUs = clock.nowUs()
    const reason = batch.partition >= spec.partitions ? 'no such partition' : refusal()
    if (reason !== null) {
      settlements.push({
        sender,
        first: batch.firstSequence,
        count: batch.count,
        outcome: 'rejected',
        reason,
      })
      return
    }
    const bytes = Buffer.concat(batch.values.slice(0, batch.count))
    const list: Emission[] = []
    let offset = 0
    let settledTo = 0
    const settle = (to: number, outcome: Outcome, why?: string) => {
      const first = batch.firstSequence + settledTo
      if (to > settledTo) settlements.push({ sender, first, count: to - settledTo, outcome, reason: why })
      settledTo = to
    }
    for (let i = 0; i < batch.count; i++) {
      const value = bytes.subarray(offset, offset + batch.values[i]!.length)
      offset += value.length
      const fate = take(sender, batch, i, value, list)
      if (fate === null) continue
      settle(i, 'acknowledged')
      settle(i + 1, fate === 'timeout' ? 'unknown' : 'rejected', fate)
    }
    settle(batch.count, 'acknowledged')
    deliveries.push(list)
  }

  /** Appends what will be delivered of one message; says why it is not acknowledged, or null when it is. */
  function take(
    sender: SenderState,
    batch: OutgoingBatch,
    i: number,
    value: Uint8Array,
    list: Emission[],
  ): 'timeout' | 'message too large' | null {
    const index = accepted++
    if (value.length > capabilities.maxMessageBytes) return 'message too large'
    const key = capabilities.keys ? batch.keys?.[i] : undefined
    const partition = partitionOf(batch, key)
    const stream = capabilities.filtersByStream ? hash(key ?? String(partition)) : 0
    const emission: Emission = { index, value, partition, stream, receiver: 'any', redelivered: false }
    if (!faults.active) {
      list.push(emission)
      return null
    }
    return faults.apply(`${sender.name}\n${key ?? ''}\n${partition}`, emission, list) ? 'timeout' : null
  }

  return {
    attachProducer(name, onSettled) {
      const sender: SenderState = { name, onSettled, unanswered: [] }
      return {
        publish: (batch) => publish(sender, batch),
        finish() {
          settlements.flush()
          for (const { first, count } of sender.unanswered) onSettled(first, count, 'unknown', 'timeout')
          sender.unanswered = []
        },
      }
    },
    attachConsumer(place, deliver) {
      let subscription = subscriptions.get(place.subscription)
      if (subscription === undefined) {
        if (options.shape === 'queue') {
          throw new AppError('PREPARE', `expected a subscription of ${spec.name}, got ${place.subscription}`)
        }
        const earliest = capabilities.replay && place.startAt === 'earliest'
        subscription = subscribe(place.subscription, earliest ? 0 : accepted)
        if (earliest) for (const emission of history.items()) subscription.push(emission)
      }
      const receiver = subscription.attach(
        place.indexInSubscription,
        place.consumersOfSubscription,
        (delivery) => {
          if (!stopped()) deliver(delivery)
        },
      )
      consumers++
      return {
        ...receiver,
        detach() {
          consumers--
          receiver.detach()
        },
      }
    },
    remove() {
      removed = true
      subscriptions.clear()
      deliveries.clear()
      faults.clear()
    },
  }
}

/** FNV-1a over the characters. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  return value >>> 0
}
