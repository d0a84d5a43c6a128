import type { Capabilities } from './capabilities.ts'

/** What became of a message that `send` accepted. `unknown`: time-out or lost connection; it may still arrive. */
export type Outcome = 'acknowledged' | 'rejected' | 'unknown'

/** What the server said of itself, for the result. */
export interface ServerInfo {
  /** As the server prints it, e.g. `4.3.1`; `unknown` where it cannot be asked. */
  readonly version: string
  /** Server-side settings that matter for the comparison, as name → value. */
  readonly settings: Readonly<Record<string, string>>
  /** Name and version of the client library, e.g. `kafkajs 2.2.4`. */
  readonly client: string
  /** Sentences a reader of the report must know (`16 partitions are 16 queues per subscription`). */
  readonly notes: readonly string[]
  /** As far as the driver knows; what it leaves out the local broker may know. */
  readonly guarantees?: Guarantees
  /** The same of everything else that must be alike for a comparison to be fair. */
  readonly terms?: Terms
}

/** What the server tells of the topics as they were really made: it goes before what `open` stated. */
export interface TopicTerms {
  readonly guarantees?: Guarantees
  readonly terms?: Terms
}

/**
 * What stands behind an acknowledged message, said alike for every system so that sides can be held against one another.
 * A field that is left out is not known.
 */
export interface Guarantees {
  /** Copies kept of a message; `every node`: as many as the system has nodes. */
  readonly copies?: number | 'every node'
  /** Copies that surely exist when a message is acknowledged; `majority` of `copies`. */
  readonly copiesAtAck?: number | 'majority'
  /** Whether each of these copies was flushed to the disk before (fsync). */
  readonly syncedAtAck?: boolean
}

/** Who surely has a message when it is acknowledged. `nobody`: it was handed to the socket. `receiver`: who reads it. */
export const ACKNOWLEDGERS = [
  'nobody',
  'memory',
  'one copy',
  'majority of copies',
  'quorum of copies',
  'copies in sync',
  'receiver',
] as const
export type Acknowledger = (typeof ACKNOWLEDGERS)[number]

/** How long a message may wait for others that travel with it, and how many may. */
export interface Batching {
  readonly lingerMs: number
  /** A batch goes as soon as it holds as many; left out where there is no such limit. */
  readonly maxMessages?: number
  readonly maxBytes?: number
}

/**
 * How a side is set up, said alike for every system. Facts of the server come from the server wherever it can be asked.
 * A field that is left out is not known.
 */
export interface Terms {
  readonly acknowledgedBy?: Acknowledger
  /** Whether the system drops what a producer sends a second time because it is not sure of the first. */
  readonly deduplicates?: boolean
  /** `none`: every message travels and is stored by itself. */
  readonly batching?: Batching | 'none'
  /** Codec of messages or batches, `none` without one. */
  readonly compression?: string
  /** When and how consumers tell what they have: `offsets, every 1000 ms`. */
  readonly consumerAcks?: string
  /** What the server runs on, with its version: `OpenJDK 17.0.15`, `Erlang/OTP 25.2.3`. */
  readonly platform?: string
  /** Servers of the system as it names them itself, `host:port`. */
  readonly hosts?: readonly string[]
}

export interface TopicSpec {
  readonly name: string
  readonly partitions: number
  /** Names of every subscription that will be made, for systems that need queues before the first message. */
  readonly subscriptions: readonly string[]
}

/**
 * What the broker itself counts of a topic, since it was made; null where it does not tell. Counters of some brokers
 * begin anew when the topic moves to another server: evidence beside the audit, never instead of it.
 */
export interface TopicFigures {
  readonly topic: string
  /** Messages it took from producers, those included whose acknowledgement was lost. */
  readonly messagesIn: number | null
  /** What the topic takes up, copies not counted. */
  readonly storageBytes: number | null
  readonly subscriptions: readonly SubscriptionFigures[]
}

/** What the broker itself counts of a subscription. */
export interface SubscriptionFigures {
  readonly subscription: string
  /** Messages handed to consumers, repeated deliveries included. */
  readonly messagesOut: number | null
  /** What it holds as not acknowledged by the subscription. */
  readonly backlog: number | null
  /** `batches`: the broker counts what producers sent together as one. */
  readonly backlogUnit: 'messages' | 'batches'
}

/** Messages with consecutive sequence numbers, offered to a producer. */
export interface OutgoingBatch {
  /** Place of the first message in the producer's sequence; the i-th message is `firstSequence + i`. */
  readonly firstSequence: number
  readonly count: number
  /** The partition that all of them go to, or −1 where the driver (or the key) decides. */
  readonly partition: number
  /**
   * The messages' bytes. The engine never changes them again until every accepted message of the batch is settled,
   * so a driver need not copy; the array itself belongs to the driver once accepted.
   */
  readonly values: readonly Buffer[]
  /** One key a message, or null for none. */
  readonly keys: readonly string[] | null
}

/**
 * Outcome of the messages `firstSequence … firstSequence + count − 1`. Every accepted message is settled exactly
 * once, never before `send` has returned; ranges may come in any order. `reason` is a short stable kind (`timeout`,
 * `connection lost`, `message too large`), counted in the result; give it for every outcome but `acknowledged`.
 */
export type SettledCallback = (
  firstSequence: number,
  count: number,
  outcome: Outcome,
  reason?: string,
) => void

