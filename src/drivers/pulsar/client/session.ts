import { orAborted, pause } from '../../../driver/abort.ts'
import type { Connection } from './connection.ts'
import { asClientError, ClientError } from './errors.ts'
import { connectionOf } from './lookup.ts'
import type { ClientOptions } from './options.ts'
import type { ConnectionPool } from './pool.ts'

/** What the parts of a client share. */
export interface ClientContext {
  readonly options: ClientOptions
  readonly pool: ConnectionPool
  /** Numbers of producers and consumers, unique in the client. */
  nextId(): number
}

export interface SessionHandlers {
  /**
   * Registers on a fresh connection; `attempt` counts from 0. What it rejects with decides whether another attempt
   * follows.
   */
  register(connection: Connection, attempt: number): Promise<void>
  /** Takes back what is registered, or still may be: it was closed meanwhile, or the broker took too long. */
  release(connection: Connection): void
  /** Registered: `connection` may be used until `lost` of the sink is called. */
  up(connection: Connection): void
  /** No attempt will succeed any more. */
  dead(reason: ClientError): void
  /** Whether another attempt may help, beyond what the error says of itself. */
  mayRetry(error: ClientError): boolean
}

/** Keeps a producer or consumer registered where its topic is served. */
export interface Session {
  /**
   * First registration: with attempts only for what may pass by itself, for about the time that one request may take,
   * or until the signal aborts.
   */
  start(signal: AbortSignal): Promise<void>
  /**
   * Looks the topic up again and registers again, as often as it takes, unless closed: at once when the registration
   * had lasted, else with pauses that grow from one loss to the next.
   */
  restart(): void
  close(): void
}

/** Attempts that `start` makes. */
const START_ATTEMPTS = 20
/** Of which so many may end in bytes that are no answer: those will not pass by themselves. */
const START_PROTOCOL_ERRORS = 3
/** Registrations that may go unanswered: a broker that came to it too late may know the next one. */
const START_UNANSWERED = 2

export function createSession(topic: string, context: ClientContext, handlers: SessionHandlers): Session {
  const { options, pool } = context
  const closing = new AbortController()
  let attempts = 0
  let busy = false
  /** Lost again before it was up. */
  let lostMeanwhile = false
  /** Attempts of `restart` since a registration last stood for longer than the longest pause. */
  let rounds = 0
  let upAtMs = 0

  /** Found where the topic is served, in the last attempt. */
  let found = false

  async function attempt(): Promise<void> {
    found = false
    const connection = await connectionOf(pool, topic, options)
    found = true
    if (closing.signal.aborted) return
    lostMeanwhile = false
    try {
      await handlers.register(connection, attempts)
    } catch (error) {
      // The broker may still get round to it, and would refuse the next attempt for the sake of this one.
      if (asClientError(error).kind === 'timeout') handlers.release(connection)
      throw error
    }
    attempts++
    if (closing.signal.aborted) handlers.release(connection)
    else if (lostMeanwhile || !connection.alive) {
      throw new ClientError('not ready', 'the broker let go of it at once', true)
    } else {
      busy = false
      upAtMs = performance.now()
      handlers.up(connection)
    }
  }

  async function comeBack(): Promise<void> {
    if (performance.now() - upAtMs > options.maxBackoffMs) rounds = 0
    while (true) {
      if (rounds > 0) await pause(backoffMs(options, rounds - 1), closing.signal)
      if (closing.signal.aborted) return
      rounds++
      try {
        await attempt()
        return
      } catch (thrown) {
        const error = asClientError(thrown)
        if (closing.signal.aborted) return
        if (!error.retriable && !handlers.mayRetry(error)) {
          handlers.dead(error)
          return
        }
        options.log(`${topic}: ${error.message}; trying again`)
      }
    }
  }

  return {
    async start(signal) {
      busy = true
      const giveUp = startLimits(options)
      for (let round = 0; ; round++) {
        try {
          await orAborted(attempt(), signal)
          return
        } catch (thrown) {
          signal.throwIfAborted()
          const error = asClientError(thrown)
          if (giveUp(error, found)) throw error
          options.log(`${topic}: ${error.message}; trying again`)
        }
        await pause(backoffMs(options, round), signal)
        signal.throwIfAborted()
      }
    },
    restart() {
      lostMeanwhile = true
      if (busy || closing.signal.aborted) return
      busy = true
      comeBack().catch((error: unknown) => handlers.dead(asClientError(error)))
    },
    close: () => closing.abort(),
  }
}

/**
 * Whether a start that failed so is over; asked once for each failed attempt. Each configured server has its turn, and
 * what takes time itself is bounded by number.
 */
function startLimits({
  servers,
  requestTimeoutMs,
}: ClientOptions): (error: ClientError, found: boolean) => boolean {
  const endMs = performance.now() + requestTimeoutMs
  let attempts = 0
  let protocolErrors = 0
  let unanswered = 0
  return (error, found) => {
    attempts++
    if (!error.retriable || attempts >= START_ATTEMPTS) return true
    if (error.kind === 'protocol error') {
      protocolErrors++
      return protocolErrors >= Math.max(START_PROTOCOL_ERRORS, servers.length)
    }
    if (error.kind === 'timeout') {
      unanswered++
      return unanswered >= Math.max(found ? START_UNANSWERED : 1, servers.length)
    }
    return performance.now() >= endMs
  }
}

/** Doubles from round to round; half of it by chance, so that many do not come at once. */
function backoffMs(options: ClientOptions, round: number): number {
  const fullMs = Math.min(options.maxBackoffMs, options.backoffMs * 2 ** Math.min(round, 20))
  return fullMs * (0.5 + Math.random() / 2)
}
