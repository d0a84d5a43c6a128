import type { Kafka } from 'kafkajs'
import type { ClientOptions } from './client.ts'
import { addCodecs } from './kafkajs-codecs.ts'

export type Kafkajs = typeof import('kafkajs')

const CONNECT_LIMIT_MS = 5000
const RETRIES = 5
const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 1000

let loaded: Promise<Kafkajs> | null = null

/** kafkajs, loaded once, with all codecs and without its noise. */
export function loadKafkajs(): Promise<Kafkajs> {
  loaded ??= load()
  return loaded
}

async function load(): Promise<Kafkajs> {
  process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1'
  clampNegativeTimeouts()
  const library = await import('kafkajs')
  addCodecs(library)
  await leaveWhenJoinFails()
  return library
}

/**
 * A member of kafkajs whose join fails half-way, as when its coordinator has not yet heard of a new topic, forgets who it
 * was without leaving the group: its restart then waits until the broker misses it, a whole session long.
 */
async function leaveWhenJoinFails(): Promise<void> {
  const { default: group } = await import('kafkajs/src/consumer/consumerGroup.js')
  const join = group.prototype.joinAndSync
  group.prototype.joinAndSync = async function joinOrLeave() {
    try {
      await join.call(this)
    } catch (error) {
      // What ended the join is the news, not that leaving failed, too.
      await this.leave().catch(() => {})
      throw error
    }
  }
}

/**
 * Every kafkajs connection starts a timer with a hugely negative delay (tulios/kafkajs#1751), which the runtime reports
 * on stderr. A negative delay means at once: so it is made 0.
 */
function clampNegativeTimeouts(): void {
  const start = globalThis.setTimeout
  const clamped = (callback: () => void, delayMs?: number, ...rest: unknown[]) =>
    start(
      callback as (...args: unknown[]) => void,
      delayMs !== undefined && delayMs < 0 ? 0 : delayMs,
      ...rest,
    )
  globalThis.setTimeout = Object.assign(clamped, start) as typeof start
}

/** One line of the library's log. */
export interface LogLine {
  readonly isError: boolean
  readonly text: string
}

/** A kafkajs instance of its own, so that what it logs can be told apart. */
export function makeKafka(
  library: Kafkajs,
  options: ClientOptions,
  clientId: string,
  onLog: (line: LogLine) => void,
  requestTimeoutMs = options.config.requestTimeoutMs,
): Kafka {
  const { config, servers, tls } = options
  return new library.Kafka({
    clientId,
    brokers: [...servers],
    connectionTimeout: CONNECT_LIMIT_MS,
    authenticationTimeout: CONNECT_LIMIT_MS,
    requestTimeout: requestTimeoutMs,
    retry: { retries: RETRIES, initialRetryTime: FIRST_RETRY_MS, maxRetryTime: LAST_RETRY_MS },
    ...(tls === null ? {} : { ssl: tls }),
    ...(config.sasl === undefined ? {} : { sasl: saslOf(config.sasl, options.password ?? '') }),
    logLevel: library.logLevel.ERROR,
    logCreator:
      () =>
      ({ level, log, namespace }) => {
        const error = (log as { error?: unknown }).error
        const text = [namespace, log.message, error].filter((part) => typeof part === 'string' && part !== '')
        onLog({ isError: level === library.logLevel.ERROR, text: text.join(': ') })
      },
  })
}

function saslOf(sasl: NonNullable<ClientOptions['config']['sasl']>, password: string) {
  const { username } = sasl
  if (sasl.mechanism === 'PLAIN') return { mechanism: 'plain' as const, username, password }
  if (sasl.mechanism === 'SCRAM-SHA-256') return { mechanism: 'scram-sha-256' as const, username, password }
  return { mechanism: 'scram-sha-512' as const, username, password }
}
