import type { Consumer, ConsumerSpec, IncomingBatch } from '../../../driver/driver.ts'
import { partitionTopic } from '../client/producer.ts'
import type { PulsarConfig } from '../pulsar-config.ts'
import { consumerName, partitionsOf } from '../pulsar-consumer.ts'
import { fullName } from '../pulsar-producer.ts'
import { kindOf } from './failures.ts'
import type { OfficialClient, OfficialConsumer, OfficialMessage } from './library.ts'
import { allOrNone, closeAll } from './parts.ts'
import { consumerSettings } from './settings.ts'

/** Receptions asked for ahead, of all partitions and of one: with one at a time each message waits for a turn of the loop. */
const MAX_RECEPTIONS = 256
const MAX_PARTITION_RECEPTIONS = 64

/** One partition's consumer of the package. */
interface Part {
  readonly partition: number
  readonly consumer: OfficialConsumer
  /** Receptions under way. */
  receptions: number
  failed: boolean
}

interface Held {
  readonly part: Part
  readonly messages: readonly OfficialMessage[]
}

/**
 * Reads partitions of a topic, with a consumer of the package for each. Messages come by `batchReceive`, one a call: its
 * `receive` may leave a message behind that arrives at the moment of the call. Rejects with a `ClientError`; nothing is
 * left behind then.
 */
export async function createOfficialConsumer(
  spec: ConsumerSpec,
  config: PulsarConfig,
  client: OfficialClient,
  signal: AbortSignal,
): Promise<Consumer> {
  const topic = fullName(config, spec.topic)
  const partitions = partitionsOf(spec, config.subscriptionType === 'exclusive')
  const consumers = await allOrNone(
    partitions.map((partition) => () => {
      const own = partitionTopic(topic, partition)
      return client.subscribe(consumerSettings(spec, config, own, consumerName(spec)))
    }),
    signal,
  )
  const parts: readonly Part[] = consumers.map((consumer, index) => {
    return { partition: partitions[index]!, consumer, receptions: 0, failed: false }
  })
  const share = Math.floor(MAX_RECEPTIONS / Math.max(1, parts.length))
  const ahead = Math.max(1, Math.min(MAX_PARTITION_RECEPTIONS, share, config.receiverQueueSize))
  /** What came while paused, and until all of it is handed over: at most the receptions under way. */
  let held: Held[] = []
  let paused = false
  let closing: Promise<void> | null = null

  function tell(error: unknown): void {
    if (closing === null) spec.onError(kindOf(error))
  }

  function deliver(part: Part, messages: readonly OfficialMessage[]): void {
    if (messages.length > 0) spec.onBatch(incoming(part, messages, config.ackMode === 'cumulative', tell))
  }

  function receive(part: Part): void {
    while (closing === null && !paused && !part.failed && part.receptions < ahead) {
      part.receptions++
      part.consumer.batchReceive().then(
        (messages) => {
          part.receptions--
          if (closing !== null) return
          if (paused || held.length > 0) held.push({ part, messages })
          else deliver(part, messages)
          receive(part)
        },
        (error: unknown) => {
          part.receptions--
          // It fails only for good, and then for all receptions at once.
          if (!part.failed) tell(error)
          part.failed = true
        },
      )
    }
  }

  function resume(): void {
    while (!paused && closing === null && held.length > 0) {
      const { part, messages } = held.shift()!
      deliver(part, messages)
    }
    for (const part of parts) receive(part)
  }

  async function close(abort: AbortSignal): Promise<void> {
    held = []
    await closeAll(consumers, abort)
  }

  // Deliveries wait until the caller has its consumer.
  setImmediate(resume)
  return {
    pause() {
      paused = true
    },
    resume() {
      paused = false
      setImmediate(resume)
    },
    close(abort) {
      // First the mark, then the work: its receptions end while it runs.
      closing ??= Promise.resolve().then(() => close(abort))
      return closing
    },
  }
}

function incoming(
  { partition, consumer }: Part,
  messages: readonly OfficialMessage[],
  isCumulative: boolean,
  onError: (error: unknown) => void,
): IncomingBatch {
  let acknowledged = false
  return {
    count: messages.length,
    value: (index) => messages[index]!.getData(),
    partition: () => partition,
    redelivered: (index) => messages[index]!.getRedeliveryCount() > 0,
    acknowledge() {
      if (acknowledged) return
      acknowledged = true
      if (isCumulative) consumer.acknowledgeCumulative(messages.at(-1)!).catch(onError)
      else for (const message of messages) consumer.acknowledge(message).catch(onError)
    },
  }
}
