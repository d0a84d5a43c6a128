import { AppError } from '../../errors/app-error.ts'
import type { Outcome, OutgoingBatch, Producer, ProducerSpec, SettledCallback } from '../driver.ts'
import type { BreachLog } from './breaches.ts'
import { createOutstanding } from './outstanding.ts'

interface EarlySettlement {
  readonly first: number
  readonly count: number
  readonly outcome: Outcome
  readonly reason: string | undefined
}

/** What stands between a driver's producer and the engine. `spec` goes to the driver, `wrap` takes what it made. */
export interface ProducerGuard {
  readonly spec: ProducerSpec
  wrap(inner: Producer): Producer
}

/**
 * Keeps the books of one producer: every accepted message reaches the engine's `onSettled` exactly once and never
 * before `send` has returned, whatever the driver does. Constant work per batch; memory bounded by ranges in flight.
 */
export function guardProducer(
  engine: ProducerSpec,
  breaches: BreachLog,
  onClosed: () => void,
): ProducerGuard {
  const outstanding = createOutstanding()
  const who = `producer ${engine.name}`
  let nextSequence = Number.NEGATIVE_INFINITY
  let sendingFrom = Number.NaN
  let sending = false
  let early: EarlySettlement[] = []
  let closing: Promise<void> | null = null
  let closed = false

  const settle: SettledCallback = (first, count, outcome, reason) => {
    if (!Number.isSafeInteger(first) || !Number.isSafeInteger(count) || count < 1) {
      breaches.report('unknown sequence settled', `${who} settled ${count} messages from sequence ${first}`)
      return
    }
    if (closed) {
      breaches.report('settled after close', `${who} settled sequence ${first}`)
      return
    }
    const before = sending ? Math.min(count, Math.max(0, sendingFrom - first)) : count
    if (before < count) {
      breaches.report('settled early', `${who} settled sequence ${first + before} before send had returned`)
      early.push({ first: first + before, count: count - before, outcome, reason })
    }
    if (before > 0) settleKnown(first, before, outcome, reason)
  }

  function settleKnown(first: number, count: number, outcome: Outcome, reason: string | undefined): void {
    const next = nextSequence
    const taken = outstanding.take(first, count, (from, length) =>
      engine.onSettled(from, length, outcome, reason),
    )
    if (taken === count) return
    if (first + count > next) {
      breaches.report('unknown sequence settled', `${who} settled ${first + count - 1}, never accepted`)
    } else breaches.report('settled twice', `${who} settled a part of ${first} … ${first + count - 1} again`)
  }

  function settleEarly(): void {
    const held = early
    early = []
    for (const { first, count, outcome, reason } of held) settle(first, count, outcome, reason)
  }

  function onWritable(): void {
    if (closed) return
    if (sending) {
      breaches.report('writable inside send', `${who} called onWritable from inside send`)
      queueMicrotask(onWritable)
    } else engine.onWritable()
  }

  function accepted(batch: OutgoingBatch, answer: number): number {
    const valid = Number.isInteger(answer) && answer >= 0 && answer <= batch.count
    if (!valid) {
      breaches.report('accepted more than offered', `${who} answered ${answer} to ${batch.count} messages`)
    }
    const count = valid ? answer : answer > batch.count ? batch.count : 0
    outstanding.add(batch.firstSequence, count)
    nextSequence = batch.firstSequence + count
    return count
  }

  function send(inner: Producer, batch: OutgoingBatch): number {
    if (closing !== null) {
      throw new AppError(
        'CONTRACT',
        `expected no send after close, got one from sequence ${batch.firstSequence}`,
      )
    }
    if (sending) throw new AppError('CONTRACT', `expected no send inside send, got one on ${who}`)
    if (batch.firstSequence < nextSequence) {
      throw new AppError('CONTRACT', `expected sequence ${nextSequence} or later, got ${batch.firstSequence}`)
    }
    sending = true
    sendingFrom = batch.firstSequence
    try {
      return accepted(batch, inner.send(batch))
    } finally {
      sending = false
      if (early.length > 0) queueMicrotask(settleEarly)
    }
  }

  async function close(inner: Producer, signal: AbortSignal): Promise<void> {
    try {
      await inner.close(signal)
    } finally {
      settleEarly()
      const left = outstanding.count
      if (left > 0) {
        breaches.report('never settled', `${who} was closed with ${left} messages unsettled`)
        outstanding.drain((first, count) => engine.onSettled(first, count, 'unknown', 'never settled'))
      }
      closed = true
      onClosed()
    }
  }

  return {
    spec: { ...engine, onSettled: settle, onWritable },
    wrap: (inner) => ({
      send: (batch) => send(inner, batch),
      flush() {
        if (closing === null) inner.flush()
      },
      close(signal) {
        closing ??= close(inner, signal)
        return closing
      },
    }),
  }
}
