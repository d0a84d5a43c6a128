import type { OutgoingBatch, Producer, ProducerSpec } from '../../driver/driver.ts'
import { createConfirmWindow } from './confirm-window.ts'
import type { ChannelSink } from './frame-reader.ts'
import { type PublishTemplate, publishBytes, publishTemplate, writePublish } from './frame-writer.ts'
import { partitionOfKey, routingKeyOf } from './names.ts'
import type { RabbitmqConfig } from './rabbitmq-config.ts'
import type { Link } from './rabbitmq-link.ts'
import { type OpenChannel, openSession } from './rabbitmq-session.ts'

/** Bytes that may wait in the process for a socket that does not take them. */
const SOCKET_BUFFER_BYTES = 1_048_576
/** RabbitMQ's own ceiling for one message (128 MiB). */
export const MAX_MESSAGE_BYTES = 134_217_728

/** Publishes batches as one socket write each, and settles confirms in ranges. */
export async function createRabbitmqProducer(
  spec: ProducerSpec,
  config: RabbitmqConfig,
  link: Link,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<Producer> {
  const window = createConfirmWindow(config.maxUnconfirmed, spec.onSettled)
  let open: OpenChannel | null = null
  let templates: PublishTemplate[] = []
  let nextPartition = 0
  let refused = false
  let closing: Promise<void> | null = null
  let whenIdle: (() => void) | null = null

  function afterSettling(): void {
    if (window.outstanding === 0) whenIdle?.()
    offerRoom()
  }

  function offerRoom(): void {
    if (!refused || closing !== null || open === null) return
    if (window.room() === 0 || open.on.connection.stream.writableLength >= SOCKET_BUFFER_BYTES) return
    refused = false
    spec.onWritable()
  }

  const sink: ChannelSink = {
    confirmed: (tag, multiple, nacked) => window.confirmed(tag, multiple, nacked),
    delivered: () => undefined,
    endOfRead() {
      window.settle()
      afterSettling()
    },
  }

  const session = await openSession(
    {
      link,
      confirms: config.confirms,
      sink,
      log,
      setup({ channel }) {
        channel.on('return', (message) => window.returned(message.content))
        return Promise.resolve()
      },
      onUp(next) {
        open = next
        templates = makeTemplates(spec, config, next.number)
        next.on.connection.stream.on('drain', offerRoom)
        offerRoom()
      },
      onDown(kind) {
        open?.on.connection.stream.off('drain', offerRoom)
        open = null
        window.abandon('unknown', kind)
        afterSettling()
      },
    },
    signal,
  )

  function partitionOf(batch: OutgoingBatch, index: number): number {
    if (batch.partition >= 0) return batch.partition
    if (batch.keys !== null) return partitionOfKey(batch.keys[index] as string, spec.partitions)
    nextPartition = (nextPartition + 1) % spec.partitions
    return nextPartition
  }

  /** How many messages from the front fit into the window and its bytes; one always does when nothing is outstanding. */
  function fitting(batch: OutgoingBatch): number {
    const limit = Math.min(batch.count, window.room())
    let bytes = window.outstandingBytes
    for (let i = 0; i < limit; i++) {
      const size = (batch.values[i] as Buffer).length
      if (size > MAX_MESSAGE_BYTES) return i
      bytes += size
      if (bytes > config.maxUnconfirmedBytes && (i > 0 || window.outstanding > 0)) return i
    }
    return limit
  }

  function publish(batch: OutgoingBatch, count: number, on: OpenChannel): void {
    const { connection } = on.on
    const chosen: PublishTemplate[] = new Array(count)
    let bytes = 0
    for (let i = 0; i < count; i++) {
      const template = templates[partitionOf(batch, i)] as PublishTemplate
      chosen[i] = template
      bytes += publishBytes(template, (batch.values[i] as Buffer).length, connection.frameMax)
    }
    const out = Buffer.allocUnsafe(bytes)
    let at = 0
    for (let i = 0; i < count; i++) {
      const value = batch.values[i] as Buffer
      at = writePublish(out, at, chosen[i] as PublishTemplate, on.number, value, connection.frameMax)
      window.add(batch.firstSequence + i, value)
    }
    connection.sentSinceLastCheck = true
    if (config.confirms) connection.stream.write(out)
    else connection.stream.write(out, written(on, window.lastTag))
  }

  /** Without confirms the socket's word is all there is. */
  function written(on: OpenChannel, lastTag: number) {
    return (error: Error | null | undefined) => {
      if (error || open !== on) return
      window.confirmed(lastTag, true, false)
      sink.endOfRead()
    }
  }

  function send(batch: OutgoingBatch): number {
    if (open === null || closing !== null || batch.count === 0) {
      refused = true
      return 0
    }
    if (open.on.connection.stream.writableLength >= SOCKET_BUFFER_BYTES) {
      refused = true
      return 0
    }
    if ((batch.values[0] as Buffer).length > MAX_MESSAGE_BYTES) {
      queueMicrotask(() => spec.onSettled(batch.firstSequence, 1, 'rejected', 'message too large'))
      return 1
    }
    const count = fitting(batch)
    if (count > 0) publish(batch, count, open)
    if (count < batch.count) refused = true
    return count
  }

  async function close(abort: AbortSignal): Promise<void> {
    if (window.outstanding > 0 && !abort.aborted && open !== null) {
      await new Promise<void>((resolve) => {
        whenIdle = resolve
        abort.addEventListener('abort', () => resolve(), { once: true })
      })
    }
    window.abandon('unknown', 'closed')
    await session.close(abort)
  }

  return {
    send,
    flush: () => undefined,
    close(abort) {
      closing ??= close(abort)
      return closing
    },
  }
}

function makeTemplates(spec: ProducerSpec, config: RabbitmqConfig, channel: number): PublishTemplate[] {
  return Array.from({ length: spec.partitions }, (_, partition) =>
    publishTemplate({
      channel,
      exchange: spec.topic,
      routingKey: routingKeyOf(partition),
      persistent: config.persistent,
      // A return can only be told before the confirm: without confirms it would come too late.
      mandatory: config.confirms,
    }),
  )
}
