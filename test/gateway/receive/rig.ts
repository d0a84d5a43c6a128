import { connect, type Socket } from 'node:net'
import type { Outcome, Pipeline, ReceiveLimits, Receiver } from '../../../gateway/contracts.ts'
import { type HttpReceiverOptions, startHttpReceiver } from '../../../gateway/receive/http/receiver.ts'
import { createMeter, type ProcessMeter } from '../../../gateway/telemetry/meter.ts'
import { SystemClock } from '../../../src/clock/system-clock.ts'
import type { Signal } from '../../../src/otlp/signal.ts'
import { pollUntil } from '../../support/poll.ts'

export const LIMITS: ReceiveLimits = { maxBodyBytes: 1 << 20, maxConnections: 200, idleTimeoutMs: 30_000 }

/** A receiver before a pipeline that says what it is told to, and remembers what it was offered. */
export interface Rig {
  readonly receiver: Receiver
  readonly url: string
  readonly meter: ProcessMeter
  readonly offered: { readonly signal: Signal; readonly body: Uint8Array }[]
  /** What `offer` returns from now on. */
  outcome: Outcome | Promise<Outcome> | (() => Outcome)
  stop(): Promise<void>
}

/** `start`: `startHttpReceiver`, or another that takes the same. */
export async function startRig(
  limits: Partial<ReceiveLimits> = {},
  port = 0,
  start: (options: HttpReceiverOptions) => Promise<Receiver> = startHttpReceiver,
): Promise<Rig> {
  const meter = createMeter()
  const offered: { signal: Signal; body: Uint8Array }[] = []
  const pipeline: Pipeline = {
    offer(signal, body) {
      offered.push({ signal, body })
      return typeof rig.outcome === 'function' ? rig.outcome() : rig.outcome
    },
    isReady: () => true,
    close: () => Promise.resolve(),
  }
  const receiver = await start({
    hostname: '127.0.0.1',
    port,
    sharesPort: false,
    pipeline,
    meter,
    limits: { ...LIMITS, ...limits },
    clock: new SystemClock(),
    log: () => {},
  })
  const rig: Rig = {
    receiver,
    url: `http://127.0.0.1:${receiver.port}`,
    meter,
    offered,
    outcome: { kind: 'accepted' },
    stop: () => receiver.close(AbortSignal.abort()),
  }
  return rig
}

/** How often each status was turned away, as the meter says. */
export function turnedAway(rig: Rig): Record<string, number> {
  const series = rig.meter.snapshot().numbers.filter(({ name }) => name === 'gateway_turned_away_total')
  return Object.fromEntries(series.map(({ labels, value }) => [labels.status!, value]))
}

/** A socket that keeps all it hears. */
export interface Line {
  readonly socket: Socket
  heard(): string
  isClosed(): boolean
  /** Waits until what was heard matches. */
  hears(pattern: RegExp): Promise<void>
  closes(): Promise<void>
}

const PATIENCE_MS = 20_000

export async function dial(rig: Rig): Promise<Line> {
  let heard = ''
  let isClosed = false
  const socket = connect({ host: '127.0.0.1', port: rig.receiver.port, allowHalfOpen: true })
  socket.on('data', (data) => {
    heard += data.toString('latin1')
  })
  socket.on('end', () => socket.end())
  socket.on('close', () => {
    isClosed = true
  })
  // A listener that cuts is what some tests want.
  socket.on('error', () => {})
  await new Promise((resolve) => socket.once('connect', resolve))
  return {
    socket,
    heard: () => heard,
    isClosed: () => isClosed,
    hears: (pattern) => pollUntil(`${pattern} from the receiver`, PATIENCE_MS, () => pattern.test(heard)),
    closes: () => pollUntil('the connection to close', PATIENCE_MS, () => isClosed),
  }
}
