import type { IncomingBatch } from '../../../driver/driver.ts'
import type { FailureKind } from './errors.ts'
import type { SubscriptionType } from './wire/commands.ts'
import type { MessageDetails } from './wire/details.ts'

/** A consumer of one topic. */
export interface ConsumerOptions {
  /** With its tenant and namespace. */
  readonly topic: string
  /** Partitions to read; null = the topic has none. */
  readonly partitions: readonly number[] | null
  readonly subscription: string
  readonly type: SubscriptionType
  /** Failover and key-shared subscriptions are dealt out in the order of these names. */
  readonly name: string
  /** Where a new subscription starts. */
  readonly startAt: 'earliest' | 'latest'
  /** Messages that the broker may send ahead, for each partition. */
  readonly receiverQueue: number
  /**
   * `cumulative`: one acknowledgement for all that came before; not for shared and key-shared subscriptions.
   * Chunked messages are then reported and not delivered: it could pass over parts whose message is not whole yet.
   */
  readonly ackMode: 'individual' | 'cumulative'
  /** The broker confirms acknowledgements; `close` then waits until it has, and what it refuses goes to `onError`. */
  readonly ackReceipts: boolean
  /** Acknowledgements are sent together: when there are this many … */
  readonly ackGroupMessages: number
  /** … or the first is this old; 0 = at once. */
  readonly ackGroupMs: number
  /** How long after a negative acknowledgement a message is asked for again. */
  readonly nackDelayMs: number
  readonly onBatch: (batch: ReceivedBatch) => void
  readonly onError: (kind: FailureKind) => void
}

/** Deliveries of one read of the socket. Views live only during the callback; acknowledgements may come later. */
export interface ReceivedBatch extends IncomingBatch {
  /** The key's bytes, or null; as short-lived as the values. */
  key(index: number): Uint8Array | null
  /** Sequence id, times, ordering key and properties: read at every call, so it costs where it is used. */
  details(index: number): MessageDetails
  /** MessageIdData of the message's entry, to be used with `seek`. */
  messageId(index: number): Uint8Array
  /** Acknowledges one message; its entry is acknowledged when all of its messages are. Idempotent. */
  acknowledgeOne(index: number): void
  /**
   * Asks for the message's whole entry again after `nackDelayMs`. Exclusive and failover subscriptions then get
   * everything again that is unacknowledged.
   */
  negativeAcknowledge(index: number): void
}
