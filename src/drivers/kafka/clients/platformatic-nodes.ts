import type { Admin, Connection, ConnectionPool } from '@platformatic/kafka'

/** The library, loaded lazily. */
export type Library = typeof import('@platformatic/kafka')

/** Leaders of one topic's partitions and the connections to them, for one producer or consumer. */
export interface TopicNodes {
  leaderOf(partition: number): number
  /** Looks up leaders again; rejects when nobody answers. */
  refresh(): Promise<void>
  /** Sends a request body; resolves to the body of the answer, or to null where none comes. */
  request(node: number, api: ApiRequest): Promise<Buffer | null>
  connection(node: number): Promise<Connection>
  anyNode(): number
  close(): Promise<void>
}

export interface ApiRequest {
  readonly key: number
  readonly version: number
  readonly body: Buffer
  readonly noResponse?: boolean
}

/** Nodes of a topic; connections are made on demand, from a pool of its own. */
export function createTopicNodes(
  library: Library,
  admin: Admin,
  pool: ConnectionPool,
  topic: string,
): TopicNodes {
  let leaders: readonly number[] = []
  let brokers: ReadonlyMap<number, { host: string; port: number }> = new Map()

  async function connection(node: number): Promise<Connection> {
    const broker = brokers.get(node)
    if (broker === undefined) throw new Error(`broker ${node} is not part of the cluster`)
    const established = pool.getEstablishedConnection(broker)
    if (established?.isConnected()) return established
    const made = await pool.get(broker)
    // Without a listener of ours a second error event would end the process.
    if (made.listenerCount('error') < 2) made.on('error', () => {})
    return made
  }

  return {
    leaderOf: (partition) => {
      const leader = leaders[partition] ?? -1
      return brokers.has(leader) ? leader : -1
    },
    async refresh() {
      const metadata = await admin.metadata({ topics: [topic], forceUpdate: true, retries: 0 })
      brokers = metadata.brokers
      leaders = (metadata.topics.get(topic)?.partitions ?? []).map((partition) => partition?.leader ?? -1)
    },
    async request(node, { key, version, body, noResponse }) {
      const open = await connection(node)
      return new Promise((resolve, reject) => {
        open.send<Buffer>(
          key,
          version,
          () => {
            const writer = library.Writer.create().append(body)
            if (noResponse) writer.context.noResponse = true
            return writer
          },
          (_correlation, _key, _version, reader) => reader.buffer.buffer,
          true,
          true,
          (error, answer) => (error ? reject(error) : resolve(noResponse ? null : (answer ?? null))),
        )
      })
    },
    connection,
    anyNode: () => leaders.find((leader) => brokers.has(leader)) ?? brokers.keys().next().value ?? -1,
    close: () => pool.close(),
  }
}
