import { Buffer } from 'node:buffer'
import { asClientError, ClientError, protocolError, serverError } from './errors.ts'
import type { ClientOptions } from './options.ts'
import { createRequests, type Requests } from './requests.ts'
import { type ByteSocket, openSocket } from './socket.ts'
import { type BrokerCommand, readCommand } from './wire/broker-commands.ts'
import { type Authentication, authResponseFrame, connectFrame, emptyFrame, TYPE } from './wire/commands.ts'
import { readFrame } from './wire/frame.ts'
import { createFrameDecoder } from './wire/frame-decoder.ts'

/** A broker drops frames above its maximum message by more than this. */
const FRAME_OVERHEAD_BYTES = 10_240
/** Deliveries carry metadata that the broker added; this much more than the largest message is still a frame. */
const DELIVERY_OVERHEAD_BYTES = 131_072
const DEFAULT_MAX_MESSAGE_BYTES = 5_242_880
/** No broker is configured for more. */
const MAX_CONFIGURABLE_BYTES = 134_217_728
/** Before the greeting is over nothing larger comes. */
const GREETING_FRAME_BYTES = 65_536

/** A producer's end of a connection. */
export interface ProducerSink {
  receipt(sequenceId: number): void
  sendError(sequenceId: number, code: number, words: string): void
  /** Everything that had arrived was handed over. */
  endOfRead(): void
  /** The broker let go of it (`null`: the connection still stands), or the connection ended. Called once. */
  lost(reason: ClientError | null): void
}

/** A consumer's end of a connection. */
export interface ConsumerSink {
  /**
   * A delivery; the message lies in `buffer[start … end)`, and `messageId` is a view of the same buffer. Alone: see
   * `FrameSink`.
   */
  message(
    messageId: Buffer,
    redeliveryCount: number,
    ackSet: readonly bigint[] | null,
    buffer: Buffer,
    start: number,
    end: number,
    alone: boolean,
  ): void
  endOfRead(): void
  lost(reason: ClientError | null): void
}

/** One connection to one broker, shared by producers and consumers. */
export interface Connection {
  readonly serverVersion: string
  readonly maxMessageBytes: number
  readonly requests: Requests
  readonly alive: boolean
  /** Sends a whole frame. */
  write(frame: Buffer): void
  /** Ids are unique in the client, so that frames may be sent again on another connection. */
  attachProducer(id: number, sink: ProducerSink): void
  attachConsumer(id: number, sink: ConsumerSink): void
  detachProducer(id: number): void
  detachConsumer(id: number): void
  close(reason?: ClientError): void
}

export interface ConnectionTarget {
  readonly host: string
  readonly port: number
  /** The broker behind a proxy, as `host:port`; null = the host itself. */
  readonly proxyTo: string | null
}

