/** A bounded set of connections, each lent to one borrower at a time. */
export interface Pool<Connection> {
  /** An idle connection (at once), else a new one or the next that comes free; borrowers are served in turn. */
  acquire(): Connection | Promise<Connection>
  /** Gives it back; a broken one is dropped and makes room. */
  release(connection: Connection): void
  size(): number
  /** Closes all connections, lent ones included (what is under way there breaks); who waits is told. */
  close(): void
}

export interface PoolOptions<Connection> {
  readonly maxConnections: number
  readonly open: () => Promise<Connection>
  readonly isUsable: (connection: Connection) => boolean
  readonly destroy: (connection: Connection) => void
}

interface Borrower<Connection> {
  readonly resolve: (connection: Connection) => void
  readonly reject: (error: Error) => void
}

const CLOSED = 'the pool is closed'

export function createPool<Connection>(options: PoolOptions<Connection>): Pool<Connection> {
  const idle: Connection[] = []
  const lent = new Set<Connection>()
  const borrowers: Borrower<Connection>[] = []
  let size = 0
  let isClosed = false

  async function open(): Promise<Connection> {
    size++
    try {
      const connection = await options.open()
      if (isClosed) {
        options.destroy(connection)
        throw new Error(CLOSED)
      }
      lent.add(connection)
      return connection
    } catch (error) {
      size--
      serveNext()
      throw error
    }
  }

  function lend(connection: Connection): Connection {
    lent.add(connection)
    return connection
  }

  /** Somebody's place came free: the next in line opens a connection of his own. */
  function serveNext(): void {
    const next = borrowers.shift()
    if (next !== undefined) open().then(next.resolve, next.reject)
  }

  return {
    acquire() {
      if (isClosed) return Promise.reject(new Error(CLOSED))
      for (let connection = idle.pop(); connection !== undefined; connection = idle.pop()) {
        if (options.isUsable(connection)) return lend(connection)
        size--
      }
      if (size < options.maxConnections) return open()
      return new Promise((resolve, reject) => borrowers.push({ resolve, reject }))
    },
    release(connection) {
      lent.delete(connection)
      if (isClosed || !options.isUsable(connection)) {
        options.destroy(connection)
        size--
        if (!isClosed) serveNext()
        return
      }
      const next = borrowers.shift()
      if (next === undefined) idle.push(connection)
      else next.resolve(lend(connection))
    },
    size: () => size,
    close() {
      isClosed = true
      for (const connection of idle.splice(0)) {
        options.destroy(connection)
        size--
      }
      for (const connection of lent) options.destroy(connection)
      for (const borrower of borrowers.splice(0)) borrower.reject(new Error(CLOSED))
    },
  }
}
