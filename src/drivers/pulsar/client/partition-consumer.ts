import { Buffer } from 'node:buffer'
import { orAborted } from '../../../driver/abort.ts'
import { type AckGroup, createAckGroup } from './ack-group.ts'
import { createChunkAssembly, type WholeMessage } from './chunk-assembly.ts'
import type { Connection, ConsumerSink } from './connection.ts'
import type { ConsumerOptions } from './consumer-options.ts'
import { asClientError, ClientError, type FailureKind, protocolError } from './errors.ts'
import type { EntryOrigin, ReceivedEntry } from './received-batch.ts'
import { type ClientContext, createSession } from './session.ts'
import {
  ackFrame,
  endFrame,
  flowFrame,
  redeliverFrame,
  type SeekTarget,
  seekFrame,
  subscribeFrame,
  TYPE,
} from './wire/commands.ts'
import { type Entry, readEntry } from './wire/entry.ts'

/** What a partition hands to its consumer. */
export interface ConsumerOwner {
  /** Entries wait in this partition's queue. */
  arrived(): void
  failed(kind: FailureKind): void
}

/** One partition's end of a subscription. */
export interface PartitionConsumer {
  /** Hands over every entry that waits, and lets the broker send more. */
  drain(take: (received: ReceivedEntry, entry: Entry) => void): void
  seek(target: SeekTarget, signal: AbortSignal): Promise<void>
  unsubscribe(signal: AbortSignal): Promise<void>
  close(signal: AbortSignal): Promise<void>
}

/** Entries beyond the permits that a broker may send (it counts batches whole) before it is taken for broken. */
const EXCESS_ENTRIES = 1000
const NO_IDS: readonly Uint8Array[] = []

