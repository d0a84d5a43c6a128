import type { Consumer, ConsumerSpec } from '../../../driver/driver.ts'
import type { KafkaConfig } from '../kafka-config.ts'
import type { MessageBatch } from '../message-batch.ts'

/** What both client libraries are given. */
export interface ClientOptions {
  readonly config: KafkaConfig
  readonly servers: readonly string[]
  /** Resolved from `password` or `passwordEnv`; null without SASL. */
  readonly password: string | null
  /** Contents of the PEM files; null without TLS. */
  readonly tls: TlsMaterial | null
  readonly clientId: string
  readonly log: (line: string) => void
}

export interface TlsMaterial {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly servername?: string
  readonly rejectUnauthorized: boolean
}

export interface ClusterInfo {
  readonly brokerCount: number
  /** `host:port` of each broker, as advertised. */
  readonly brokers: readonly string[]
  readonly controllerId: number
}

export interface NewTopic {
  readonly name: string
  readonly partitions: number
  readonly replicationFactor: number
}

/** Outcome of one batch of a produce request. */
export type BatchResult =
  | { readonly ok: true }
  /**
   * `kind`: short and stable. `maybeWritten`: the broker may have it all the same. `retriable`: worth trying again.
   */
  | { readonly ok: false; readonly kind: string; readonly maybeWritten: boolean; readonly retriable: boolean }

/** One producer's way to the brokers. */
export interface ProduceLink {
  /** Most batches of one partition under way at a time, so that their order is kept. */
  readonly inFlightPerPartition: number
  /** Most partitions in one request. */
  readonly partitionsPerRequest: number
  /** Node that leads the partition, −1 while unknown. */
  leaderOf(partition: number): number
  /** Sends one batch each of some partitions of one leader. Never rejects: one result a batch, in order. */
  send(node: number, batches: readonly MessageBatch[]): Promise<readonly BatchResult[]>
  /** Looks up the leaders anew. Never rejects. */
  refresh(): Promise<void>
  /** Starts a new sequence after a numbered batch was given up; nothing is under way then. Rejects on failure. */
  renew(): Promise<void>
  close(): Promise<void>
}

/** A client library behind the few things the driver needs. One per driver instance. */
export interface KafkaClient {
  /** Name and version of the loaded library. */
  readonly version: string
  connect(): Promise<ClusterInfo>
  /** Settings of a broker by name; empty where the server refuses. */
  brokerSettings(): Promise<ReadonlyMap<string, string>>
  createTopics(topics: readonly NewTopic[]): Promise<void>
  /** Removes topics and says nothing of those that are not there. */
  deleteTopics(names: readonly string[]): Promise<void>
  /** Leader of each partition that has one, and how many replicas; null while the topic is not known. */
  describeTopic(name: string): Promise<TopicDescription | null>
  /** Settings that hold for a topic, the broker's defaults included; empty where the server refuses. */
  topicSettings(name: string): Promise<ReadonlyMap<string, string>>
  /** First and next offset of each partition's log, by partition. */
  logRanges(topic: string, partitions: number): Promise<readonly LogRange[]>
  /** The group's committed offsets, by partition; those without one are absent. */
  committedOffsets(groupId: string, topic: string, partitions: number): Promise<ReadonlyMap<number, number>>
  openProducer(topic: string, partitions: number, name: string): Promise<ProduceLink>
  openConsumer(spec: ConsumerSpec, groupId: string, signal: AbortSignal): Promise<Consumer>
  close(): Promise<void>
}

export interface LogRange {
  readonly start: number
  readonly end: number
}

export interface TopicDescription {
  readonly leaders: readonly number[]
  readonly replicas: number
}
