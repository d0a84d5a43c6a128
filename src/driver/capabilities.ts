/**
 * What a driver with its present settings can do, as read-only data. The engine, the plan and the audit ask the
 * capability, never the broker's name.
 */
export interface Capabilities {
  /** How the system spreads one topic: `native` partitions, `emulated` (as that many queues), or `none` (only 1). */
  readonly partitions: 'native' | 'emulated' | 'none'
  /** Whether `OutgoingBatch.partition` is honoured. If not, the partition of a keyless stream is the driver's choice. */
  readonly choosesPartition: boolean
  /** Whether several subscriptions of a topic each get every message. */
  readonly subscriptions: boolean
  /** Within what scope one receiver sees messages in the order they were accepted. */
  readonly orderDomain: 'key' | 'partition' | 'queue' | 'none'
  /** Whether several consumers of one subscription may each get messages of the same stream (competing consumers). */
  readonly sharedStreams: boolean
  /**
   * What the side promises of an acknowledged message, with these settings. `best-effort`: nothing; it may be lost and
   * it may come twice.
   */
  readonly delivery: 'best-effort' | 'at-most-once' | 'at-least-once' | 'exactly-once'
  /** Kinds of consumer errors (`ConsumerSpec.onError`) that break a promise of the side: any makes integrity violated. */
  readonly violationKinds?: readonly string[]
  /** Whether a delivery can say that it may have been delivered before. */
  readonly redeliveryFlag: boolean
  /** Whether a message that was delivered and not acknowledged comes again after the consumer is closed. */
  readonly redelivers: boolean
  /** Whether a consumer may start at messages older than itself. */
  readonly replay: boolean
  /** Whether messages carry a key that the system sees. */
  readonly keys: boolean
  /** Whether consumers receive only a part chosen by stream (fan-out with filters) instead of everything. */
  readonly filtersByStream: boolean
  /** Whether the consumer is itself a server that must be up before the system under test (request/response). */
  readonly consumerIsServer: boolean
  readonly transactions: boolean
  readonly brokerTimestamps: boolean
  /** Largest message the system takes with its present settings, in bytes, where known before `open`. */
  readonly maxMessageBytes: number
}
