import type { Capabilities } from '../../driver/capabilities.ts'
import { DEFAULT_MAX_MESSAGE_BYTES, type KafkaConfig } from './kafka-config.ts'

/** What a message needs in its batch beyond its value, a key of 40 bytes included. */
const ENVELOPE_BYTES = 128

/** What Kafka does with these settings. */
export function kafkaCapabilities(config: KafkaConfig): Capabilities {
  const maxBatchBytes = Number(config.topicConfig['max.message.bytes'] ?? DEFAULT_MAX_MESSAGE_BYTES)
  return {
    partitions: 'native',
    choosesPartition: true,
    subscriptions: true,
    orderDomain: 'partition',
    sharedStreams: false,
    delivery: config.acks === 0 ? 'at-most-once' : 'at-least-once',
    redeliveryFlag: false,
    redelivers: true,
    replay: true,
    keys: true,
    filtersByStream: false,
    consumerIsServer: false,
    transactions: false,
    brokerTimestamps: config.topicConfig['message.timestamp.type'] === 'LogAppendTime',
    maxMessageBytes: Math.max(1, maxBatchBytes - ENVELOPE_BYTES),
  }
}
