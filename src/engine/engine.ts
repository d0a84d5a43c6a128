import type { Clock } from '../clock/clock.ts'
import type { Driver } from '../driver/driver.ts'
import { AppError } from '../errors/app-error.ts'
import { createConsumerLoop } from './consumer-loop.ts'
import { addCounts } from './counts.ts'
import { buildReport } from './engine-report.ts'
import { addErrorKinds, createErrorKinds } from './error-kinds.ts'
import { createLatencyBook } from './latency-book.ts'
import { CLOSE_LIMIT_MS } from './limits.ts'
import { createProducerLoop } from './producer-loop.ts'
import { createTimeline } from './timeline.ts'
import type { EngineInterval, EngineReport, EngineSpec, ProducerCounts } from './types.ts'

export interface EngineOptions {
  readonly spec: EngineSpec
  /** Guarded and opened; the engine closes its producers and consumers, never the driver itself. */
  readonly driver: Driver
  readonly clock: Clock
  /** Between two looks at the schedule; 1 unless given. */
  readonly tickMs?: number
  /** Breaches of the contract that the guard saw, as sentences; asked for by the report. */
  readonly breaches?: () => readonly string[]
  /** Memory of the audit's sets; `MAX_AUDIT_BYTES` unless given. */
  readonly maxAuditBytes?: number
}

/** Cheap figures for progress and for knowing when all is drained; they only grow. */
export interface EngineProgress extends ProducerCounts {
  /** Acknowledged, rejected or unknown. */
  readonly settled: number
  readonly received: number
  /** First deliveries in this process, all subscriptions together. */
  readonly distinctReceived: number
}

/**
 * The part of a worker that sends and receives. Life: prepare consumers, prepare producers, start, take intervals
 * while it runs, finish. All of it on one event loop.
 */
export interface Engine {
  /** Resolves when all consumers are ready. @throws AppError('PREPARE') from the driver. */
  prepareConsumers(signal: AbortSignal): Promise<void>
  prepareProducers(signal: AbortSignal): Promise<void>
  /** Starts the schedule at a future value of the clock. Call it in consumers too: end-to-end latency needs the epoch. */
  start(epochUs: number): void
  progress(): EngineProgress
  /** What happened since the last call (or the epoch); empty before the epoch. */
  takeInterval(): EngineInterval
  /**
   * Moves the end of warm-up or of measure, for all processes of the trial alike; never to later than the spec says. What
   * was sent stays as it is. @throws AppError('WORKER') when the changed instant has passed already.
   */
  retime(warmupUs: number, measureUs: number): void
  /** Ends the schedule now: what is due and not sent stays unsent, and nothing falls due any more. Idempotent. */
  stopSending(): void
  /** Whether everything was sent that will be: measure is over, and what was due is sent or given up. */
  sendingDone(): boolean
  /**
   * All consumers of this process take no more, until `resumeConsumers`; what the system holds meanwhile is its own
   * matter, and what a driver has in its bounded queues waits there. Neither blocks the event loop. Idempotent.
   */
  pauseConsumers(): void
  resumeConsumers(): void
  /**
   * Ends sending, closes producers (which settles what is in flight) and then consumers, and reports. Messages that
   * never came are censored with `endUs − scheduled`.
   * @param endUs the drain's end, µs from the epoch: the same in all processes; now, unless given
   */
  finish(signal: AbortSignal, endUs?: number): Promise<EngineReport>
}

const DEFAULT_TICK_MS = 1

