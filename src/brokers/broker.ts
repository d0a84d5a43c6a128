import type { Guarantees } from '../driver/driver.ts'

/** A running server process (or container) of a local broker. */
export interface BrokerNode {
  readonly name: string
  /** Where it listens. */
  readonly bound: string
  /** Where it tells clients to come: differs from `bound` when a proxy stands between. */
  readonly advertised: string
  /** Process id of the server itself (JVM, Erlang VM), for CPU, memory and signals. */
  readonly pid: number
  readonly logFile: string
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>
  /** SIGSTOP and SIGCONT. */
  stop(): void
  continue(): void
  /** Starts a node that was killed, with its data; resolves when healthy. */
  restart(signal: AbortSignal): Promise<void>
  /** Ends it cleanly, after `graceMs` by force; it may be started again by `restart`. Absent where only `kill` is there. */
  shutDown?(graceMs: number): Promise<void>
}

/** A local broker that is up: one node or three. */
export interface LocalBroker {
  readonly name: string
  readonly version: string
  readonly runtime: 'native' | 'container'
  readonly topology: Topology
  /** `host:port` list for clients. */
  readonly servers: readonly string[]
  /** `http://host:port` of interfaces for administration apart from `servers`; drivers get them after those. */
  readonly adminUrls?: readonly string[]
  /** Settings that matter for the comparison (heap, flush policy, replication…), printed in the result. */
  readonly settings: Readonly<Record<string, string>>
  /** What the servers run on, with its version (`OpenJDK 17.0.15`), where bench chose it. */
  readonly platform?: string
  /** Folders of the nodes' data, to weigh what messages leave there; absent where bench cannot look into them. */
  readonly dataFolders?: readonly string[]
  /** What holds where driver settings do not change it. */
  readonly guarantees?: Guarantees
  readonly nodes: readonly BrokerNode[]
  /** Index of the node that leads the first partition of a topic, null when none does; absent where it cannot be asked. */
  leaderOf?(topic: string, signal: AbortSignal): Promise<number | null>
  /** Stops every node and wipes the data folder; logs are kept. Idempotent. */
  down(): Promise<void>
}

export type Topology = 'single' | 'cluster'

export interface LocalBrokerOptions {
  readonly topology: Topology
  /** `measured`: as a user would run it. `quick`: small and fast to start, for function tests. */
  readonly profile: 'measured' | 'quick'
  /** Data, logs and state go below this folder. */
  readonly directory: string
  /** Security for tests: extra listeners with SASL/TLS, users, ACLs; each broker documents its own. */
  readonly extra?: Readonly<Record<string, unknown>>
  readonly log: (line: string) => void
  /**
   * Where clients shall come instead of this address of a node (its index in `LocalBroker.nodes`): something stands
   * between. Called before the node starts, which then advertises the answer; the nodes' own traffic does not pass there.
   */
  readonly front?: (node: number, address: string) => Promise<string>
}

/** How to get and start one kind of broker on this machine. */
export interface LocalBrokerProvider {
  readonly name: string
  /** What is here, what is missing, and the command that gets it; changes nothing. */
  inspect(): Promise<readonly Requirement[]>
  /** Brings what is missing into the cache, starts, waits until a message was really produced and read. */
  up(options: LocalBrokerOptions, signal: AbortSignal): Promise<LocalBroker>
}

export interface Requirement {
  /** What it is, e.g. `Java 17 or newer`. */
  readonly what: string
  readonly found: boolean
  /** Where it was found, or what will be done about it (`will be unpacked into the cache by apt-get`). */
  readonly detail: string
  /** A command that gets it, when bench cannot bring it by itself. */
  readonly command?: string
}
