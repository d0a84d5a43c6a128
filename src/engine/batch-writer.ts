import type { OutgoingBatch } from '../driver/driver.ts'
import { ENVELOPE_BYTES, writeEnvelope } from './envelope.ts'
import type { Keys } from './keys.ts'
import type { Schedule } from './schedule.ts'
import type { SentStreams } from './sent-streams.ts'
import type { Slab, SlabPool } from './slab-pool.ts'

/** When a producer's messages leave. Its parts change together, and only for messages that are not due yet. */
export interface SendTiming {
  schedule: Schedule
  /** Messages whose instant is in warm-up. */
  warmupCount: number
}

/** Makes the batches of one producer; reused from batch to batch. */
export interface BatchWriter {
  /** Stream and stream sequence of the i-th message of the last batch. */
  readonly streams: Uint32Array
  readonly streamSequences: Float64Array
  /** Writes the messages `first … first + count − 1` behind the used slots of the slab, taking their stream numbers. */
  write(slab: Slab, first: number, count: number, partition: number): OutgoingBatch
  /** Gives back the stream numbers of the messages of the last batch that were not accepted. */
  giveBack(accepted: number, count: number): void
}

export function createBatchWriter(
  context: { readonly slabs: SlabPool; readonly runId: number; readonly messageBytes: number },
  options: {
    readonly id: number
    readonly keys: Keys | null
    readonly timing: SendTiming
  },
  sent: SentStreams,
): BatchWriter {
  const { slabs, runId, messageBytes } = context
  const { id, keys, timing } = options
  const streams = new Uint32Array(slabs.maxBatch)
  const streamSequences = new Float64Array(slabs.maxBatch)
  return {
    streams,
    streamSequences,
    write(slab, first, count, partition) {
      const names: string[] | null = keys === null ? null : []
      let stream = Math.max(0, partition)
      for (let i = 0; i < count; i++) {
        const sequence = first + i
        if (keys !== null) {
          stream = keys.indexOf(sequence)
          names!.push(keys.names[stream]!)
        }
        const streamSequence = sent.take(stream)
        streams[i] = stream
        streamSequences[i] = streamSequence
        const slot = slab.used + i
        const bodyCrc = slabs.fill(slab, slot)
        writeEnvelope(
          slab.bytes,
          (slot + 1) * messageBytes - ENVELOPE_BYTES,
          bodyCrc,
          runId,
          sequence < timing.warmupCount ? 0 : 1,
          id,
          stream,
          sequence,
          streamSequence,
          Math.floor(timing.schedule.instantUs(sequence)),
        )
      }
      const values = slab.values.slice(slab.used, slab.used + count)
      return { firstSequence: first, count, partition, values, keys: names }
    },
    giveBack(accepted, count) {
      for (let i = count - 1; i >= accepted; i--) sent.giveBack(streams[i]!)
    },
  }
}
