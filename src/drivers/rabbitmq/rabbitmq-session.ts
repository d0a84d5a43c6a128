import { setTimeout as sleep } from 'node:timers/promises'
import type { Channel } from 'amqplib'
import { orAborted } from '../../driver/abort.ts'
import { messageOf } from '../../errors/app-error.ts'
import { channelNumber } from './amqp-internals.ts'
import type { ChannelSink } from './frame-reader.ts'
import { failureKind } from './rabbitmq-errors.ts'
import type { Connection, Link } from './rabbitmq-link.ts'

const FIRST_BACKOFF_MS = 50
const MAX_BACKOFF_MS = 1_000
/** After this long without a channel a client gives up. */
const RECONNECT_LIMIT_MS = 600_000
const CLOSE_TIMEOUT_MS = 2_000
/** A quorum queue that has no leader yet may leave a subscription unanswered for good: ask again on a new channel. */
const SETUP_LIMIT_MS = 8_000

/** A channel that is open, and the connection it lives on. */
export interface OpenChannel {
  readonly channel: Channel
  readonly number: number
  readonly on: Connection
}

export interface SessionSpec {
  readonly link: Link
  /** Puts the channel into confirm mode. */
  readonly confirms: boolean
  readonly sink: ChannelSink
  /** Prepares each new channel (consume, listeners); a failure counts as a lost channel. */
  setup(open: OpenChannel): Promise<void>
  /** The channel is ready for use. */
  onUp(open: OpenChannel): void
  /** The channel is gone; another one is being made. */
  onDown(kind: string): void
  readonly log: (line: string) => void
}

/** A channel that is made anew, with bounded back-off, whenever it or its connection is lost. */
export interface Session {
  /** Ends the present channel as if it were lost. */
  restart(kind: string): void
  close(signal: AbortSignal): Promise<void>
}

/** Opens the first channel; a failure of that one throws. */
export async function openSession(spec: SessionSpec, signal: AbortSignal): Promise<Session> {
  const ending = new AbortController()
  let current: OpenChannel | null = null
  let recovery: Promise<void> = Promise.resolve()

  function lost(open: OpenChannel, kind: string): void {
    if (current !== open) return
    current = null
    open.on.frames.detach(open.number)
    if (ending.signal.aborted) return
    spec.onDown(kind)
    recovery = recover()
  }

  async function openOne(end: AbortSignal): Promise<void> {
    const abort = AbortSignal.any([end, AbortSignal.timeout(SETUP_LIMIT_MS)])
    const on = await spec.link.acquire(abort)
    const channel = await orAborted<Channel>(
      spec.confirms ? on.model.createConfirmChannel() : on.model.createChannel(),
      abort,
    )
    const open: OpenChannel = { channel, number: channelNumber(channel), on }
    let failure: unknown = null
    let closed = false
    channel.on('error', (error) => {
      failure = error
    })
    channel.on('close', () => {
      closed = true
      const kind = failure === null ? (on.failure() ?? 'connection lost') : failureKind(failure)
      lost(open, kind)
    })
    on.frames.attach(open.number, spec.sink)
    try {
      await orAborted(spec.setup(open), abort)
    } catch (error) {
      on.frames.detach(open.number)
      channel.close().catch(() => undefined)
      throw failure ?? error
    }
    if (closed) throw failure ?? new Error(on.failure() ?? 'connection lost')
    current = open
    spec.onUp(open)
  }

  async function recover(): Promise<void> {
    const limitMs = Date.now() + RECONNECT_LIMIT_MS
    for (
      let backoffMs = FIRST_BACKOFF_MS;
      Date.now() < limitMs;
      backoffMs = Math.min(MAX_BACKOFF_MS, backoffMs * 2)
    ) {
      try {
        await sleep(backoffMs, undefined, { signal: ending.signal })
        return await openOne(ending.signal)
      } catch (error) {
        if (ending.signal.aborted) return
        spec.log(`waiting for RabbitMQ: ${messageOf(error)}`)
      }
    }
    spec.onDown('reconnect given up')
  }

  await openOne(signal)
  return {
    restart(kind) {
      const open = current
      if (open === null) return
      lost(open, kind)
      open.channel.close().catch(() => undefined)
    },
    async close(abort) {
      if (ending.signal.aborted) return
      ending.abort(new Error('closed'))
      await recovery
      const open = current as OpenChannel | null
      current = null
      if (open === null || open.on.failure() !== null) return
      open.on.frames.detach(open.number)
      const limit = AbortSignal.any([abort, AbortSignal.timeout(CLOSE_TIMEOUT_MS)])
      await orAborted(open.channel.close(), limit).catch(() => undefined)
    },
  }
}
