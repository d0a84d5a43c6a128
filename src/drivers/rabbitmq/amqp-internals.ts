import type { Duplex } from 'node:stream'
import type { Channel, ChannelModel } from 'amqplib'
import { AppError } from '../../errors/app-error.ts'

/**
 * The parts of amqplib's connection that its types leave out. They are what makes whole batches possible: amqplib's own
 * way costs several buffers, closures and a socket write a message. amqplib is locked to one version, and
 * `internalsOf` checks that the parts are there.
 */
export interface AmqpConnection {
  readonly stream: Duplex
  /** Bytes read and not yet parsed. */
  rest: Buffer
  /** The next frame, decoded; false when none is complete. */
  recvFrame(): unknown
  /** The largest frame both sides agreed on, in bytes. */
  readonly frameMax: number
  /** Read and cleared by the heartbeats. */
  sentSinceLastCheck: boolean
  recvSinceLastCheck: boolean
}

/** Throws `AppError('CONTRACT')` when this amqplib is built otherwise. */
export function internalsOf(model: ChannelModel): AmqpConnection {
  const connection = model.connection as unknown as AmqpConnection
  const fits =
    typeof connection.recvFrame === 'function' &&
    Buffer.isBuffer(connection.rest) &&
    typeof connection.stream?.write === 'function' &&
    typeof connection.frameMax === 'number'
  if (!fits) {
    throw new AppError(
      'CONTRACT',
      'expected amqplib 2.3.1, got a connection without its stream and frame reader',
      {
        hint: 'run bench with the locked packages (bun install --frozen-lockfile)',
      },
    )
  }
  return connection
}

/** The AMQP number of a channel on its connection. */
export function channelNumber(channel: Channel): number {
  const number = (channel as unknown as { ch?: unknown }).ch
  if (typeof number !== 'number') {
    throw new AppError('CONTRACT', `expected amqplib 2.3.1 to number its channels, got ${typeof number}`)
  }
  return number
}
