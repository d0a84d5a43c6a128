import type { Consumer, ConsumerSpec } from '../../driver/driver.ts'
import type { Client } from './client/client.ts'
import type { PulsarConfig } from './pulsar-config.ts'
import { fullName } from './pulsar-producer.ts'

/** Digits of a consumer's number in its name: brokers deal partitions out in the order of names. */
const NUMBER_DIGITS = 5
/** Nothing is acknowledged negatively by the engine; the delay counts for other users of the client. */
const NACK_DELAY_MS = 60_000

/** Partitions that a consumer subscribes to: its share of an exclusive subscription, else all. */
export function partitionsOf(spec: ConsumerSpec, isExclusive: boolean): number[] {
  const all = Array.from({ length: spec.partitions }, (_, partition) => partition)
  if (!isExclusive) return all
  return all.filter((partition) => partition % spec.consumersOfSubscription === spec.indexInSubscription)
}

/** Name of a consumer on the broker. */
export function consumerName({ indexInSubscription, name }: ConsumerSpec): string {
  return `${String(indexInSubscription).padStart(NUMBER_DIGITS, '0')}-${name}`
}

/** A consumer with the settings of the driver file. */
export function createPulsarConsumer(
  spec: ConsumerSpec,
  config: PulsarConfig,
  client: Client,
  signal: AbortSignal,
): Promise<Consumer> {
  return client.createConsumer(
    {
      topic: fullName(config, spec.topic),
      partitions: partitionsOf(spec, config.subscriptionType === 'exclusive'),
      subscription: spec.subscription,
      type: config.subscriptionType,
      name: consumerName(spec),
      startAt: spec.startAt,
      receiverQueue: config.receiverQueueSize,
      ackMode: config.ackMode,
      ackReceipts: config.ackReceipts,
      ackGroupMessages: config.ackGroupMessages,
      ackGroupMs: config.ackGroupMs,
      nackDelayMs: NACK_DELAY_MS,
      onBatch: spec.onBatch,
      onError: spec.onError,
    },
    signal,
  )
}