export function createEngine(options: EngineOptions): Engine {
  const { clock } = options
  let { spec } = options
  const timeline = createTimeline(clock)
  const latencies = createLatencyBook()
  const publishErrors = createErrorKinds()
  const consumeErrors = createErrorKinds()
  const breaches = createErrorKinds()
  const shared = { spec, driver: options.driver, clock, timeline, latencies, breaches }
  const producers = createProducerLoop({
    ...shared,
    errors: publishErrors,
    tickMs: options.tickMs ?? DEFAULT_TICK_MS,
  })
  const consumers = createConsumerLoop({
    ...shared,
    errors: consumeErrors,
    ...(options.maxAuditBytes === undefined ? {} : { maxAuditBytes: options.maxAuditBytes }),
  })
  let intervalStartUs = 0
  let cpu = process.cpuUsage()

  /** The schedule ended early at this instant: nothing is due after it. */
  let cutUs = Number.POSITIVE_INFINITY

  function producerCounts(): ProducerCounts {
    const elapsedUs = Math.min(timeline.elapsedUs(), cutUs)
    return addCounts(
      producers.producers.flatMap(({ outbound }) => [
        outbound.countsAt(0, elapsedUs),
        outbound.countsAt(1, elapsedUs),
      ]),
    )
  }

  function errorsSoFar(): Pick<EngineInterval, 'errors'> {
    const errors = addErrorKinds([publishErrors.counts(), consumeErrors.counts()])
    return Object.keys(errors).length === 0 ? {} : { errors }
  }

  return {
    prepareConsumers: (signal) => consumers.prepare(signal),
    prepareProducers: (signal) => producers.prepare(signal),
    start(epochUs) {
      timeline.setEpoch(epochUs)
      cpu = process.cpuUsage()
      producers.start()
    },
    progress() {
      const counts = producerCounts()
      return {
        ...counts,
        settled: counts.acknowledged + counts.rejected + counts.unknown,
        received: consumers.counts().received,
        distinctReceived: consumers.distinct(),
      }
    },
    takeInterval() {
      const endUs = timeline.started ? Math.max(intervalStartUs, timeline.elapsedUs()) : 0
      const used = process.cpuUsage(cpu)
      cpu = process.cpuUsage()
      const interval: EngineInterval = {
        startUs: intervalStartUs,
        endUs,
        producer: producerCounts(),
        consumer: consumers.counts(),
        distinctReceived: consumers.distinct(),
        histograms: latencies.takeInterval(),
        ...errorsSoFar(),
        cpuUs: used.user + used.system,
        rssBytes: process.memoryUsage.rss(),
      }
      intervalStartUs = endUs
      return interval
    },
    retime(warmupUs, measureUs) {
      const firstUs =
        warmupUs === spec.warmupUs
          ? Math.min(warmupUs + measureUs, spec.warmupUs + spec.measureUs)
          : Math.min(warmupUs, spec.warmupUs)
      if (timeline.started && timeline.elapsedUs() >= firstUs) {
        const what = `expected to be told before ${firstUs / 1e6} s that the schedule changes then, was told later`
        throw new AppError('WORKER', what)
      }
      producers.retime(warmupUs, measureUs)
      spec = { ...spec, warmupUs, measureUs }
    },
    stopSending() {
      // Before the epoch nothing is due; Math.min keeps the first call's instant.
      if (!producers.done()) cutUs = Math.min(cutUs, timeline.started ? timeline.elapsedUs() : 0)
      producers.stop()
    },
    sendingDone: () => producers.done(),
    pauseConsumers: () => consumers.pause(),
    resumeConsumers: () => consumers.resume(),
    async finish(signal, endUs) {
      producers.stop()
      await closeProducers(signal)
      await consumers.close(within(signal))
      const elapsedUs = timeline.started ? timeline.elapsedUs() : 0
      return buildReport({
        spec,
        producers: producers.producers,
        gaps: producers.gaps,
        consumers,
        latencies,
        publishErrors: publishErrors.counts(),
        consumeErrors: consumeErrors.counts(),
        breaches: [...(options.breaches?.() ?? []), ...sentences(breaches.counts())],
        endUs: endUs ?? elapsedUs,
        cutUs,
      })
    },
  }

  async function closeProducers(signal: AbortSignal): Promise<void> {
    const limited = within(signal)
    const closed = await Promise.allSettled(
      producers.producers.map(({ outbound }) => outbound.close(limited)),
    )
    const failed = closed.filter((result) => result.status === 'rejected').length
    if (failed > 0) publishErrors.add('producer close failed', failed)
    for (const { outbound } of producers.producers) outbound.settleRest()
  }
}

function within(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(CLOSE_LIMIT_MS)])
}

function sentences(counts: Readonly<Record<string, number>>): string[] {
  return Object.entries(counts).map(([kind, count]) => (count === 1 ? kind : `${kind} (${count} times)`))
}
