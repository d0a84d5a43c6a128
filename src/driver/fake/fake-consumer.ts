import type { Clock } from '../../clock/clock.ts'
import type { Consumer, ConsumerSpec, IncomingBatch } from '../driver.ts'
import type { FakeLink, LinkConsumer } from './link.ts'
import type { Delivery, Emission } from './subscription.ts'

/** What every view shows once its callback has returned. */
const STALE_BYTE = 0xdd

/** Hands deliveries over in one buffer that is overwritten afterwards: whoever keeps a view will notice. */
export async function createFakeConsumer(
  link: FakeLink,
  spec: ConsumerSpec,
  clock: Clock,
  signal: AbortSignal,
): Promise<Consumer> {
  let scratch = new Uint8Array(0)
  let closed = false
  let started = false
  let paused = false

  function onDelivery(delivery: Delivery): void {
    if (closed) return
    let size = 0
    for (const emission of delivery.emissions) size += emission.value.length
    // A fresh buffer when a callback runs inside another one, whose views must stay.
    const buffer = scratch.length >= size ? scratch : new Uint8Array(size)
    scratch = new Uint8Array(0)
    try {
      spec.onBatch(new FakeBatch(delivery, buffer, inner))
    } finally {
      buffer.fill(STALE_BYTE, 0, size)
      scratch = buffer
    }
  }

  const inner = await link.consume(spec.topic, spec, { onDelivery, onError: spec.onError }, signal)
  // It is assigned and would miss nothing, but delivers only when our caller has learned that it is ready.
  clock.schedule(0, () => {
    started = true
    if (!paused && !closed) inner.resume()
  })
  return {
    pause() {
      paused = true
      inner.pause()
    },
    resume() {
      paused = false
      if (started) inner.resume()
    },
    async close(closeSignal) {
      if (closed) return
      closed = true
      await inner.leave(closeSignal)
    },
  }
}

class FakeBatch implements IncomingBatch {
  readonly count: number
  readonly #emissions: readonly Emission[]
  readonly #views: Uint8Array[] = []
  readonly #id: number
  readonly #consumer: LinkConsumer

  constructor(delivery: Delivery, buffer: Uint8Array, consumer: LinkConsumer) {
    this.count = delivery.emissions.length
    this.#emissions = delivery.emissions
    this.#id = delivery.id
    this.#consumer = consumer
    let offset = 0
    for (const { value } of delivery.emissions) {
      buffer.set(value, offset)
      this.#views.push(buffer.subarray(offset, offset + value.length))
      offset += value.length
    }
  }

  value(index: number): Uint8Array {
    return this.#views[index]!
  }

  partition(index: number): number {
    return this.#emissions[index]!.partition
  }

  redelivered(index: number): boolean {
    return this.#emissions[index]!.redelivered
  }

  acknowledge(): void {
    this.#consumer.acknowledge(this.#id)
  }
}
