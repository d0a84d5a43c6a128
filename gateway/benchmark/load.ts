import type { Clock } from '../../src/clock/clock.ts'
import { createLoadBook, type LoadBook, type LoadResult } from './load-book.ts'
import type { LoadConnection, LoadConnectionEvents, OpenLoadConnection } from './load-connection.ts'

export interface LoadOptions {
  readonly open: OpenLoadConnection
  readonly connections: number
  /**
   * Requests a second, sent at their instants whatever the server does (open loop; what no connection has room for
   * waits as a number, and its latency counts from its instant). Null: every connection is kept full (closed loop).
   */
  readonly rateHz: number | null
  readonly warmUpMs: number
  /** The window begins only after so many successes too, but at most `WARM_UP_STRETCH` times as late. */
  readonly warmUpRequests?: number
  readonly durationMs: number
  readonly clock: Clock
  /** Ends the load early; what was measured so far stands. */
  readonly stop: AbortSignal
  /** Called when the measured window begins and ends. */
  readonly onWindow?: (edge: 'begin' | 'end') => void
}

const LIMITS = { drainMs: 10_000, reopenMs: 100, maxBurst: 1000 }
export const WARM_UP_STRETCH = 4
/** Above it the loop itself is the timer: timers are coarse (1 ms at best) and would send in bursts. */
const SPIN_RATE_HZ = 500

/** Loads a server over many connections and counts every answer. @throws Error when no connection can be made. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const { clock } = options
  const book = createLoadBook(clock)
  const crowd = await openCrowd(options, book)
  const startUs = clock.nowUs()
  let issued = 0

  function sendDue(nowUs: number, rateHz: number): void {
    for (let burst = 0; burst < LIMITS.maxBurst && issued < dueCount(nowUs - startUs, rateHz); burst++) {
      if (!crowd.send(startUs + (issued * 1e6) / rateHz)) return
      issued++
    }
  }

  let windowEndUs = Number.POSITIVE_INFINITY
  let nowUs = startUs
  for (; nowUs < windowEndUs && !options.stop.aborted; nowUs = clock.nowUs()) {
    if (windowEndUs === Number.POSITIVE_INFINITY && isWarm(options, nowUs - startUs, book.accepted())) {
      windowEndUs = nowUs + options.durationMs * 1000
      book.beginWindow(nowUs)
      options.onWindow?.('begin')
    }
    if (options.rateHz !== null) sendDue(nowUs, options.rateHz)
    await pause(options.rateHz, clock)
  }
  book.endWindow()
  options.onWindow?.('end')
  await crowd.close()
  const due =
    options.rateHz === null ? 0 : countBefore(Math.min(nowUs, windowEndUs) - startUs, options.rateHz)
  return book.result(Math.max(0, due - issued))
}

/** Requests with an instant before `elapsedUs`. */
function countBefore(elapsedUs: number, rateHz: number): number {
  return Math.ceil((elapsedUs * rateHz) / 1e6)
}

/** Requests due after `elapsedUs`: the first at 0. */
function dueCount(elapsedUs: number, rateHz: number): number {
  return Math.floor((elapsedUs * rateHz) / 1e6) + 1
}

function isWarm(options: LoadOptions, elapsedUs: number, accepted: number): boolean {
  const warmUpUs = options.warmUpMs * 1000
  if (elapsedUs < warmUpUs) return false
  return accepted >= (options.warmUpRequests ?? 0) || elapsedUs >= warmUpUs * WARM_UP_STRETCH
}

function pause(rateHz: number | null, clock: Clock): Promise<void> {
  if (rateHz === null || rateHz <= SPIN_RATE_HZ) return clock.sleep(1)
  return new Promise((resolve) => setImmediate(resolve))
}

/** All connections of a load; a lost one is replaced. */
interface Crowd {
  /** Sends on the connection that had room first, so that requests spread over all; false when none has. */
  send(ticketUs: number): boolean
  /** Sends nothing more, waits for answers within a limit, ends all connections. */
  close(): Promise<void>
}

async function openCrowd({ open, connections, rateHz, clock }: LoadOptions, book: LoadBook): Promise<Crowd> {
  const all = new Set<LoadConnection>()
  let free: LoadConnection[] = []
  let isSending = true

  function send(connection: LoadConnection, ticketUs: number): void {
    book.onSent()
    connection.send(ticketUs)
  }

  function offerRoom(connection: LoadConnection, room: number): void {
    for (let i = 0; i < room && isSending; i++) {
      if (rateHz === null) send(connection, clock.nowUs())
      else free.push(connection)
    }
  }

  const events: LoadConnectionEvents = {
    onOutcome(connection, ticketUs, failure) {
      book.onOutcome(ticketUs, failure)
      if (all.has(connection)) offerRoom(connection, 1)
    },
    onLost(connection) {
      all.delete(connection)
      free = free.filter((each) => each !== connection)
      void replace()
    },
  }

  async function add(): Promise<void> {
    const connection = await open(events)
    all.add(connection)
    offerRoom(connection, connection.room)
  }

  async function replace(): Promise<void> {
    while (isSending) {
      await clock.sleep(LIMITS.reopenMs)
      try {
        if (isSending) return await add()
      } catch {
        // Still refused; the outcomes of its requests have said so.
      }
    }
  }

  // A server may refuse some of them; that none can be made is no load at all.
  const opened = await Promise.allSettled(Array.from({ length: connections }, add))
  for (const each of opened) if (each.status === 'rejected') book.onFailure('no connection')
  if (all.size === 0) throw (opened[0] as PromiseRejectedResult).reason

  return {
    send(ticketUs) {
      const connection = free.shift()
      if (connection === undefined) return false
      send(connection, ticketUs)
      return true
    },
    async close() {
      isSending = false
      const endUs = clock.nowUs() + LIMITS.drainMs * 1000
      while (book.underWay() > 0 && clock.nowUs() < endUs) await clock.sleep(5)
      for (const connection of all) connection.close()
    },
  }
}
