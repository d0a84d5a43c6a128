import type { Clock } from '../../clock/clock.ts'
import type { OutgoingBatch, Producer, ProducerSpec } from '../driver.ts'
import type { SendStart } from './fake-driver.ts'
import type { FakeLink } from './link.ts'
import type { FakeOptions } from './options.ts'

interface ProducerContext {
  readonly clock: Clock
  readonly options: FakeOptions
  readonly sharedStart: SendStart
}

/** A producer that has at most `capacity` messages unsettled and can block its thread. */
export async function createFakeProducer(
  link: FakeLink,
  spec: ProducerSpec,
  context: ProducerContext,
  signal: AbortSignal,
): Promise<Producer> {
  const { clock, options, sharedStart } = context
  let pending = 0
  let refused = false
  let closed = false
  let noticeDue = false

  const inner = await link.produce(
    spec.topic,
    spec.name,
    (first, count, outcome, reason) => {
      pending -= count
      spec.onSettled(first, count, outcome, reason)
      noticeWritable()
    },
    signal,
  )

  /** Half of the room must be free again, so that refusals do not come one message apart. */
  function noticeWritable(): void {
    if (!refused || noticeDue || closed || pending > options.capacity / 2) return
    noticeDue = true
    queueMicrotask(() => {
      noticeDue = false
      if (!refused || closed) return
      refused = false
      spec.onWritable()
    })
  }

  function block(): void {
    sharedStart.firstSendUs ??= clock.nowUs()
    for (const [fromS, toS] of options.blockedDuring) {
      const untilUs = sharedStart.firstSendUs + toS * 1e6
      const nowUs = clock.nowUs()
      if (nowUs >= sharedStart.firstSendUs + fromS * 1e6 && nowUs < untilUs) blockUntil(clock, untilUs)
    }
  }

  return {
    send(batch) {
      block()
      const count = Math.min(batch.count, Math.max(0, options.capacity - pending))
      if (count < batch.count) refused = true
      if (count === 0) return 0
      pending += count
      inner.publish(count === batch.count ? batch : front(batch, count))
      return count
    },
    flush() {},
    async close(closeSignal) {
      await inner.finish(closeSignal)
      closed = true
    },
  }
}

function front(batch: OutgoingBatch, count: number): OutgoingBatch {
  return {
    ...batch,
    count,
    values: batch.values.slice(0, count),
    keys: batch.keys === null ? null : batch.keys.slice(0, count),
  }
}

interface SpendableClock extends Clock {
  spend(durationUs: number): void
}

function isSpendable(clock: Clock): clock is SpendableClock {
  return 'spend' in clock
}

/** Blocks the thread: asleep rather than busy, so that a blocked worker is not taken for one out of CPU. */
function blockUntil(clock: Clock, untilUs: number): void {
  if (isSpendable(clock)) clock.spend(untilUs - clock.nowUs())
  for (let leftUs = untilUs - clock.nowUs(); leftUs > 0; leftUs = untilUs - clock.nowUs()) {
    Bun.sleepSync(Math.max(leftUs / 1000, 0.05))
  }
}
