import type { TlsOptions } from './socket.ts'

/** How to reach a service, and the limits of every wait. All times in ms. */
export interface ClientOptions {
  /** `host:port` of brokers (or of a proxy) that answer lookups; tried in turn. */
  readonly servers: readonly string[]
  /** TLS to every broker; null = plain. */
  readonly tls: TlsOptions | null
  /** Called at every connect and when the broker asks for it again; null = no authentication. */
  readonly token: (() => string) | null
  /** What the broker is told of this client, e.g. `bench`. */
  readonly clientVersion: string
  readonly connectTimeoutMs: number
  /** A request (lookup, subscribe …) that is not answered by then has failed. */
  readonly requestTimeoutMs: number
  /** A PING is sent after this much silence; twice as much ends the connection. */
  readonly keepAliveMs: number
  /** Connections to each broker; producers and consumers are spread over them. */
  readonly connectionsPerBroker: number
  /** First and longest wait between two attempts to come back. */
  readonly backoffMs: number
  readonly maxBackoffMs: number
  /** Whether checksums of what arrives are checked. */
  readonly verifyChecksums: boolean
  /** One line at a time, of what went wrong and is being mended. */
  readonly log: (line: string) => void
}

/** Limits as in the clients of the protocol's authors. */
export const DEFAULT_CLIENT_OPTIONS: Omit<ClientOptions, 'servers'> = {
  tls: null,
  token: null,
  clientVersion: 'bench',
  connectTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveMs: 30_000,
  connectionsPerBroker: 1,
  backoffMs: 100,
  maxBackoffMs: 5_000,
  verifyChecksums: true,
  log: () => {},
}
