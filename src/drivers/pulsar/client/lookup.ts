import type { Connection } from './connection.ts'
import { asClientError, ClientError, protocolError } from './errors.ts'
import type { ClientOptions } from './options.ts'
import { type ConnectionPool, hostAndPort, type PoolEntry } from './pool.ts'
import type { Answer } from './wire/broker-commands.ts'
import { lookupFrame, partitionedMetadataFrame } from './wire/commands.ts'

const MAX_REDIRECTS = 20

/** Number of a topic's partitions; 0 = it is not partitioned. */
export function partitionsOf(pool: ConnectionPool, topic: string): Promise<number> {
  return fromEntry(pool, async ({ connection }) => {
    const answer = await connection.requests.ask((id) => partitionedMetadataFrame(topic, id))
    return answer.partitions
  })
}

/** A server that greets and then says nothing, or nonsense, would be asked again and again: the next one is better. */
async function fromEntry<T>(pool: ConnectionPool, ask: (entry: PoolEntry) => Promise<T>): Promise<T> {
  const entry = await pool.entry()
  try {
    return await ask(entry)
  } catch (error) {
    const { kind } = asClientError(error)
    if (kind === 'timeout' || kind === 'protocol error') pool.skip(entry.server)
    throw error
  }
}

/**
 * A connection to the broker that serves the topic, after as many redirects as it takes. Always asks: the question
 * itself makes a broker take charge of the topic.
 */
export function connectionOf(
  pool: ConnectionPool,
  topic: string,
  options: ClientOptions,
): Promise<Connection> {
  return fromEntry(pool, (entry) => servingConnection(entry, pool, topic, options))
}

async function servingConnection(
  entry: PoolEntry,
  pool: ConnectionPool,
  topic: string,
  options: ClientOptions,
): Promise<Connection> {
  let connection = entry.connection
  let authoritative = false
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const asAuthority = authoritative
    const answer = await connection.requests.ask((id) => lookupFrame(topic, id, asAuthority))
    const logical = addressIn(answer, entry.server, options)
    const next = await pool.get(logical, answer.throughProxy ? entry.server : logical)
    if (!answer.redirect) return next
    connection = next
    authoritative = answer.authoritative
  }
  throw new ClientError(
    'not ready',
    `expected at most ${MAX_REDIRECTS} redirects of the lookup of ${topic}`,
    true,
  )
}

function addressIn(answer: Answer, server: string, options: ClientOptions): string {
  const url = options.tls === null ? answer.url : answer.tlsUrl || answer.url
  const address = /^[a-z+]+:\/\/([^/,]+)\/?$/.exec(url)?.[1]
  if (address === undefined)
    throw protocolError(`${server}: expected a broker's address, got ${JSON.stringify(url)}`)
  hostAndPort(address)
  return address
}
