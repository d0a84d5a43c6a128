import type { Consumer, ConsumerSpec, Driver, IncomingBatch, TopicSpec } from '../driver.ts'
import { readMessage } from './messages.ts'
import type { Session } from './session.ts'

/** One message as it came. */
export interface Received {
  /** −1 when its bytes were not those of any message of the suite. */
  readonly identity: number
  readonly partition: number
  readonly redelivered: boolean
  readonly sizeBytes: number
}

/** A consumer that notes everything it gets. */
export interface TestConsumer {
  readonly inner: Consumer
  readonly received: readonly Received[]
  /** Failures it was told, by kind. */
  readonly errors: readonly string[]
  /** How often each identity came. */
  counts(): ReadonlyMap<number, number>
  close(): Promise<void>
}

export interface TestConsumerOptions {
  readonly subscription?: string
  readonly startAt?: ConsumerSpec['startAt']
  /** Default true. */
  readonly acknowledge?: boolean
  /** Number of the first of them, and how many there will be in all. */
  readonly indexInSubscription?: number
  readonly consumersOfSubscription?: number
}

let consumerCount = 0

/** Creates `count` consumers of one subscription at the same time. */
export async function testConsumers(
  session: Session,
  driver: Driver,
  topic: TopicSpec,
  count: number,
  options: TestConsumerOptions = {},
): Promise<readonly TestConsumer[]> {
  const made = Array.from({ length: count }, (_, index) => {
    const received: Received[] = []
    const errors: string[] = []
    const first = options.indexInSubscription ?? 0
    const spec: ConsumerSpec = {
      topic: topic.name,
      partitions: topic.partitions,
      subscription: options.subscription ?? topic.subscriptions[0]!,
      name: `${topic.name}-c${consumerCount++}`,
      startAt: options.startAt ?? 'earliest',
      consumersOfSubscription: options.consumersOfSubscription ?? count,
      indexInSubscription: first + index,
      onBatch(batch) {
        note(batch, received)
        if (options.acknowledge !== false) batch.acknowledge()
      },
      onError(kind) {
        errors.push(kind)
      },
    }
    return driver.createConsumer(spec, session.signal).then((inner) => wrap(session, inner, received, errors))
  })
  return Promise.all(made)
}

/** Takes all views before it reads any: they must be valid, each of its own, during the whole callback. */
function note(batch: IncomingBatch, received: Received[]): void {
  const views: Uint8Array[] = []
  for (let i = 0; i < batch.count; i++) views.push(batch.value(i))
  for (let i = 0; i < batch.count; i++) {
    received.push({
      identity: readMessage(views[i]!),
      partition: batch.partition(i),
      redelivered: batch.redelivered(i),
      sizeBytes: views[i]!.length,
    })
  }
}

function wrap(session: Session, inner: Consumer, received: Received[], errors: string[]): TestConsumer {
  return {
    inner,
    received,
    errors,
    counts: () => countIdentities(received),
    close: () => inner.close(session.signal),
  }
}

/** How often each identity came. */
export function countIdentities(received: readonly Received[]): Map<number, number> {
  const counts = new Map<number, number>()
  for (const { identity } of received) counts.set(identity, (counts.get(identity) ?? 0) + 1)
  return counts
}