export interface ProducerSpec {
  readonly topic: string
  /** Partitions of the topic, as created. */
  readonly partitions: number
  /** Unique in the run; use it in client ids. */
  readonly name: string
  readonly onSettled: SettledCallback
  /** Called after `send` accepted less than offered, once there is room again. Never from inside `send`. */
  readonly onWritable: () => void
}

export interface Producer {
  /**
   * Offers messages; returns how many were taken, from the front: 0 … count. Never waits and never queues without
   * bound: what it does not take stays in the engine's schedule.
   */
  send(batch: OutgoingBatch): number
  /** Sends what lingers at once. Settlements follow; it need not wait for them. */
  flush(): void
  /** Settles everything that is outstanding (at the latest as `unknown` when the signal aborts), then frees all. Idempotent. */
  close(signal: AbortSignal): Promise<void>
}

/** Messages handed over by a consumer. Views live only during the callback. */
export interface IncomingBatch {
  readonly count: number
  /** The bytes of the i-th message: valid only during the callback. */
  value(index: number): Uint8Array
  /** Partition it came from, or −1 where there is none. */
  partition(index: number): number
  redelivered(index: number): boolean
  /** Acknowledges all messages of the batch to the system. May be called during or after the callback; idempotent. */
  acknowledge(): void
}

export interface ConsumerSpec {
  readonly topic: string
  readonly partitions: number
  readonly subscription: string
  /** Unique in the run. */
  readonly name: string
  /** Where to start when the subscription is new. */
  readonly startAt: 'earliest' | 'latest'
  /** How many consumers this subscription will have in all, over all processes. */
  readonly consumersOfSubscription: number
  /** This consumer's number among them: 0 … consumersOfSubscription − 1. */
  readonly indexInSubscription: number
  readonly onBatch: (batch: IncomingBatch) => void
  /** A failure that is data: a lost connection, a fetch error. `kind` is short and stable, as with `SettledCallback`. */
  readonly onError: (kind: string) => void
}

export interface Consumer {
  /** Stops deliveries without blocking the event loop or losing the assignment. At most what is under way still comes. */
  pause(): void
  resume(): void
  /** Flushes acknowledgements, leaves, frees all; no callback afterwards. Idempotent. */
  close(signal: AbortSignal): Promise<void>
}

/**
 * One system under test, reached with one set of settings. Life: `open` once, then topics, consumers, producers, then
 * `close` once; `guardDriver` enforces it. A worker process opens its own instance. Every waiting method ends when its
 * signal aborts.
 */
export interface Driver {
  readonly capabilities: Capabilities
  /** Connects and identifies. Throws `AppError('PREPARE')` naming host and port within 15 s when nobody answers. */
  open(signal: AbortSignal): Promise<ServerInfo>
  /** Makes the topics (and queues of the subscriptions). A topic that exists is an error: runs never share topics. */
  createTopics(topics: readonly TopicSpec[], signal: AbortSignal): Promise<void>
  /** Removes the topics; a topic that is gone already is fine. */
  deleteTopics(topics: readonly TopicSpec[], signal: AbortSignal): Promise<void>
  /**
   * What holds for these topics, as the server says itself; asked once they are made. Absent where it cannot be asked. A
   * rejection becomes a remark in the result, nothing more.
   */
  topicTerms?(topics: readonly TopicSpec[], signal: AbortSignal): Promise<TopicTerms>
  /**
   * What the broker counts of the topics, asked once all producers and consumers are closed. Absent where the broker
   * counts nothing that is worth telling. A rejection becomes a remark in the result, nothing more.
   */
  topicFigures?(topics: readonly TopicSpec[], signal: AbortSignal): Promise<readonly TopicFigures[]>
  createProducer(spec: ProducerSpec, signal: AbortSignal): Promise<Producer>
  /**
   * Resolves once it would receive a message sent from now on (assigned, subscribed). All consumers of a subscription
   * are created at the same time, each waiting until its own part is assigned.
   */
  createConsumer(spec: ConsumerSpec, signal: AbortSignal): Promise<Consumer>
  close(signal: AbortSignal): Promise<void>
}

/** What a driver module gets: its part of the driver file, checked by its own schema, and where the servers are. */
export interface DriverContext<Config = unknown> {
  readonly config: Config
  /** `host:port` of each server: from the driver file, or from the local broker that was started. */
  readonly servers: readonly string[]
  /** Unique prefix of everything made on the server in this trial. */
  readonly namePrefix: string
  /** One line at a time, already bounded in rate by the receiver. */
  readonly log: (line: string) => void
}

/** Something a side needs and this machine lacks. */
export interface MissingPart {
  /** `expected …, it is not there`. */
  readonly what: string
  /** The command that gets it, or what else to choose. */
  readonly hint: string
}

/** What each folder under `drivers/` exports as `driverModule`; the registry loads it lazily by name. */
export interface DriverModule<Config = unknown> {
  readonly name: string
  /** Capabilities with this configuration, known before any connection is made (for `bench plan`). */
  capabilities(config: Config): Capabilities
  /**
   * What this configuration needs and this machine lacks (an optional client library), known before any broker is
   * started; null when nothing. Absent: never anything. `Driver.open` says the same where it is asked first.
   */
  missing?(config: Config): Promise<MissingPart | null>
  create(context: DriverContext<Config>): Driver
}
