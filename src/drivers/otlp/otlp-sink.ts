import type { Clock } from '../../clock/clock.ts'
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

/** Takes the body of one Export request, uncompressed; waits a little while consumers are paused. Never rejects. */
export type TakeRequest = (signal: Signal, request: Uint8Array) => Promise<SinkAnswer> | SinkAnswer

export interface Listener {
  stop(): Promise<void>
}

/** The server behind the system under test: listens from the first consumer of this process to its last. */
export interface Sink {
  /** Listens, if it does not yet; the receiver gets its share from now on. */
  join(topic: string, receiver: OtlpReceiver): Promise<void>
  /** A receiver is ready again: who waits for one is served. */
  resumed(): void
  /** Stops listening when nobody is left. */
  leave(topic: string, receiver: OtlpReceiver): Promise<void>
}

interface Topic {
  readonly receivers: OtlpReceiver[]
  /** Who is next: parts of requests are dealt out in turn. */
  next: number
}

const TOPIC_KEY = Buffer.from(TOPIC_ATTRIBUTE)
/** How long a request waits for a paused consumer before it is refused: less than any sender's own limit. */
const BUSY_WAIT_MS = 1000

/** @param sharesPorts whether other processes listen on the same ports (SO_REUSEPORT). */
export function createSink(
  config: OtlpConfig,
  endpoints: Endpoints,
  sharesPorts: () => boolean,
  clock: Clock,
  log: (line: string) => void,
): Sink {
  const topics = new Map<string, Topic>()
  const wanted = signalOf(config)
  let listening: Promise<Listener[]> | null = null
  /** Ports are free again when it is done: who joins meanwhile waits for it. */
  let stopping: Promise<unknown> = Promise.resolve()
  let members = 0
  /** Requests that wait for a paused consumer: bounded by what the system under test has under way. */
  const waiting = new Set<(isResumed: boolean) => void>()

  async function take(signal: Signal, request: Uint8Array): Promise<SinkAnswer> {
    const endUs = clock.nowUs() + BUSY_WAIT_MS * 1000
    for (;;) {
      const answer = offer(signal, request)
      const leftMs = (endUs - clock.nowUs()) / 1000
      if (answer !== 'busy' || leftMs <= 0 || !(await resumedWithin(leftMs))) return answer
    }
  }

  /** False when the time is up, or a consumer left instead. */
  function resumedWithin(limitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const done = (isResumed: boolean) => {
        timer.cancel()
        waiting.delete(done)
        resolve(isResumed)
      }
      const timer = clock.schedule(limitMs, () => done(false))
      waiting.add(done)
    })
  }

  function wake(isResumed: boolean): void {
    for (const done of [...waiting]) done(isResumed)
  }

  function offer(signal: Signal, request: Uint8Array): SinkAnswer {
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
    for (const { topic, part } of parts) {
      topic.next = nextOf(topic)
      isWhole = topic.receivers[topic.next]!.receive(part) && isWhole
    }
    if (isWhole) return 'taken'
    log('the sink was sent a request that is not OTLP')
    return 'malformed'
  }

  /** The next that is ready. All may have paused over an earlier part of the request: its rest still comes. */
  function nextOf({ receivers, next }: Topic): number {
    for (let i = 1; i <= receivers.length; i++) {
      const at = (next + i) % receivers.length
      if (receivers[at]!.isReady()) return at
    }
    return (next + 1) % receivers.length
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
        listening ??= stopping.then(listen)
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
    resumed: () => wake(true),
    async leave(name, receiver) {
      // Refused while it can still be told: a topic that is gone would be somebody else's.
      wake(false)
      const topic = topics.get(name)
      const at = topic?.receivers.indexOf(receiver) ?? -1
      if (topic === undefined || at < 0) return
      topic.receivers.splice(at, 1)
      if (topic.receivers.length === 0) topics.delete(name)
      if (--members > 0) return
      const last = listening ?? Promise.resolve([])
      listening = null
      stopping = last.then((listeners) => Promise.all(listeners.map((listener) => listener.stop())))
      await stopping
    },
  }
}
