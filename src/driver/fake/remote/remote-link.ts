import type { SettledCallback } from '../../driver.ts'
import { createOutstanding, type Outstanding } from '../../guard/outstanding.ts'
import type { FakeLink, LinkEvents, LinkProducer } from '../link.ts'
import { decodeDelivery, decodeSettled, encodePair, encodePublish } from './codec.ts'
import { connectFake, type FakeConnection } from './connection.ts'
import { FRAME } from './frames.ts'

interface RemoteProducer {
  readonly outstanding: Outstanding
  readonly onSettled: SettledCallback
}

const LOST = 'connection lost'

/** A link to a fake server elsewhere, `host:port`. */
export function remoteLink(server: string): FakeLink {
  const producers = new Map<number, RemoteProducer>()
  const consumers = new Map<number, LinkEvents>()
  let connection: FakeConnection | null = null
  let closed = false
  let nextHandle = 1

  function connected(): FakeConnection {
    if (connection === null) throw new Error('expected an open link, got one that was never opened')
    return connection
  }

  function onFrame(type: number, body: Buffer): void {
    if (type === FRAME.settled) {
      const { handle, first, count, outcome, reason } = decodeSettled(body)
      const producer = producers.get(handle)
      producer?.outstanding.take(first, count, (from, length) =>
        producer.onSettled(from, length, outcome, reason),
      )
    } else if (type === FRAME.delivery) {
      const { handle, delivery } = decodeDelivery(body)
      consumers.get(handle)?.onDelivery(delivery)
    }
  }

  function onLost(): void {
    for (const producer of producers.values()) giveUp(producer, LOST)
    if (!closed) for (const consumer of consumers.values()) consumer.onError(LOST)
  }

  function makeProducer(handle: number, onSettled: SettledCallback): LinkProducer {
    const producer = { outstanding: createOutstanding(), onSettled }
    producers.set(handle, producer)
    return {
      publish(batch) {
        if (connected().lost) {
          // Not from inside `send`.
          queueMicrotask(() => onSettled(batch.firstSequence, batch.count, 'rejected', LOST))
          return
        }
        producer.outstanding.add(batch.firstSequence, batch.count)
        connected().writer.write(FRAME.publish, encodePublish(handle, batch))
      },
      async finish(signal) {
        try {
          await connected().request({ method: 'finish', handle }, signal)
        } catch (error) {
          if (!signal.aborted && !connected().lost) throw error
        } finally {
          giveUp(producer, signal.aborted ? 'aborted' : LOST)
          producers.delete(handle)
        }
      },
    }
  }

  return {
    async open(signal) {
      connection = await connectFake(server, { onFrame, onLost }, signal)
    },
    createTopics: (topics, options, signal) =>
      connected().request({ method: 'createTopics', topics, options }, signal),
    deleteTopics: (topics, signal) => connected().request({ method: 'deleteTopics', topics }, signal),
    async produce(topic, name, onSettled, signal) {
      const handle = nextHandle++
      await connected().request({ method: 'produce', handle, topic, name }, signal)
      return makeProducer(handle, onSettled)
    },
    async consume(topic, place, events, signal) {
      const handle = nextHandle++
      const leave = async (leaveSignal: AbortSignal) => {
        consumers.delete(handle)
        await connected()
          .request({ method: 'leave', handle }, leaveSignal)
          .catch((error: unknown) => {
            if (!leaveSignal.aborted && !connected().lost) throw error
          })
      }
      consumers.set(handle, events)
      const { subscription, startAt, consumersOfSubscription, indexInSubscription } = place
      const plain = { subscription, startAt, consumersOfSubscription, indexInSubscription }
      try {
        await connected().request({ method: 'consume', handle, topic, place: plain }, signal)
      } catch (error) {
        // The server may have made it after we stopped waiting.
        leave(new AbortController().signal).catch(() => {})
        throw error
      }
      const { writer } = connected()
      return {
        acknowledge: (id) => writer.write(FRAME.ack, encodePair(handle, id)),
        pause: () => writer.write(FRAME.flow, encodeFlow(handle, true)),
        resume: () => writer.write(FRAME.flow, encodeFlow(handle, false)),
        leave,
      }
    },
    async close() {
      closed = true
      connection?.close()
    },
  }
}

function giveUp(producer: RemoteProducer, reason: string): void {
  producer.outstanding.drain((first, count) => producer.onSettled(first, count, 'unknown', reason))
}

function encodeFlow(handle: number, paused: boolean): Buffer {
  const body = Buffer.allocUnsafe(5)
  body.writeUInt32BE(handle, 0)
  body[4] = paused ? 1 : 0
  return body
}
