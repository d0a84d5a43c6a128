import type { SettledCallback } from '../../../driver/driver.ts'
import type { KeyHash } from './router.ts'
import type { Compression } from './wire/metadata.ts'

/** A producer of one topic, over all its partitions. */
export interface ProducerOptions {
  /** With its tenant and namespace, e.g. `persistent://public/default/orders`. */
  readonly topic: string
  /** Partitions of the topic; 0 = it has none. */
  readonly partitions: number
  /** Unique among the producers of the topic; empty: the broker makes one up. */
  readonly name: string
  /** How the partition of a key is chosen; default: `java-string`. Must be equal in all clients of a topic. */
  readonly keyHash?: KeyHash
  readonly compression: Compression
  /** `key`: all messages of a batch have the same key, as key-shared subscriptions need it. */
  readonly batching: 'default' | 'key' | 'none'
  /** A batch is sent when it has this many messages … */
  readonly batchMessages: number
  /** … or this many bytes … */
  readonly batchBytes: number
  /**
   * … or is this old, or when none has left for this long and the turn of the event loop ends; 0 = at the end of each
   * `send`.
   */
  readonly batchDelayMs: number
  /** Messages and bytes that may be unsettled. */
  readonly maxPendingMessages: number
  readonly maxPendingBytes: number
  /** What is not acknowledged by then is settled: `unknown` if it was sent, else `rejected`. */
  readonly sendTimeoutMs: number
  readonly onSettled: SettledCallback
  readonly onWritable: () => void
}
