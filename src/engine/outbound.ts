import type { Outcome, OutgoingBatch, Producer } from '../driver/driver.ts'
import { messageOf } from '../errors/app-error.ts'
import { type AcknowledgementGaps, LongestGap } from './acknowledgement-gaps.ts'
import { type BatchWriter, createBatchWriter, type SendTiming } from './batch-writer.ts'
import type { BusyLog } from './busy-log.ts'
import { recordCensored } from './censor.ts'
import { DriverTime } from './driver-time.ts'
import type { ErrorKinds } from './error-kinds.ts'
import type { Recorder } from './histogram.ts'
import { InFlightBook } from './in-flight.ts'
import type { Keys } from './keys.ts'
import type { LatencyBook } from './latency-book.ts'
import { MAX_KIND_LENGTH, MAX_RUNS_PER_PRODUCER, REFUSED_RETRY_MS } from './limits.ts'
import { createPacer, type Pacer } from './pacer.ts'
import type { Schedule } from './schedule.ts'
import { SentStreams } from './sent-streams.ts'
import { createSequenceRuns } from './sequence-runs.ts'
import type { Slab, SlabPool } from './slab-pool.ts'
import type { Timeline } from './timeline.ts'
import type { LatencyName, ProducerCounts } from './types.ts'

/** What the producers of a process share. */
export interface OutboundContext {
  readonly timeline: Timeline
  readonly slabs: SlabPool
  readonly latencies: LatencyBook
  /** Driver calls of all producers. */
  readonly calls: BusyLog
  readonly errors: ErrorKinds
  readonly breaches: ErrorKinds
  readonly runId: number
  readonly messageBytes: number
  /** Largest number of accepted, unsettled messages of one producer. */
  readonly maxPending: number
  /** Of all producers. */
  readonly gaps: AcknowledgementGaps
  /** Begin and end of measure, µs from the epoch. */
  readonly measureUs: readonly [number, number]
}

export interface OutboundOptions {
  readonly id: number
  readonly timing: SendTiming
  /** Null: no keys. */
  readonly keys: Keys | null
  /** Partitions to choose from; 0 = the driver chooses. */
  readonly partitions: number
  /** Something can be sent again: called at most once a refusal. */
  readonly onWritable: () => void
}

type MutableCounts = { -readonly [K in keyof ProducerCounts]: ProducerCounts[K] }

const newCounts = (): MutableCounts => ({ scheduled: 0, sent: 0, acknowledged: 0, rejected: 0, unknown: 0 })

