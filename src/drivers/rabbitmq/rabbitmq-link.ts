import { readFile } from 'node:fs/promises'
import { type ChannelModel, connect, type Options, type SocketOptions } from 'amqplib'
import { orAborted } from '../../driver/abort.ts'
import { AppError, messageOf } from '../../errors/app-error.ts'
import { type AmqpConnection, internalsOf } from './amqp-internals.ts'
import { type FrameReader, readFrames } from './frame-reader.ts'
import type { RabbitmqConfig } from './rabbitmq-config.ts'
import { connectError, failureKind } from './rabbitmq-errors.ts'

/** One attempt; `open` tries every server in less than 15 s. */
export const CONNECT_TIMEOUT_MS = 4_000
/** How long a connection may take to close before its socket is destroyed. */
const CLOSE_TIMEOUT_MS = 2_000
const BODY_FRAME_LIMIT_BYTES = 131_072

/** An open connection. */
export interface Connection {
  readonly server: string
  readonly model: ChannelModel
  readonly connection: AmqpConnection
  readonly frames: FrameReader
  /** Why it ended; null while it lives. */
  failure(): string | null
  /** Ends it; a peer that does not answer is left after a short wait. Idempotent. */
  close(): Promise<void>
}

export interface LinkOptions {
  readonly servers: readonly string[]
  readonly config: RabbitmqConfig
  /** Shown in the broker's list of connections. */
  readonly name: string
  readonly log: (line: string) => void
}

/** One connection after another to a list of servers, shared by the channels of a driver. */
export interface Link {
  /** The live connection, made anew if it was lost. Throws `AppError('PREPARE')` naming the server. */
  acquire(signal: AbortSignal): Promise<Connection>
  close(): Promise<void>
}

/** `firstServer`: index of the server to begin with; after a failure the next one has its turn. */
export function createLink(options: LinkOptions, firstServer: number): Link {
  let live: Connection | null = null
  let attempt: Promise<Connection> | null = null
  let turn = firstServer
  let closed = false

  async function connectNext(): Promise<Connection> {
    const server = options.servers[turn % options.servers.length] as string
    try {
      const connection = await openConnection(server, options)
      if (closed) await connection.close()
      live = connection
      return connection
    } catch (error) {
      turn++
      throw error
    } finally {
      attempt = null
    }
  }

  return {
    acquire(signal) {
      if (live !== null && live.failure() === null) return Promise.resolve(live)
      if (live !== null) turn++
      live = null
      attempt ??= connectNext()
      return orAborted(attempt, signal)
    },
    async close() {
      closed = true
      await attempt?.catch(() => undefined)
      await live?.close()
    },
  }
}

/** Connects to one server within `CONNECT_TIMEOUT_MS`. */
export async function openConnection(server: string, options: LinkOptions): Promise<Connection> {
  const { config } = options
  let model: ChannelModel
  try {
    model = await connect(address(server, config), await socketOptions(options))
  } catch (error) {
    if (error instanceof AppError) throw error
    throw connectError(server, config.username, config.vhost, error)
  }
  const connection = internalsOf(model)
  const frames = readFrames(connection)
  let failure: string | null = null
  // amqplib writes acknowledgements of its own accord and drops them on a dead socket: errors after the end are noise.
  connection.stream.on('error', () => undefined)
  model.on('error', (error) => {
    failure = failureKind(error)
  })
  model.on('blocked', (reason) => options.log(`RabbitMQ at ${server} blocks publishers: ${reason}`))
  model.on('unblocked', () => options.log(`RabbitMQ at ${server} takes messages again`))
  const ended = new Promise<void>((resolve) =>
    model.on('close', (error) => {
      failure ??= error === undefined ? 'closed' : failureKind(error)
      // Half-open sockets of a stopped broker would keep the process alive.
      connection.stream.destroy()
      resolve()
    }),
  )
  return {
    server,
    model,
    connection,
    frames,
    failure: () => failure,
    async close() {
      if (failure !== null) return
      const timer = setTimeout(() => connection.stream.destroy(), CLOSE_TIMEOUT_MS)
      const gone = new Promise<void>((resolve) => connection.stream.once('close', () => resolve()))
      model.close().catch((error) => options.log(`closing the connection to ${server}: ${messageOf(error)}`))
      await Promise.race([ended, gone])
      clearTimeout(timer)
    },
  }
}

function address(server: string, config: RabbitmqConfig): Options.Connect {
  const { host, port } = splitServer(server)
  return {
    protocol: config.tls === false ? 'amqp' : 'amqps',
    hostname: host,
    port,
    username: config.username,
    password: passwordOf(config),
    vhost: config.vhost,
    heartbeat: config.heartbeatS,
    frameMax: BODY_FRAME_LIMIT_BYTES,
  }
}

function passwordOf(config: RabbitmqConfig): string {
  if (config.passwordEnv === undefined) return config.password ?? 'guest'
  const password = process.env[config.passwordEnv]
  if (password !== undefined) return password
  throw new AppError(
    'CONFIG',
    `expected the password in the environment variable ${config.passwordEnv}, it is unset`,
    {
      hint: `export ${config.passwordEnv}=…, or correct passwordEnv in the driver file`,
    },
  )
}

async function socketOptions(options: LinkOptions): Promise<SocketOptions> {
  const { tls } = options.config
  const plain = {
    noDelay: true,
    timeout: CONNECT_TIMEOUT_MS,
    clientProperties: { connection_name: options.name },
  }
  if (typeof tls === 'boolean') return plain
  return {
    ...plain,
    ...(tls.ca && { ca: [await readFile(tls.ca)] }),
    ...(tls.certificate && { cert: await readFile(tls.certificate) }),
    ...(tls.key && { key: await readFile(tls.key) }),
    ...(tls.serverName && { servername: tls.serverName }),
  } as SocketOptions
}

/** `host:port`; IPv6 hosts in brackets. */
function splitServer(server: string): { host: string; port: number } {
  const colon = server.lastIndexOf(':')
  return { host: server.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(server.slice(colon + 1)) }
}
