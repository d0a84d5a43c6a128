import type { Outcome, Producer, ProducerSpec } from '../../driver/driver.ts'
import type { FrameWriter } from '../../driver/fake/remote/frames.ts'
import { createOutstanding } from '../../driver/guard/outstanding.ts'
import { ECHO_FRAME, encodePublish } from './echo-frames.ts'

/** Messages accepted and not settled that one producer may have; beyond them `send` refuses. */
const MAX_IN_FLIGHT = 10_000

/** A producer as its connection sees it. */
export interface EchoProducer extends Producer {
  settled(first: number, count: number): void
  /** Ends what is outstanding as unknown. */
  giveUp(reason: string): void
}

export interface EchoProducerOptions {
  readonly handle: number
  readonly spec: ProducerSpec
  readonly writer: FrameWriter
  readonly isLost: () => boolean
  /** Asks the server to finish: answered behind all settlements. */
  readonly finish: (signal: AbortSignal) => Promise<void>
}

export function createEchoProducer(options: EchoProducerOptions): EchoProducer {
  const { handle, spec, writer, isLost, finish } = options
  const outstanding = createOutstanding()
  let refused = false
  let closed = false

  function settle(first: number, count: number, outcome: Outcome, reason?: string): void {
    outstanding.take(first, count, (from, length) => spec.onSettled(from, length, outcome, reason))
    if (!refused || closed || outstanding.count > MAX_IN_FLIGHT / 2) return
    refused = false
    spec.onWritable()
  }

  const giveUp = (reason: string) =>
    outstanding.drain((first, count) => spec.onSettled(first, count, 'unknown', reason))

  return {
    send(batch) {
      const count = Math.min(batch.count, MAX_IN_FLIGHT - outstanding.count)
      if (count < batch.count) refused = true
      if (count <= 0 || isLost()) return 0
      outstanding.add(batch.firstSequence, count)
      writer.write(
        ECHO_FRAME.publish,
        encodePublish(handle, count === batch.count ? batch : { ...batch, count }),
      )
      return count
    },
    flush() {},
    settled: (first, count) => settle(first, count, 'acknowledged'),
    giveUp,
    async close(signal) {
      if (closed) return
      closed = true
      try {
        await finish(signal)
      } finally {
        giveUp(signal.aborted ? 'aborted' : 'connection lost')
      }
    },
  }
}