/** Subscribes where the topic is served and stays subscribed; rejects with a `ClientError`. */
export async function createPartitionConsumer(
  topic: string,
  partition: number,
  options: ConsumerOptions,
  context: ClientContext,
  owner: ConsumerOwner,
  signal: AbortSignal,
): Promise<PartitionConsumer> {
  const consumerId = context.nextId()
  let connection: Connection | null = null
  let waiting: { received: ReceivedEntry; entry: Entry }[] = []
  /** Permits used by what waits, and by what was taken since the last grant. */
  let waitingPermits = 0
  let usedPermits = 0
  let closed = false

  const acks: AckGroup = createAckGroup(options, {
    get ready() {
      return connection !== null
    },
    acknowledge(cumulative, ids) {
      if (options.ackReceipts)
        return current().requests.ask((id) => ackFrame(consumerId, cumulative, ids, id))
      connection?.write(ackFrame(consumerId, cumulative, ids))
      return null
    },
    failed(error) {
      // With the connection the messages come again, to be acknowledged then.
      if (error.kind !== 'connection lost' && error.kind !== 'closed') report(error)
    },
    redeliver: (ids) => connection?.write(redeliverFrame(consumerId, ids)),
  })
  const chunks = options.ackMode === 'individual' ? createChunkAssembly(report) : null

  /** Does with every part of a chunked message what is done with the message. */
  const toAll = (act: (entry: ReceivedEntry) => void) => (received: ReceivedEntry) => {
    for (const id of received.earlierIds) act({ ...received, id })
    act(received)
  }
  const origin: EntryOrigin = { partition, done: toAll(acks.done), again: toAll(acks.again) }

  function grant(): void {
    if (usedPermits * 2 < options.receiverQueue || connection === null) return
    connection.write(flowFrame(consumerId, usedPermits))
    usedPermits = 0
  }

  function assemble(messageId: Uint8Array, part: Entry): WholeMessage | null {
    if (chunks !== null) return chunks.add(messageId, part)
    throw protocolError('expected a whole message, got a part of a chunked one')
  }

  function open(messageId: Uint8Array, buffer: Buffer, start: number, end: number): WholeMessage | null {
    try {
      const entry = readEntry(buffer, start, end, context.options.verifyChecksums)
      if (!('error' in entry) && entry.chunk === null) return { entry, earlierIds: NO_IDS }
      if (!('error' in entry)) {
        const whole = assemble(messageId, entry)
        if (whole !== null) return whole
        usedPermits++
        grant()
        return null
      }
      usedPermits += entry.permits
      report(entry.error)
    } catch (error) {
      usedPermits++
      report(asClientError(error))
    }
    grant()
    return null
  }

  /** A damaged entry stays unacknowledged: nothing is lost by it, and what follows comes all the same. */
  function report(error: ClientError): void {
    context.options.log(`consumer of ${topic}: ${error.message}`)
    owner.failed(error.kind)
  }

  const sink: ConsumerSink = {
    message(messageId, redeliveryCount, ackSet, buffer, start, end, alone) {
      if (waiting.length > 2 * options.receiverQueue + EXCESS_ENTRIES) {
        throw protocolError(`expected no more than ${options.receiverQueue} messages ahead`)
      }
      const opened = open(messageId, buffer, start, end)
      if (opened === null) return
      const { entry, earlierIds } = opened
      const wanted = wantedOf(entry, ackSet)
      const received: ReceivedEntry = {
        origin,
        id: Buffer.from(messageId),
        earlierIds,
        redelivered: redeliveryCount > 0,
        wanted,
        ownFrame: alone ? buffer : null,
        left: wanted === null ? entry.starts.length : wanted.length,
      }
      waiting.push({ received, entry })
      waitingPermits += entry.starts.length
    },
    endOfRead: () => owner.arrived(),
    lost(reason) {
      connection = null
      waiting = []
      waitingPermits = 0
      acks.reset()
      chunks?.clear()
      if (closed) return
      const why = reason ?? new ClientError('connection lost', 'the broker let go of the consumer', true)
      context.options.log(`consumer of ${topic}: ${why.message}`)
      owner.failed(why.kind)
      session.restart()
    },
  }

  const session = createSession(topic, context, {
    async register(next) {
      next.attachConsumer(consumerId, sink)
      const { subscription, type, name: consumerName, startAt } = options
      const request = { topic, subscription, type, consumerId, consumerName, startAt }
      try {
        await next.requests.ask((id) => subscribeFrame(request, id))
      } catch (error) {
        next.detachConsumer(consumerId)
        throw error
      }
    },
    release(next) {
      next.detachConsumer(consumerId)
      next.requests.ask((id) => endFrame(TYPE.CLOSE_CONSUMER, consumerId, id)).catch(() => {})
    },
    up(next) {
      connection = next
      usedPermits = 0
      acks.flush()
      next.write(flowFrame(consumerId, options.receiverQueue))
    },
    dead(reason) {
      owner.failed(reason.kind)
    },
    // The broker has not noticed yet that the connection of the same consumer ended.
    mayRetry: (error) => error.kind === 'consumer busy',
  })
  try {
    await session.start(signal)
  } catch (error) {
    session.close()
    throw error
  }

  function current(): Connection {
    if (connection === null)
      throw new ClientError('not ready', `the consumer of ${topic} is not connected`, true)
    return connection
  }

  return {
    drain(take) {
      if (waiting.length === 0) return
      const entries = waiting
      waiting = []
      usedPermits += waitingPermits
      waitingPermits = 0
      for (const { received, entry } of entries) {
        acks.delivered(received)
        if (received.left === 0) origin.done(received)
        else take(received, entry)
      }
      grant()
    },
    async seek(target, abort) {
      const at = current()
      // An acknowledgement that came after the seek would take back what it brings.
      acks.flush()
      const asked = at.requests.ask((id) => seekFrame(consumerId, target, id))
      waiting = []
      usedPermits += waitingPermits
      waitingPermits = 0
      chunks?.clear()
      // The broker lets go of the consumer now; it comes back at the new place.
      await orAborted(asked, abort)
    },
    async unsubscribe(abort) {
      acks.flush()
      await orAborted(
        current().requests.ask((id) => endFrame(TYPE.UNSUBSCRIBE, consumerId, id)),
        abort,
      )
    },
    async close(abort) {
      if (closed) return
      closed = true
      acks.close()
      await orAborted(acks.settled(), abort).catch(() => {})
      session.close()
      const last = connection
      connection = null
      waiting = []
      if (last === null || !last.alive) return
      const asked = last.requests.ask((id) => endFrame(TYPE.CLOSE_CONSUMER, consumerId, id))
      await orAborted(asked, abort).catch(() => {})
      last.detachConsumer(consumerId)
    },
  }
}

/** Places of an entry's messages that are to be delivered; null = all. Bit i of the set stands for message i. */
export function wantedOf(entry: Entry, ackSet: readonly bigint[] | null): readonly number[] | null {
  const { removed } = entry
  if (removed === null && (ackSet === null || ackSet.length === 0)) return null
  const wanted: number[] = []
  for (let i = 0; i < entry.starts.length; i++) {
    const isOpen =
      ackSet === null || ackSet.length === 0 || (((ackSet[i >> 6] ?? 0n) >> BigInt(i & 63)) & 1n) === 1n
    if (isOpen && removed?.[i] !== true) wanted.push(i)
  }
  return wanted
}
