import type { Channel } from 'amqplib'
import type { Consumer, ConsumerSpec } from '../../driver/driver.ts'
import { messageOf } from '../../errors/app-error.ts'
import { createDeliveryBatches } from './delivery-batches.ts'
import type { ChannelSink } from './frame-reader.ts'
import { partitionsOf, queueOf } from './names.ts'
import type { RabbitmqConfig } from './rabbitmq-config.ts'
import { requestError } from './rabbitmq-errors.ts'
import type { Link } from './rabbitmq-link.ts'
import { type OpenChannel, openSession, type Session } from './rabbitmq-session.ts'

const OFFSET_HEADER = 'x-stream-offset'
const LONG_LONG = 0x6c // 'l'

/** Reads the consumer's share of the topic's queues over one channel. */
export async function createRabbitmqConsumer(
  spec: ConsumerSpec,
  config: RabbitmqConfig,
  link: Link,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<Consumer> {
  const isStream = config.queueType === 'stream'
  const partitions = partitionsOf(
    spec.indexInSubscription,
    spec.consumersOfSubscription,
    spec.partitions,
    config.competingConsumers && !isStream,
  )
  /** By partition: the content header of the newest delivery, which holds its offset in the stream. */
  const newestHeaders = new Map<number, Buffer>()
  let open: OpenChannel | null = null
  let closed = false
  let paused = false
  /** Changes of the subscription go one after the other. */
  let changing: Promise<void> = Promise.resolve()
  let consuming = false
  let session: Session | null = null
  /** Deliveries overtake the answers to the other queues' subscriptions: they wait until the caller has its consumer. */
  let ready = false

  const batches = createDeliveryBatches({
    manual: config.ackMode === 'manual',
    multiple: config.ackMultiple,
    channel: () => (open as OpenChannel).number,
    write(frames) {
      if (open === null || open.on.failure() !== null) return
      open.on.connection.sentSinceLastCheck = true
      open.on.connection.stream.write(frames)
    },
  })

  const sink: ChannelSink = {
    confirmed: () => undefined,
    delivered(partition, deliveryTag, redelivered, header, body) {
      if (closed) return
      if (isStream) newestHeaders.set(partition, header)
      batches.add(partition, deliveryTag, redelivered, body)
    },
    endOfRead: deliver,
  }

  function deliver(): void {
    if (closed || !ready) return
    const batch = batches.take()
    if (batch === null) return
    try {
      spec.onBatch(batch)
    } finally {
      batch.release()
    }
  }

  function offsetOf(partition: number): string | number {
    const header = newestHeaders.get(partition)
    const last = header === undefined ? null : streamOffset(header)
    if (last !== null) return last + 1
    return spec.startAt === 'earliest' ? 'first' : 'next'
  }

  async function consume(channel: Channel): Promise<void> {
    for (const partition of partitions) {
      const queue = queueOf(spec.topic, spec.subscription, partition, isStream)
      const onCancelled = () => session?.restart('consumer cancelled by the broker')
      const options = {
        consumerTag: String(partition),
        noAck: config.ackMode === 'auto',
        ...(isStream && { arguments: { [OFFSET_HEADER]: offsetOf(partition) } }),
      }
      await channel.consume(queue, onCancelled, options)
    }
    consuming = true
  }

  async function cancel(channel: Channel): Promise<void> {
    consuming = false
    for (const partition of partitions) await channel.cancel(String(partition))
  }

  /** Brings the subscription to what is wanted by now; quick changes of mind meet here. */
  function follow(): void {
    changing = changing.then(async () => {
      const now = open
      if (closed || now === null || consuming === !paused) return
      try {
        await (paused ? cancel(now.channel) : consume(now.channel))
      } catch (error) {
        // The channel or its connection is gone: the session makes another one.
        log(`consumer ${spec.name}: ${messageOf(error)}`)
      }
    })
  }

  session = await openSession(
    {
      link,
      confirms: false,
      sink,
      log,
      async setup({ channel }) {
        batches.reset()
        consuming = false
        await channel.prefetch(config.prefetch)
        if (!paused) await consume(channel)
      },
      onUp(next) {
        open = next
        follow()
      },
      onDown(kind) {
        open = null
        batches.reset()
        spec.onError(kind)
      },
    },
    signal,
  ).catch((error) => {
    const queues = queueOf(spec.topic, spec.subscription, partitions[0] ?? 0, isStream)
    throw requestError(`read queue '${queues}'`, config.username, error)
  })

  setImmediate(() => {
    ready = true
    deliver()
  })

  return {
    pause() {
      paused = true
      follow()
    },
    resume() {
      paused = false
      follow()
    },
    async close(abort) {
      if (closed) return
      closed = true
      await session?.close(abort)
    },
  }
}

/** The offset in a stream that a delivery's content header carries, or null. */
export function streamOffset(header: Buffer): number | null {
  const at = header.indexOf(OFFSET_HEADER)
  if (at < 0 || header[at + OFFSET_HEADER.length] !== LONG_LONG) return null
  return Number(header.readBigInt64BE(at + OFFSET_HEADER.length + 1))
}
