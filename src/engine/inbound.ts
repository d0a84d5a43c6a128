import type { Clock, Timer } from '../clock/clock.ts'
import type { Consumer, IncomingBatch } from '../driver/driver.ts'
import { MAX_PRODUCER, MAX_STREAM, newEnvelope, readEnvelope } from './envelope.ts'
import type { ErrorKinds } from './error-kinds.ts'
import type { Recorder } from './histogram.ts'
import type { ReceivedStreams, StreamRecord } from './received-streams.ts'
import type { Timeline } from './timeline.ts'
import { createTokenBucket, type TokenBucket } from './token-bucket.ts'

export interface InboundContext {
  readonly clock: Clock
  readonly timeline: Timeline
  readonly runId: number
  /** End-to-end recorders by phase. */
  readonly endToEnd: readonly [Recorder, Recorder]
  readonly breaches: ErrorKinds
  /** Streams are partitions, so a delivery's partition can be checked. */
  readonly streamIsPartition: boolean
}

/** A stream as this consumer sees it: order is a matter of one receiver, the set one of the subscription. */
interface SeenStream {
  readonly record: StreamRecord
  highest: number
}

/** One consumer: reads, checks, records and acknowledges what it is handed. */
export class Inbound {
  readonly #context: InboundContext
  readonly #received: ReceivedStreams
  readonly #bucket: TokenBucket | null
  readonly #envelope = newEnvelope()
  readonly #seen = new Map<number, SeenStream[]>()
  #consumer: Consumer | undefined
  #resumeTimer: Timer | undefined
  /** Paused from outside, which the consumer's own limit never ends. */
  #held = false
  #closed = false

  constructor(context: InboundContext, received: ReceivedStreams, rateHz: number | null) {
    this.#context = context
    this.#received = received
    this.#bucket = rateHz === null ? null : createTokenBucket(rateHz)
  }

  /** The consumer exists; it may have delivered already. */
  attach(consumer: Consumer): void {
    this.#consumer = consumer
    if (this.#held || this.#resumeTimer !== undefined) consumer.pause()
  }

  /** Takes no more until `resume`: at most what is under way still comes, and is booked. Idempotent. */
  pause(): void {
    if (this.#held || this.#closed) return
    this.#held = true
    if (this.#resumeTimer === undefined) this.#consumer?.pause()
  }

  /** Ends `pause`; a limit of the rate holds on for as long as it has to. Idempotent. */
  resume(): void {
    if (!this.#held || this.#closed) return
    this.#held = false
    if (this.#resumeTimer === undefined) this.#consumer?.resume()
  }

  async close(signal: AbortSignal): Promise<void> {
    this.#closed = true
    this.#resumeTimer?.cancel()
    await this.#consumer?.close(signal)
  }

  readonly onBatch = (batch: IncomingBatch): void => {
    const nowUs = this.#context.timeline.elapsedUs()
    const count = batch.count
    for (let i = 0; i < count; i++) this.#take(batch, i, nowUs)
    batch.acknowledge()
    if (this.#bucket !== null) this.#limit(this.#bucket.takeUs(count, this.#context.clock.nowUs()))
  }

  #take(batch: IncomingBatch, index: number, nowUs: number): void {
    const { runId, endToEnd, breaches } = this.#context
    const counts = this.#received.counts
    const envelope = this.#envelope
    const verdict = readEnvelope(batch.value(index), runId, envelope)
    if (verdict !== 'ok') {
      counts[verdict]++
      return
    }
    const { phase, producer, stream, streamSequence, scheduledUs } = envelope
    if (phase > 1 || producer > MAX_PRODUCER || stream > MAX_STREAM) {
      counts.corrupted++
      return
    }
    counts.received++
    if (!this.#audit(batch, index, producer, stream, streamSequence)) return
    if (Number.isNaN(nowUs)) breaches.add('delivered a message of this run before its start', 1)
    else endToEnd[phase as 0 | 1].record(nowUs - scheduledUs)
  }

  #audit(batch: IncomingBatch, index: number, producer: number, stream: number, sequence: number): boolean {
    const seen = this.#seen.get(producer)?.[stream] ?? this.#newStream(producer, stream)
    const { record } = seen
    const first = this.#received.note(record, sequence)
    const redelivered = batch.redelivered(index)
    if (!first) {
      if (redelivered) record.redelivered++
    } else {
      if (redelivered) record.redeliveredFirst++
      if (sequence < seen.highest) record.outOfOrder++
    }
    if (sequence > seen.highest) seen.highest = sequence
    if (this.#context.streamIsPartition) {
      const partition = batch.partition(index)
      if (partition >= 0 && partition !== stream) record.wrongPartition++
    }
    return first
  }

  #newStream(producer: number, stream: number): SeenStream {
    let ofProducer = this.#seen.get(producer)
    if (ofProducer === undefined) {
      ofProducer = []
      this.#seen.set(producer, ofProducer)
    }
    const seen = { record: this.#received.record(producer, stream), highest: -1 }
    ofProducer[stream] = seen
    return seen
  }

  /** Pauses for a while: the event loop goes on, and so does what is under way. */
  #limit(waitUs: number): void {
    if (waitUs === 0 || this.#closed) return
    if (this.#resumeTimer === undefined && !this.#held) this.#consumer?.pause()
    this.#resumeTimer?.cancel()
    this.#resumeTimer = this.#context.clock.schedule(waitUs / 1000, () => {
      this.#resumeTimer = undefined
      if (!this.#closed && !this.#held) this.#consumer?.resume()
    })
  }
}
