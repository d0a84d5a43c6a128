import type { Socket, TCPSocketListener } from 'bun'
import { CLEAR, type LinkCondition } from './condition.ts'
import { CONNECT_LIMIT_MS } from './limits.ts'
import { Pipe, type Sink } from './pipe.ts'
import type { Way } from './way.ts'

export interface LinkOptions {
  readonly target: { readonly host: string; readonly port: number }
  readonly toBroker: Way
  readonly toClient: Way
}

/** A port of loopback that leads to one server. */
export interface Link {
  readonly port: number
  readonly connections: number
  change(condition: LinkCondition): void
  /** Ends the port and resets its connections. */
  close(): void
}

/** Two sockets and what is between them. */
interface Connection {
  readonly client: Socket<Half>
  /** Null until it is connected; so are the pipes. */
  server: Socket<Half> | null
  toBroker: Pipe | null
  toClient: Pipe | null
  isDialled: boolean
  isGone: boolean
}

/** One end of a connection. */
interface Half {
  readonly connection: Connection
  readonly side: 'client' | 'server'
  isClosed: boolean
}

/** Listens on a free port of loopback. */
export function openLink({ target, toBroker, toClient }: LinkOptions): Link {
  const connections = new Set<Connection>()
  let condition = CLEAR

  const socket = {
    data({ data }: Socket<Half>, bytes: Uint8Array) {
      outgoing(data)?.receive(bytes)
    },
    drain({ data }: Socket<Half>) {
      incoming(data)?.writable()
    },
    end({ data }: Socket<Half>) {
      outgoing(data)?.end()
    },
    close({ data }: Socket<Half>, error?: Error) {
      const pipe = outgoing(data)
      if (error) pipe?.break()
      else pipe?.end()
      const { connection } = data
      data.isClosed = true
      if (isClosed(connection.client) && isClosed(connection.server)) drop(connection)
    },
    error() {
      // `close` follows.
    },
  }

  function drop(connection: Connection): void {
    if (connection.isGone) return
    connection.isGone = true
    connections.delete(connection)
    connection.toBroker?.close()
    connection.toClient?.close()
    if (!isClosed(connection.client)) connection.client.terminate()
    if (connection.server !== null && !isClosed(connection.server)) connection.server.terminate()
  }

  /** Both directions came to their end: the sockets may go. */
  function leave(connection: Connection): void {
    if (connection.toBroker?.isOver !== true || connection.toClient?.isOver !== true) return
    connection.client.end()
    connection.server?.end()
  }

  function sinkOf(connection: Connection, to: () => Socket<Half>): Sink {
    return {
      write: (bytes) => (isClosed(to()) ? bytes.length : to().write(bytes)),
      end() {
        if (!isClosed(to())) to().shutdown()
        leave(connection)
      },
      reset: () => drop(connection),
    }
  }

  function accept(client: Socket<Half>): void {
    const connection: Connection = {
      ...{ client, server: null, toBroker: null, toClient: null, isDialled: false, isGone: false },
    }
    client.data = { connection, side: 'client', isClosed: false }
    connections.add(connection)
    if (condition.reset) {
      drop(connection)
      return
    }
    client.pause()
    client.setNoDelay(true)
    dial(connection)
  }

  /** Through a black hole nobody connects: then later, when it is gone. */
  function dial(connection: Connection): void {
    if (connection.isDialled || condition.toBroker.blackHole) return
    connection.isDialled = true
    const late = setTimeout(() => drop(connection), CONNECT_LIMIT_MS)
    Bun.connect<Half>({
      hostname: target.host,
      port: target.port,
      allowHalfOpen: true,
      data: { connection, side: 'server', isClosed: false },
      socket: { ...socket, open: (server) => connected(connection, server) },
    })
      .catch(() => drop(connection))
      .finally(() => clearTimeout(late))
  }

  function connected(connection: Connection, server: Socket<Half>): void {
    connection.server = server
    if (connection.isGone) {
      server.terminate()
      return
    }
    server.setNoDelay(true)
    const { client } = connection
    // Before the pipe, which pauses the client again where nothing may pass.
    client.resume()
    connection.toBroker = new Pipe(
      toBroker,
      pausing(client),
      sinkOf(connection, () => server),
    )
    connection.toClient = new Pipe(
      toClient,
      pausing(server),
      sinkOf(connection, () => client),
    )
  }

  const listener: TCPSocketListener<Half> = Bun.listen<Half>({
    hostname: '127.0.0.1',
    port: 0,
    allowHalfOpen: true,
    socket: { ...socket, open: accept },
  })

  return {
    port: listener.port,
    get connections() {
      return connections.size
    },
    change(next) {
      condition = next
      if (next.reset) for (const connection of [...connections]) drop(connection)
      toBroker.change(next.toBroker)
      toClient.change(next.toClient)
      for (const connection of connections) dial(connection)
    },
    close() {
      listener.stop(true)
      for (const connection of [...connections]) drop(connection)
    },
  }
}

/** The pipe that takes what comes from this end. */
function outgoing({ connection, side }: Half): Pipe | null {
  return side === 'client' ? connection.toBroker : connection.toClient
}

/** The pipe that gives to this end. */
function incoming({ connection, side }: Half): Pipe | null {
  return side === 'client' ? connection.toClient : connection.toBroker
}

function pausing(socket: Socket<Half>) {
  return {
    pause: () => {
      if (!isClosed(socket)) socket.pause()
    },
    resume: () => {
      if (!isClosed(socket)) socket.resume()
    },
  }
}

function isClosed(socket: Socket<Half> | null): boolean {
  return socket === null || socket.data.isClosed
}
