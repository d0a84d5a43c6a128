import type { Socket, SocketHandler } from 'bun'
import type { Consumer, ConsumerSpec, Producer, ProducerSpec } from '../../driver/driver.ts'
import { frameReader, frameWriter } from '../../driver/fake/remote/frames.ts'
import { AppError, messageOf } from '../../errors/app-error.ts'
import { type Ask, type Done, decodeDelivery, decodeSettled, ECHO_FRAME } from './echo-frames.ts'
import { createEchoProducer, type EchoProducer } from './echo-producer.ts'

const CONNECT_LIMIT_MS = 10_000
const LOST = 'connection lost'

export interface EchoConnection {
  /** Rejects with `AppError('PREPARE')` when the server refuses or is gone, or with the signal's reason. */
  ask(ask: Ask, signal: AbortSignal): Promise<void>
  produce(spec: ProducerSpec, signal: AbortSignal): Promise<Producer>
  consume(spec: ConsumerSpec, signal: AbortSignal): Promise<Consumer>
  close(): void
}

export async function connectEcho(server: string, signal: AbortSignal): Promise<EchoConnection> {
  const asked = new Map<number, (error: unknown) => void>()
  const producers = new Map<number, EchoProducer>()
  const consumers = new Map<number, ConsumerSpec>()
  let next = 1
  let lost = false

  const reader = frameReader((type, body) => {
    if (type === ECHO_FRAME.settled) {
      const { producer, first, count } = decodeSettled(body)
      producers.get(producer)?.settled(first, count)
    } else if (type === ECHO_FRAME.delivery) {
      const { consumer, batch } = decodeDelivery(body)
      consumers.get(consumer)?.onBatch(batch)
    } else if (type === ECHO_FRAME.done) {
      const { id, error } = JSON.parse(body.toString()) as Done
      asked.get(id)?.(error === undefined ? undefined : new AppError('PREPARE', error))
    }
  })

  function lose(): void {
    if (lost) return
    lost = true
    for (const answer of [...asked.values()]) answer(lostError(server))
    for (const producer of producers.values()) producer.giveUp(LOST)
    for (const consumer of consumers.values()) consumer.onError(LOST)
  }

  const socket = await connect(server, signal, {
    data: (_, chunk) => reader(chunk),
    drain: () => writer?.drain(),
    close: lose,
    error: lose,
  })
  const writer = frameWriter(socket)

  function ask(content: Ask, askSignal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (askSignal.aborted) return reject(askSignal.reason)
      if (lost) return reject(lostError(server))
      const id = next++
      const onAbort = () => answer(askSignal.reason)
      const answer = (error: unknown) => {
        askSignal.removeEventListener('abort', onAbort)
        asked.delete(id)
        if (error === undefined) resolve()
        else reject(error)
      }
      askSignal.addEventListener('abort', onAbort, { once: true })
      asked.set(id, answer)
      writer.write(ECHO_FRAME.ask, Buffer.from(JSON.stringify({ id, ...content })))
    })
  }

  return {
    ask,
    async produce(spec, produceSignal) {
      const handle = next++
      await ask({ what: 'produce', handle, topic: spec.topic }, produceSignal)
      const finish = (finishSignal: AbortSignal) =>
        lost ? Promise.resolve() : ask({ what: 'finish', handle }, finishSignal)
      const producer = createEchoProducer({ handle, spec, writer, isLost: () => lost, finish })
      producers.set(handle, producer)
      return producer
    },
    async consume(spec, consumeSignal) {
      const handle = next++
      consumers.set(handle, spec)
      const place = { index: spec.indexInSubscription, of: spec.consumersOfSubscription }
      await ask({ what: 'consume', handle, topic: spec.topic, ...place }, consumeSignal)
      const tell = (what: 'pause' | 'resume') => {
        if (!lost) ask({ what, handle }, new AbortController().signal).catch(() => {})
      }
      return {
        pause: () => tell('pause'),
        resume: () => tell('resume'),
        async close(closeSignal) {
          if (!consumers.delete(handle) || lost) return
          await ask({ what: 'leave', handle }, closeSignal)
        },
      }
    },
    close() {
      consumers.clear()
      socket.end()
      lose()
    },
  }
}

async function connect(
  server: string,
  signal: AbortSignal,
  handlers: SocketHandler<undefined>,
): Promise<Socket<undefined>> {
  signal.throwIfAborted()
  const [hostname = '', port = ''] = server.split(':')
  const limit = AbortSignal.any([signal, AbortSignal.timeout(CONNECT_LIMIT_MS)])
  const aborted = Promise.withResolvers<never>()
  const onAbort = () => aborted.reject(limit.reason)
  limit.addEventListener('abort', onAbort, { once: true })
  const connecting = Bun.connect<undefined>({
    hostname,
    port: Number(port),
    data: undefined,
    socket: handlers,
  })
  try {
    return await Promise.race([connecting, aborted.promise])
  } catch (error) {
    connecting.then(
      (late) => late.end(),
      () => {},
    )
    signal.throwIfAborted()
    throw new AppError('PREPARE', `expected an echo server at ${server}, got: ${messageOf(error)}`, {
      cause: error,
    })
  } finally {
    limit.removeEventListener('abort', onAbort)
  }
}

function lostError(server: string): AppError {
  return new AppError('PREPARE', `expected the echo server at ${server} to stay, the connection was lost`)
}
