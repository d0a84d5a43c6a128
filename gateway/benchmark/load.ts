import { build, type Histogram } from 'hdr-histogram-js'
import type { Clock } from '../../src/clock/clock.ts'
import { TIMING_RANGE } from '../telemetry/timing-range.ts'
import type { Failure, LoadConnection, LoadConnectionEvents, OpenLoadConnection } from './load-connection.ts'

export interface LoadOptions {
  readonly open: OpenLoadConnection
  readonly connections: number
  /**
   * Requests a second, sent at their instants whatever the server does (open loop; what no connection has room for
   * waits as a number, and its latency counts from its instant). Null: every connection is kept full (closed loop).
   */
  readonly rateHz: number | null
  readonly warmUpMs: number
  readonly durationMs: number
  readonly clock: Clock
  readonly stop: AbortSignal
  /** Called when the measured window begins and ends. */
  readonly onWindow?: (edge: 'begin' | 'end') => void
}

export interface LoadResult {
  /** Of the measured window: answered in it. */
  readonly windowAccepted: number
  readonly windowMs: number
  /** Over the whole load, warm-up included. */
  readonly sent: number
  readonly accepted: number
  /** By word, e.g. `HTTP 429`. `unanswered`: still under way when the time for answers was over. */
  readonly failures: Readonly<Record<string, number>>
  /** Open loop: due and never sent, since no connection had room. */
  readonly unsent: number
  /** µs from the scheduled instant (closed loop: from the sending) to the answer; of requests due in the window. */
  readonly latency: Histogram
}

const LIMITS = { drainMs: 10_000, reopenMs: 100, maxBurst: 1000 }

/** Loads a server over many connections and counts every answer. @throws Error when no connection can be made. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const { clock, rateHz } = options
  const latency = build(TIMING_RANGE)
  const failures: Record<string, number> = {}
  const connections = new Set<LoadConnection>()
  let free: LoadConnection[] = []
  let sent = 0
  let accepted = 0
  let windowAccepted = 0
  let underWay = 0
  let isSending = true
  let isInWindow = false
  let windowFromUs = Number.POSITIVE_INFINITY
  let windowToUs = Number.POSITIVE_INFINITY

  function send(connection: LoadConnection, ticket: number): void {
    sent++
    underWay++
    connection.send(ticket)
  }

  function onFree(connection: LoadConnection): void {
    if (!isSending) return
    if (rateHz === null) {
      while (isSending && connection.room > 0) send(connection, clock.nowUs())
    } else free.push(connection)
  }

  const events: LoadConnectionEvents = {
    onOutcome(connection: LoadConnection, ticket: number, failure: Failure): void {
      underWay--
      if (failure === null) {
        accepted++
        if (isInWindow) windowAccepted++
        if (ticket >= windowFromUs && ticket < windowToUs)
          latency.recordValue(
            Math.min(Math.round(clock.nowUs() - ticket), TIMING_RANGE.highestTrackableValue),
          )
      } else failures[failure] = (failures[failure] ?? 0) + 1
      if (connections.has(connection)) onFree(connection)
    },
    onLost(connection) {
      connections.delete(connection)
      free = free.filter((each) => each !== connection)
      void reopen()
    },
  }

  async function add(): Promise<void> {
    const connection = await options.open(events)
    connections.add(connection)
    if (rateHz === null) onFree(connection)
    else for (let i = connection.room; i > 0; i--) free.push(connection)
  }

  async function reopen(): Promise<void> {
    while (isSending) {
      await clock.sleep(LIMITS.reopenMs)
      if (
        isSending &&
        (await add().then(
          () => true,
          () => false,
        ))
      )
        return
    }
  }

  // Some may be refused under a connection limit; that none can be made is no load at all.
  const opened = await Promise.allSettled(Array.from({ length: options.connections }, add))
  for (const each of opened) if (each.status === 'rejected') failures.connect = (failures.connect ?? 0) + 1
  if (connections.size === 0) throw (opened[0] as PromiseRejectedResult).reason

  const startUs = clock.nowUs()
  windowFromUs = startUs + options.warmUpMs * 1000
  windowToUs = windowFromUs + options.durationMs * 1000
  let due = 0
  let issued = 0
  for (let nowUs = startUs; nowUs < windowToUs && !options.stop.aborted; nowUs = clock.nowUs()) {
    if (!isInWindow && nowUs >= windowFromUs) {
      windowFromUs = nowUs
      isInWindow = true
      options.onWindow?.('begin')
    }
    if (rateHz === null) {
      await clock.sleep(1)
      continue
    }
    due = Math.floor(((nowUs - startUs) * rateHz) / 1e6) + 1
    for (let burst = 0; issued < due && free.length > 0 && burst < LIMITS.maxBurst; burst++) {
      // Round robin over the connections, so that arrivals spread over them.
      send(free.shift()!, startUs + (issued++ * 1e6) / rateHz)
    }
    await pause(rateHz, clock)
  }
  const endUs = clock.nowUs()
  isSending = false
  isInWindow = false
  options.onWindow?.('end')
  await drained(() => underWay === 0, clock)
  for (const connection of connections) connection.close()
  if (underWay > 0) failures.unanswered = underWay
  const windowMs = Math.max(0, endUs - windowFromUs) / 1000
  return { windowAccepted, windowMs, sent, accepted, failures, unsent: Math.max(0, due - issued), latency }
}

/** Timers are coarse (1 ms at best): at high rates the loop itself is the timer, so that arrivals do not come in bursts. */
function pause(rateHz: number, clock: Clock): Promise<void> {
  return rateHz > 500 ? new Promise((resolve) => setImmediate(resolve)) : clock.sleep(1)
}

async function drained(isDrained: () => boolean, clock: Clock): Promise<void> {
  const endUs = clock.nowUs() + LIMITS.drainMs * 1000
  while (!isDrained() && clock.nowUs() < endUs) await clock.sleep(5)
}
