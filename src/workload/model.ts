import type { RateSchedule } from './rate-schedule.ts'
import type { SearchOptions } from './search.ts'

/** A workload after parsing, defaults filled in and units made explicit. All rates are totals over the whole workload. */
export interface Workload {
  readonly name: string
  readonly topics: number
  readonly partitionsPerTopic: number
  readonly keyDistributor: KeyDistributor
  readonly messageBytes: number
  readonly payload: Payload
  readonly subscriptionsPerTopic: number
  readonly producersPerTopic: number
  readonly consumersPerSubscription: number
  /** Messages a second, total over all producers and topics; with `ratesHz` the highest of them. */
  readonly producerRateHz: number
  /** At least two rates, ascending, each to be offered in trials of its own; absent with one rate. */
  readonly ratesHz?: readonly number[]
  /** The rate is searched for, in steps; `producerRateHz` is that of the first. Absent with a rate of its own. */
  readonly search?: SearchOptions
  /** Messages a second that all consumers of one subscription may take together; null = no limit. */
  readonly consumerRateHz: number | null
  /** When messages leave, and at rates that change; absent: evenly at `producerRateHz`, which else is the mean. */
  readonly schedule?: RateSchedule
  /**
   * `echo`: each topic's messages are sent and received by the same worker, so that both ends of an end-to-end latency are
   * read from one clock. Absent: by different workers, whose clocks are compared.
   */
  readonly endToEndClock?: 'echo'
  /** `auto`: warm-up ends when rates and latencies have settled, at the latest after `warmupS`. Absent: it lasts `warmupS`. */
  readonly warmup?: 'auto'
  readonly warmupS: number
  /** Measured; with a backlog the time before it is built. */
  readonly durationS: number
  /** A backlog that is built and drained after `durationS`; absent without one. */
  readonly backlog?: BacklogPlan
  /** Service-level objectives that every trial of every side is held to (`publish.p99 < 20ms`); absent without any. */
  readonly slo?: readonly string[]
  /** Sides named in the workload itself, as on the command line; null = none named. */
  readonly drivers: readonly string[] | null
  /** What goes wrong on purpose while it is measured; absent without any. */
  readonly faults?: readonly Fault[]
}

/** Something that goes wrong on purpose. */
export interface Fault {
  readonly kind: 'kill' | 'restart' | 'stop' | 'pause-consumers' | 'network'
  /** When it begins, in seconds of measure. */
  readonly atS: number
  /** How long it lasts; 0 = as quick as it can (`restart`). */
  readonly forS: number
  /** Of `kill`, `restart`, `stop`: number of the node, from 1; the one that leads the first partition; or one by the seed. */
  readonly node?: number | 'leader' | 'any'
  readonly network?: NetworkFault
}

/** What a proxy between clients and broker does to the bytes. */
export interface NetworkFault {
  /** Number of the node, from 1; null = all. */
  readonly node: number | null
  readonly direction: 'to-broker' | 'to-client' | 'both'
  readonly delayMs: number
  /** The delay varies evenly by up to so much both ways. */
  readonly jitterMs: number
  /** Of all connections to a node together; null = no limit. */
  readonly bytesPerS: number | null
  readonly reset: boolean
  readonly blackHole: boolean
}

/** A backlog to build with consumers paused, and to drain while producers go on. */
export interface BacklogPlan {
  /** Messages of each subscription, all topics together. */
  readonly messages: number
  /** Part of it that must be gone for it to count as drained. */
  readonly drainRatio: number
  /** The build is given up after this: the system takes less than is offered. */
  readonly maxBuildS: number
  readonly maxDrainS: number
}

export type KeyDistributor = 'NO_KEY' | 'KEY_ROUND_ROBIN' | 'RANDOM_NANO'

export type Payload =
  /** One fixed body of the right size. */
  | { readonly kind: 'fixed' }
  /** A pool of bodies; the first `randomRatio` of each is random, the rest zeros; one picked at random a message. */
  | { readonly kind: 'random'; readonly randomRatio: number; readonly poolSize: number }
  /** The contents of a file of exactly `messageBytes` bytes. */
  | { readonly kind: 'file'; readonly path: string }

/** One contestant: a driver file, a client and overrides, under a label that is unique in the experiment. */
export interface Side {
  readonly label: string
  /** Name in the driver registry. */
  readonly driver: string
  /** The driver's own settings, parsed by its schema. */
  readonly config: unknown
  /** `host:port` of each server; null = the local broker that bench starts. */
  readonly servers: readonly string[] | null
  /** Where the driver file lies, for messages. */
  readonly file: string
  /** The driver file with overrides applied and secrets masked, as it goes into the result. */
  readonly settings: Readonly<Record<string, unknown>>
  /** Names of settings that were read and have no meaning here, with the reason. */
  readonly ignored: readonly string[]
}

/** One trial to come. */
export interface PlannedTrial {
  /** Index of the side. */
  readonly side: number
  /** Messages a second to offer. */
  readonly rateHz: number
}

/** What a run would do: pure data, printable without a broker. */
export interface Plan {
  readonly workload: Workload
  /** Text of the workload file as read. */
  readonly workloadSource: string
  readonly workloadFile: string
  readonly sides: readonly Side[]
  /** Producer processes, and as many consumer processes. */
  readonly workers: number
  readonly topology: 'single' | 'cluster'
  /** Do not rank sides whose guarantees differ. */
  readonly strict: boolean
  /** Module of custom figures: its absolute path, and the path that is shown; null = none. */
  readonly metrics: { readonly file: string; readonly shown: string } | null
  /** Trials of each side, at each rate. */
  readonly repeat: number
  /** Of payloads, keys and the order of trials. */
  readonly seed: number
  /** All trials, in their order. */
  readonly order: readonly PlannedTrial[]
  /** Everything worth telling before the start: defaults taken that differ from OMB's, keys ignored. */
  readonly notes: readonly string[]
}