/** One producer: its place in the schedule, what is in flight, what became of it. */
export class Outbound {
  readonly streams: SentStreams
  readonly longestGap: LongestGap
  /** By phase; `scheduled` is filled in when asked. */
  readonly counts = [newCounts(), newCounts()] as const
  readonly #context: OutboundContext
  readonly #options: OutboundOptions
  readonly #timing: SendTiming
  #pacer: Pacer
  readonly #book = new InFlightBook()
  readonly #driverTime: DriverTime
  readonly #unacknowledged = [
    createSequenceRuns(MAX_RUNS_PER_PRODUCER),
    createSequenceRuns(MAX_RUNS_PER_PRODUCER),
  ] as const
  readonly #recorders: Readonly<Record<LatencyName, readonly [Recorder, Recorder]>>
  readonly #writer: BatchWriter
  #producer: Producer | undefined
  #nextPartition: number
  #retryAtUs = 0

  constructor(context: OutboundContext, options: OutboundOptions) {
    this.#context = context
    this.#options = options
    this.#timing = options.timing
    this.#pacer = createPacer(options.timing.schedule, context.slabs.maxBatch)
    this.longestGap = new LongestGap(...context.measureUs)
    this.#driverTime = new DriverTime(context.calls)
    this.streams = new SentStreams(options.keys?.names.length ?? Math.max(1, options.partitions))
    this.#writer = createBatchWriter(context, options, this.streams)
    this.#nextPartition = options.partitions > 0 ? options.id % options.partitions : -1
    const of = (name: LatencyName) =>
      [context.latencies.recorder(name, 0), context.latencies.recorder(name, 1)] as const
    this.#recorders = {
      publish: of('publish'),
      service: of('service'),
      scheduleDelay: of('scheduleDelay'),
      driverDelay: of('driverDelay'),
      wokenLate: of('wokenLate'),
      endToEnd: of('endToEnd'),
    }
  }

  get schedule(): Schedule {
    return this.#timing.schedule
  }

  /** Goes on by another schedule, of which all that was sent is the beginning, in the same phases. */
  retime(schedule: Schedule, warmupCount: number, measureUs: readonly [from: number, to: number]): void {
    this.longestGap.retime(...measureUs)
    this.#timing.schedule = schedule
    this.#timing.warmupCount = warmupCount
    this.#pacer = createPacer(schedule, this.#context.slabs.maxBatch)
  }

  get id(): number {
    return this.#options.id
  }

  get sentCount(): number {
    return this.#book.next
  }

  get pendingCount(): number {
    return this.#book.pending
  }

  get finished(): boolean {
    return this.#pacer.finished(this.#book.next)
  }

  attach(producer: Producer): void {
    this.#producer = producer
  }

  flush(): void {
    this.#producer?.flush()
  }

  async close(signal: AbortSignal): Promise<void> {
    await this.#producer?.close(signal)
  }

  readonly onWritable = (): void => {
    this.#retryAtUs = 0
    this.#options.onWritable()
  }

  /** Instant of the first message that was not sent; what lies before is not asked for any more. */
  oldestUnsentUs(): number {
    return this.finished ? Number.POSITIVE_INFINITY : this.schedule.instantUs(this.#book.next)
  }

  forgetDriverTime(): void {
    this.#driverTime.forget(this.oldestUnsentUs())
  }

  /** Offers one batch of what is due at `elapsedUs`. False when nothing is due or the driver takes no more now. */
  sendDue(elapsedUs: number): boolean {
    if (this.#driverTime.refused && elapsedUs < this.#retryAtUs) return false
    const book = this.#book
    const due = this.#pacer.nextBatch(elapsedUs, book.next)
    const count = Math.min(due, book.room, this.#context.maxPending - book.pending)
    if (count <= 0) return false
    const slab = this.#context.slabs.withRoom(count)
    const batch = this.#writer.write(slab, book.next, count, this.#nextPartition)
    const startUs = this.#context.timeline.elapsedUs()
    const accepted = this.#offer(batch)
    const endUs = this.#context.timeline.elapsedUs()
    if (accepted > 0) this.#accept(slab, accepted, startUs)
    this.#writer.giveBack(accepted, count)
    this.#context.calls.record(startUs, endUs)
    if (accepted === count) return true
    this.#driverTime.refuse(endUs)
    this.#retryAtUs = endUs + REFUSED_RETRY_MS * 1000
    return false
  }

  #offer(batch: OutgoingBatch): number {
    try {
      const accepted = this.#producer!.send(batch)
      if (accepted >= 0 && accepted <= batch.count && Number.isInteger(accepted)) return accepted
      this.#context.breaches.add(`send returned ${accepted} of ${batch.count} messages`, 1)
      return Math.max(0, Math.min(batch.count, Math.floor(accepted) || 0))
    } catch (error) {
      this.#context.errors.add(`send threw: ${messageOf(error).slice(0, MAX_KIND_LENGTH)}`, 1)
      return 0
    }
  }

  /** Books the first `accepted` messages of the batch, offered at `startUs`, and records how late they left. */
  #accept(slab: Slab, accepted: number, startUs: number): void {
    const { scheduleDelay, driverDelay, wokenLate } = this.#recorders
    this.#driverTime.accept(startUs)
    const driverTotalUs = this.#driverTime.totalAt(startUs)
    const first = this.#book.next
    for (let i = 0; i < accepted; i++) {
      const scheduledUs = this.schedule.instantUs(first + i)
      const phase = first + i < this.#timing.warmupCount ? 0 : 1
      const stream = this.#writer.streams[i]!
      const streamSequence = this.#writer.streamSequences[i]!
      const delayUs = Math.max(0, startUs - scheduledUs)
      const inDriverUs = Math.min(delayUs, driverTotalUs - this.#driverTime.totalAt(scheduledUs))
      scheduleDelay[phase].record(delayUs)
      driverDelay[phase].record(Math.max(0, inDriverUs))
      wokenLate[phase].record(delayUs - Math.max(0, inDriverUs))
      this.streams.accepted(stream, streamSequence, Math.floor(scheduledUs), phase === 1)
      this.#book.add(startUs, stream, streamSequence, slab.id)
      this.counts[phase].sent++
    }
    this.#context.slabs.accepted(slab, accepted)
    if (this.#options.partitions > 0) {
      this.#nextPartition = (this.#nextPartition + 1) % this.#options.partitions
    }
  }

  readonly onSettled = (first: number, count: number, outcome: Outcome, reason?: string): void => {
    const nowUs = this.#context.timeline.elapsedUs()
    const book = this.#book
    const { publish, service } = this.#recorders
    if (outcome === 'acknowledged') {
      this.#context.gaps.note(nowUs)
      this.longestGap.note(nowUs)
    }
    for (let sequence = first; sequence < first + count; sequence++) {
      if (!book.isOpen(sequence)) {
        this.#context.breaches.add('settled a message that was not in flight', 1)
        continue
      }
      const phase = sequence < this.#timing.warmupCount ? 0 : 1
      this.counts[phase][outcome]++
      if (outcome === 'acknowledged') {
        publish[phase].record(nowUs - this.schedule.instantUs(sequence))
        service[phase].record(nowUs - book.sentUs(sequence))
      } else {
        this.#unacknowledged[phase].add(sequence)
        this.streams[outcome](book.stream(sequence), book.streamSequence(sequence))
      }
      this.#context.slabs.settled(book.slab(sequence), outcome === 'unknown')
      book.close(sequence)
    }
    if (outcome !== 'acknowledged') this.#context.errors.add(reason ?? outcome, count)
  }

  /** Ends everything that is still in flight as unknown: the driver was closed and can't settle any more. */
  settleRest(): void {
    while (this.#book.pending > 0) this.onSettled(this.#book.oldest, 1, 'unknown', 'never settled')
  }

  /** Counts of a phase; `scheduled` as due at `elapsedUs`. */
  countsAt(phase: 0 | 1, elapsedUs: number): ProducerCounts {
    const due = elapsedUs >= 0 ? this.schedule.dueCount(elapsedUs) : 0
    const warmup = Math.min(due, this.#timing.warmupCount)
    return { ...this.counts[phase], scheduled: phase === 0 ? warmup : due - warmup }
  }

  /** Adds what is known of the messages of a phase that fell due and were never sent: `end − scheduled`. */
  recordNeverSent(recorder: Recorder, phase: 0 | 1, dueUntilUs: number, endUs: number): void {
    const { warmupCount } = this.#timing
    const due = dueUntilUs >= 0 ? this.schedule.dueCount(dueUntilUs) : 0
    const from = phase === 0 ? this.sentCount : Math.max(this.sentCount, warmupCount)
    recordCensored(recorder, this.schedule, from, phase === 0 ? Math.min(warmupCount, due) : due, endUs)
  }

  /** Adds what is known of the messages of a phase that were sent and rejected, or ended as unknown. */
  recordUnacknowledged(recorder: Recorder, phase: 0 | 1, endUs: number): void {
    this.#unacknowledged[phase].forEach((_, last, count) => {
      recordCensored(recorder, this.schedule, last - count + 1, last + 1, endUs)
    })
  }
}
