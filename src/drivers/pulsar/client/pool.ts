import { type Connection, connect } from './connection.ts'
import { ClientError } from './errors.ts'
import type { ClientOptions } from './options.ts'

/** A connection for lookups, and the configured server behind it. */
export interface PoolEntry {
  readonly connection: Connection
  readonly server: string
}

/** Connections by broker, made when they are first needed and again when they were lost. */
export interface ConnectionPool {
  /** `logical` is the broker's own `host:port`; `physical` where to connect (a proxy, or the same). */
  get(logical: string, physical: string): Promise<Connection>
  /**
   * A connection to one of the configured servers, for lookups. Each is tried once, from the one that last worked on;
   * rejects with what the first of them said.
   */
  entry(): Promise<PoolEntry>
  /** This server is of no use for now: `entry` begins with the next one, unless others have seen to that. */
  skip(server: string): void
  close(): void
}

/** See `ConnectionPool`. At most `connectionsPerBroker` to each broker. */
export function createPool(options: ClientOptions): ConnectionPool {
  const slots = new Map<string, Promise<Connection>>()
  let turn = 0
  let serverTurn = 0
  let closed = false

  function get(logical: string, physical: string, slot: number): Promise<Connection> {
    if (closed) return Promise.reject(new ClientError('closed', 'the client is closed'))
    const key = `${logical} ${physical} ${slot}`
    const known = slots.get(key)
    if (known !== undefined) return known
    const made = connect(
      { ...hostAndPort(physical), proxyTo: logical === physical ? null : logical },
      options,
    )
    slots.set(key, made)
    made.then(
      (connection) => {
        if (closed) connection.close()
      },
      () => slots.delete(key),
    )
    return made
  }

  /** A connection that has ended makes room for another one. */
  async function live(logical: string, physical: string, slot: number): Promise<Connection> {
    const made = get(logical, physical, slot)
    const connection = await made
    if (connection.alive) return connection
    const key = `${logical} ${physical} ${slot}`
    // Another caller may have made room already.
    if (slots.get(key) === made) slots.delete(key)
    return get(logical, physical, slot)
  }

  const server = () => options.servers[serverTurn % options.servers.length]!

  // Many notice the same failure at once: only the first of them moves on.
  function skip(name: string): void {
    if (name === server()) serverTurn++
  }

  return {
    get: (logical, physical) => live(logical, physical, turn++ % options.connectionsPerBroker),
    async entry() {
      let failure: unknown
      for (let tried = 0; tried < options.servers.length; tried++) {
        const name = server()
        try {
          return { connection: await live(name, name, 0), server: name }
        } catch (error) {
          failure ??= error
          skip(name)
        }
      }
      throw failure
    },
    skip,
    close() {
      closed = true
      for (const slot of slots.values()) {
        slot.then(
          (connection) => connection.close(),
          () => {},
        )
      }
      slots.clear()
    },
  }
}

/** Takes `host:port` apart; an IPv6 host stands in brackets. */
export function hostAndPort(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':')
  const port = Number(address.slice(colon + 1))
  const host = address.slice(0, Math.max(0, colon)).replace(/^\[(.*)\]$/, '$1')
  if (host === '' || !Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new ClientError('refused', `expected host:port, got ${JSON.stringify(address)}`)
  }
  return { host, port }
}
