import type { Capabilities } from '../../driver/capabilities.ts'
import type { PulsarConfig } from './pulsar-config.ts'

/** The broker's default `maxMessageSize` of 5 MiB, less what a message needs besides its value. */
const MAX_MESSAGE_BYTES = 5_242_880 - 1024

/** Within what scope a subscription of each type keeps order. */
const ORDER = { exclusive: 'partition', failover: 'partition', shared: 'none', key_shared: 'key' } as const

/** What Pulsar does with these settings. */
export function pulsarCapabilities(config: PulsarConfig): Capabilities {
  const { subscriptionType } = config
  const isStored = config.topicType === 'persistent'
  return {
    partitions: 'native',
    choosesPartition: true,
    subscriptions: true,
    orderDomain: ORDER[subscriptionType],
    sharedStreams: subscriptionType === 'shared' || subscriptionType === 'key_shared',
    delivery: isStored ? 'at-least-once' : 'at-most-once',
    // Shared and key-shared subscriptions count deliveries and mark them, but forget the counts when their last consumer
    // leaves; the others never count.
    redeliveryFlag: false,
    redelivers: isStored,
    replay: isStored,
    keys: true,
    filtersByStream: false,
    consumerIsServer: false,
    transactions: false,
    brokerTimestamps: false,
    maxMessageBytes: MAX_MESSAGE_BYTES,
  }
}
