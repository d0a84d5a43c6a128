import { type Connection, connect } from './connection.ts'
import { ClientError } from './errors.ts'
import type { ClientOptions } from './options.ts'

/** Connections by broker, made when they are first needed and again when they were lost. */
export interface ConnectionPool {
  /** `logical` is the broker's own `host:port`; `physical` where to connect (a proxy, or the same). */
  get(logical: string, physical: string): Promise<Connection>
  /** One of the configured servers, for lookups: the next one after a failure. */
  entry(): Promise<{ connection: Connection; server: string }>
  close(): void
}

/** See `ConnectionPool`. At most `connectionsPerBroker` to each broker. */
export function createPool(options: ClientOptions): ConnectionPool {
  const slots = new Map<string, Promise<Connection>>()
  let turn = 0
  let server = 0
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

  return {
    get: (logical, physical) => live(logical, physical, turn++ % options.connectionsPerBroker),
    async entry() {
      const name = options.servers[server % options.servers.length]!
      try {
        return { connection: await live(name, name, 0), server: name }
      } catch (error) {
        server++
        throw error
      }
    },
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
