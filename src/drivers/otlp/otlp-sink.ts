import { walkResources } from '../../otlp/resources.ts'
import type { Signal } from '../../otlp/signal.ts'
import type { OtlpConfig } from './otlp-config.ts'
import type { OtlpReceiver } from './otlp-consumer.ts'
import type { Endpoints } from './otlp-endpoints.ts'
import { signalOf, TOPIC_ATTRIBUTE } from './otlp-items.ts'
import { startGrpcSink } from './sink-grpc.ts'
import { startHttpSink } from './sink-http.ts'

/** What the sink answers: taken, come again later (every consumer of a topic is paused), or not OTLP. */
export type SinkAnswer = 'taken' | 'busy' | 'malformed'

/** Takes the body of one Export request, uncompressed. */
export type TakeRequest = (signal: Signal, request: Uint8Array) => SinkAnswer

export interface Listener {
  stop(): Promise<void>
}

/** The server behind the system under test: listens from the first consumer of this process to its last. */
export interface Sink {
  /** Listens, if it does not yet; the receiver gets its share from now on. */
  join(topic: string, receiver: OtlpReceiver): Promise<void>
  /** Stops listening when nobody is left. */
  leave(topic: string, receiver: OtlpReceiver): Promise<void>
}

interface Topic {
  readonly receivers: OtlpReceiver[]
  /** Who is next: parts of requests are dealt out in turn. */
  next: number
}

const TOPIC_KEY = Buffer.from(TOPIC_ATTRIBUTE)
/** What a sender is told to wait while consumers are paused. */
export const BUSY_RETRY_MS = 1000

/** @param sharesPorts whether other processes listen on the same ports (SO_REUSEPORT). */
export function createSink(
  config: OtlpConfig,
  endpoints: Endpoints,
  sharesPorts: () => boolean,
  log: (line: string) => void,
): Sink {
  const topics = new Map<string, Topic>()
  const wanted = signalOf(config)
  let listening: Promise<Listener[]> | null = null
  let members = 0

  function take(signal: Signal, request: Uint8Array): SinkAnswer {
    // Another signal, or records of nobody here, came to the wrong place: an answer of 200 ends their way.
    if (signal !== wanted) return 'taken'
    const parts: { readonly topic: Topic; readonly part: Uint8Array }[] = []
    let isBusy = false
    const malformed = walkResources(request, TOPIC_KEY, (name, part) => {
      const topic = name === null ? undefined : topics.get(Buffer.from(name).toString())
      if (topic === undefined) return
      isBusy ||= !topic.receivers.some((receiver) => receiver.isReady())
      parts.push({ topic, part })
    })
    // Before anything is delivered: what is refused comes again whole.
    if (isBusy) return 'busy'
    let isWhole = malformed === null
    for (const { topic, part } of parts) isWhole = nextOf(topic).receive(part) && isWhole
    if (isWhole) return 'taken'
    log('the sink was sent a request that is not OTLP')
    return 'malformed'
  }

  function nextOf(topic: Topic): OtlpReceiver {
    for (;;) {
      topic.next = (topic.next + 1) % topic.receivers.length
      const receiver = topic.receivers[topic.next]!
      if (receiver.isReady()) return receiver
    }
  }

  async function listen(): Promise<Listener[]> {
    const shared = sharesPorts()
    const http = startHttpSink(endpoints.sinkHttp, shared, take)
    try {
      return [http, await startGrpcSink(endpoints.sinkGrpc, shared, take)]
    } catch (error) {
      await http.stop()
      throw error
    }
  }

  return {
    async join(name, receiver) {
      members++
      try {
        listening ??= listen()
        await listening
      } catch (error) {
        members--
        listening = null
        throw error
      }
      const topic = topics.get(name) ?? { receivers: [], next: -1 }
      topic.receivers.push(receiver)
      topics.set(name, topic)
    },
    async leave(name, receiver) {
      const topic = topics.get(name)
      const at = topic?.receivers.indexOf(receiver) ?? -1
      if (topic === undefined || at < 0) return
      topic.receivers.splice(at, 1)
      if (topic.receivers.length === 0) topics.delete(name)
      if (--members > 0) return
      const listeners = await listening
      listening = null
      await Promise.all((listeners ?? []).map((listener) => listener.stop()))
    },
  }
}
