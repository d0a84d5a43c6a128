import { AppError } from '../../errors/app-error.ts'
import type { Consumer, ConsumerSpec, IncomingBatch } from '../driver.ts'
import type { BreachLog } from './breaches.ts'

/** What stands between a driver's consumer and the engine. `spec` goes to the driver, `wrap` takes what it made. */
export interface ConsumerGuard {
  readonly spec: ConsumerSpec
  /** Call as soon as the driver says that the consumer is ready. */
  wrap(inner: Consumer): Consumer
}

/** A batch that refuses to be read once its callback has returned: the bytes may be overwritten by then. */
class GuardedBatch implements IncomingBatch {
  readonly count: number
  readonly #inner: IncomingBatch
  readonly #isClosed: () => boolean
  #readable = true

  constructor(inner: IncomingBatch, isClosed: () => boolean) {
    this.#inner = inner
    this.#isClosed = isClosed
    this.count = inner.count
  }

  value(index: number): Uint8Array {
    this.#check(index)
    return this.#inner.value(index)
  }

  partition(index: number): number {
    this.#check(index)
    return this.#inner.partition(index)
  }

  redelivered(index: number): boolean {
    this.#check(index)
    return this.#inner.redelivered(index)
  }

  acknowledge(): void {
    if (!this.#isClosed()) this.#inner.acknowledge()
  }

  expire(): void {
    this.#readable = false
  }

  #check(index: number): void {
    if (!this.#readable) {
      throw new AppError(
        'CONTRACT',
        `expected batches to be read during their callback, got a read of message ${index} later`,
      )
    }
  }
}

/**
 * Reports deliveries before the consumer is ready (still handed on: nothing is lost) and after it was closed (dropped:
 * the engine has gone), and closes the views of a batch when its callback returns.
 */
export function guardConsumer(
  engine: ConsumerSpec,
  breaches: BreachLog,
  onClosed: () => void,
): ConsumerGuard {
  const who = `consumer ${engine.name}`
  let ready = false
  let closing: Promise<void> | null = null
  let closed = false
  const isClosed = () => closed

  function onBatch(batch: IncomingBatch): void {
    if (closed) {
      breaches.report('delivered after close', `${who} got ${batch.count} messages`)
      return
    }
    if (!ready) breaches.report('delivered before ready', `${who} got ${batch.count} messages`)
    const guarded = new GuardedBatch(batch, isClosed)
    try {
      engine.onBatch(guarded)
    } finally {
      guarded.expire()
    }
  }

  async function close(inner: Consumer, signal: AbortSignal): Promise<void> {
    try {
      await inner.close(signal)
    } finally {
      closed = true
      onClosed()
    }
  }

  return {
    spec: {
      ...engine,
      onBatch,
      onError(kind) {
        if (!closed) engine.onError(kind)
      },
    },
    wrap(inner) {
      ready = true
      return {
        pause() {
          if (closing === null) inner.pause()
        },
        resume() {
          if (closing === null) inner.resume()
        },
        close(signal) {
          closing ??= close(inner, signal)
          return closing
        },
      }
    },
  }
}