/** Connects and introduces itself. Rejects with a `ClientError`: unreachable, refused, or not a broker. */
export async function connect(target: ConnectionTarget, options: ClientOptions): Promise<Connection> {
  const at = `${target.host}:${target.port}`
  const producers = new Map<number, ProducerSink>()
  const consumers = new Map<number, ConsumerSink>()
  const dirty = new Set<ProducerSink | ConsumerSink>()
  const authentication = (): Authentication | null =>
    options.token === null ? null : { method: 'token', data: Buffer.from(options.token()) }
  let failure: ClientError | null = null
  let socket: ByteSocket | null = null
  let heardAtMs = performance.now()
  let greeting: {
    resolve(version: string, maxBytes: number): void
    reject(error: ClientError): void
  } | null = null
  let maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES
  let serverVersion = ''

  const decoder = createFrameDecoder(GREETING_FRAME_BYTES, (buffer, start, end, alone) => {
    const parts = readFrame(buffer, start, end)
    handle(readCommand(buffer, parts.commandStart, parts.commandEnd), buffer, parts.messageStart, end, alone)
  })
  const requests = createRequests(at, options.requestTimeoutMs, (frame) => socket?.write(frame))

  function handle(command: BrokerCommand, buffer: Buffer, start: number, end: number, alone: boolean): void {
    switch (command.type) {
      case 'message': {
        const sink = consumers.get(command.consumerId)
        if (sink === undefined) return
        sink.message(command.messageId, command.redeliveryCount, command.ackSet, buffer, start, end, alone)
        dirty.add(sink)
        return
      }
      case 'receipt': {
        const sink = producers.get(command.producerId)
        if (sink === undefined) return
        sink.receipt(command.sequenceId)
        dirty.add(sink)
        return
      }
      case 'send-error': {
        const sink = producers.get(command.producerId)
        sink?.sendError(command.sequenceId, command.code, command.words)
        if (sink !== undefined) dirty.add(sink)
        return
      }
      case 'answer':
        if (greeting !== null && command.error !== null) {
          greeting.reject(serverError(command.error.code, command.error.words))
        } else requests.answer(command)
        return
      case 'close-producer':
      case 'close-consumer':
        letGo(command.type === 'close-producer' ? producers : consumers, command.id)
        return
      case 'connected':
        greeting?.resolve(command.serverVersion, command.maxMessageBytes)
        return
      case 'ping':
        socket?.write(emptyFrame(TYPE.PONG))
        return
      case 'auth-challenge': {
        const answer = authentication()
        if (answer !== null) socket?.write(authResponseFrame(options.clientVersion, answer))
        return
      }
    }
  }

  function letGo(sinks: Map<number, ProducerSink | ConsumerSink>, id: number): void {
    const sink = sinks.get(id)
    sinks.delete(id)
    if (sink !== undefined) dirty.delete(sink)
    sink?.lost(null)
  }

  function onData(chunk: Buffer): void {
    heardAtMs = performance.now()
    try {
      decoder.push(chunk)
    } catch (error) {
      // Whatever was thrown, the place in the stream is lost.
      const words = `${at}: ${asClientError(error).message}`
      fail(
        error instanceof ClientError
          ? new ClientError(error.kind, words, error.retriable)
          : protocolError(words),
      )
      return
    }
    for (const sink of dirty) {
      dirty.delete(sink)
      sink.endOfRead()
    }
  }

  function fail(reason: ClientError): void {
    if (failure !== null) return
    failure = reason
    clearInterval(keepAlive)
    decoder.stop()
    greeting?.reject(reason)
    socket?.destroy()
    requests.failAll(reason)
    const sinks = [...producers.values(), ...consumers.values()]
    producers.clear()
    consumers.clear()
    dirty.clear()
    for (const sink of sinks) sink.lost(reason)
  }

  const keepAlive = setInterval(() => {
    const silentMs = performance.now() - heardAtMs
    if (silentMs > 2 * options.keepAliveMs) {
      fail(new ClientError('connection lost', `${at}: silent for ${Math.round(silentMs)} ms`, true))
    } else if (silentMs > options.keepAliveMs / 2) socket?.write(emptyFrame(TYPE.PING))
  }, options.keepAliveMs)

  try {
    socket = await openSocket(target.host, target.port, options.tls, options.connectTimeoutMs, {
      onData,
      onClose: (words) => fail(new ClientError('connection lost', `${at}: ${words}`, true)),
    })
    await greet(socket)
  } catch (error) {
    const reason = asClientError(error)
    fail(reason)
    throw reason
  }

  async function greet(open: ByteSocket): Promise<void> {
    const limit = setTimeout(
      () => greeting?.reject(new ClientError('timeout', `${at}: no answer to CONNECT`, true)),
      options.connectTimeoutMs,
    )
    const answered = new Promise<void>((resolve, reject) => {
      greeting = {
        resolve(version, maxBytes) {
          serverVersion = version
          if (maxBytes > 0) maxMessageBytes = Math.min(maxBytes, MAX_CONFIGURABLE_BYTES)
          resolve()
        },
        reject,
      }
    })
    open.write(connectFrame(options.clientVersion, authentication(), target.proxyTo))
    try {
      await answered
      decoder.limit(maxMessageBytes + DELIVERY_OVERHEAD_BYTES)
    } finally {
      greeting = null
      clearTimeout(limit)
    }
  }

  return {
    serverVersion,
    maxMessageBytes,
    requests,
    get alive() {
      return failure === null
    },
    write(frame) {
      if (frame.length > maxMessageBytes + FRAME_OVERHEAD_BYTES) {
        throw new ClientError(
          'message too large',
          `${at}: a frame of ${frame.length} bytes is over the limit`,
        )
      }
      socket?.write(frame)
    },
    attachProducer: (id, sink) => void producers.set(id, sink),
    attachConsumer: (id, sink) => void consumers.set(id, sink),
    detachProducer: (id) => void producers.delete(id),
    detachConsumer: (id) => void consumers.delete(id),
    close: (reason = new ClientError('closed', `${at}: closed`)) => fail(reason),
  }
}
