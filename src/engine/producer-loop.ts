import type { Clock, Timer } from '../clock/clock.ts'
import type { Driver } from '../driver/driver.ts'
import { AcknowledgementGaps } from './acknowledgement-gaps.ts'
import type { SendTiming } from './batch-writer.ts'
import { BusyLog } from './busy-log.ts'
import type { ErrorKinds } from './error-kinds.ts'
import { createKeys } from './keys.ts'
import type { LatencyBook } from './latency-book.ts'
import { LAST_SENDS_MS, MAX_BATCHES_PER_TURN, MAX_IN_FLIGHT_BYTES } from './limits.ts'
import { Outbound, type OutboundContext } from './outbound.ts'
import { createBodies } from './payload.ts'
import { countBefore } from './schedule.ts'
import { createSchedules, type Schedules } from './shaped-schedule.ts'
import { createSlabPool } from './slab-pool.ts'
import type { Timeline } from './timeline.ts'
import type { EngineSpec, ProducerPlan } from './types.ts'

export interface ProducerLoopOptions {
  readonly spec: EngineSpec
  readonly driver: Driver
  readonly clock: Clock
  readonly timeline: Timeline
  readonly latencies: LatencyBook
  readonly errors: ErrorKinds
  readonly breaches: ErrorKinds
  readonly tickMs: number
}

/** Sends the schedules of all producers of a process from one timer. */
export interface ProducerLoop {
  readonly producers: readonly { readonly topic: string; readonly outbound: Outbound }[]
  readonly gaps: AcknowledgementGaps
  prepare(signal: AbortSignal): Promise<void>
  /** Arms the timer; the timeline has its epoch. */
  start(): void
  /** Other ends of warm-up and measure, from the epoch on; what changes must not be due yet. */
  retime(warmupUs: number, measureUs: number): void
  /** Everything was sent, or the time for sending is over. */
  done(): boolean
  /** Sends no more. */
  stop(): void
}

export function createProducerLoop(options: ProducerLoopOptions): ProducerLoop {
  const { spec, driver, clock, timeline, tickMs } = options
  const calls = new BusyLog()
  const context = createContext(options, calls)
  // Workers that only consume need none, which may be large.
  let schedules = spec.producers.length === 0 ? null : createSchedules(spec)
  const producers = spec.producers.map((plan) => ({
    topic: plan.topic,
    outbound: createOutbound(plan, options, context, timingOf(schedules!, spec, plan.id), wake),
  }))
  const outbounds = producers.map((producer) => producer.outbound)
  let endUs = spec.warmupUs + spec.measureUs
  let timer: Timer | undefined
  let stopped = outbounds.length === 0
  let lastSendsUntilUs = Number.POSITIVE_INFINITY
  let firstProducer = 0
  let wakeQueued = false

  function wake(): void {
    if (wakeQueued || stopped) return
    wakeQueued = true
    // Not from inside the driver's callback: it may be in the middle of settling.
    queueMicrotask(() => {
      wakeQueued = false
      if (!stopped && timeline.started) sendTurn()
    })
  }

  function tick(): void {
    if (stopped) return
    const more = sendTurn()
    if (!stopped) timer = clock.schedule(more ? 0 : tickMs, tick)
  }

  /** Sends what is due, in turns over the producers, within the budget; tells whether more could be sent at once. */
  function sendTurn(): boolean {
    let budget = MAX_BATCHES_PER_TURN
    let elapsedUs = timeline.elapsedUs()
    for (;;) {
      budget = sendRounds(elapsedUs, budget)
      const nowUs = timeline.elapsedUs()
      const wasBlocked = nowUs - elapsedUs >= tickMs * 1000
      elapsedUs = nowUs
      if (budget === 0 || !wasBlocked) break
    }
    forgetDriverTime()
    stopWhenOver(elapsedUs)
    return budget === 0
  }

  function sendRounds(elapsedUs: number, batches: number): number {
    let budget = batches
    let anySent = true
    while (anySent && budget > 0) {
      anySent = false
      for (let i = 0; i < outbounds.length && budget > 0; i++) {
        if (!outbounds[(firstProducer + i) % outbounds.length]!.sendDue(elapsedUs)) continue
        anySent = true
        budget--
      }
      firstProducer = (firstProducer + 1) % outbounds.length
    }
    return budget
  }

  function forgetDriverTime(): void {
    let oldestUs = Number.POSITIVE_INFINITY
    for (const outbound of outbounds) {
      outbound.forgetDriverTime()
      oldestUs = Math.min(oldestUs, outbound.oldestUnsentUs())
    }
    calls.forget(oldestUs)
  }

  /** What is due when measure ends is still sent, for a limited time: a stall at the very end loses nothing. */
  function stopWhenOver(elapsedUs: number): void {
    if (elapsedUs < endUs) return
    if (lastSendsUntilUs === Number.POSITIVE_INFINITY) lastSendsUntilUs = elapsedUs + LAST_SENDS_MS * 1000
    if (elapsedUs < lastSendsUntilUs && outbounds.some((outbound) => !outbound.finished)) return
    stop()
    for (const outbound of outbounds) outbound.flush()
  }

  function stop(): void {
    stopped = true
    timer?.cancel()
  }

  return {
    producers,
    gaps: context.gaps,
    async prepare(signal) {
      await Promise.all(
        producers.map(async ({ topic, outbound }) => {
          const producer = await driver.createProducer(
            {
              topic,
              partitions: spec.partitions,
              name: `producer-${outbound.id}`,
              onSettled: outbound.onSettled,
              onWritable: outbound.onWritable,
            },
            signal,
          )
          outbound.attach(producer)
        }),
      )
    },
    start() {
      if (!stopped) timer = clock.schedule(Math.max(0, -timeline.elapsedUs() / 1000), tick)
    },
    retime(warmupUs, measureUs) {
      endUs = warmupUs + measureUs
      if (schedules === null) return
      schedules = schedules.retimed(warmupUs, measureUs)
      for (const outbound of outbounds) {
        const { schedule, warmupCount } = timingOf(schedules, { ...spec, warmupUs }, outbound.id)
        outbound.retime(schedule, warmupCount, [warmupUs, warmupUs + measureUs])
      }
    },
    done: () => stopped,
    stop,
  }
}

function createContext(options: ProducerLoopOptions, calls: BusyLog): OutboundContext {
  const { spec, timeline, latencies, errors, breaches } = options
  const bodies = createBodies(spec.payload, spec.messageBytes, spec.seed)
  const slabs = createSlabPool(spec.messageBytes, bodies, spec.seed)
  const bytesEach = MAX_IN_FLIGHT_BYTES / Math.max(1, spec.producers.length)
  return {
    timeline,
    slabs,
    latencies,
    calls,
    errors,
    breaches,
    runId: spec.runId,
    messageBytes: spec.messageBytes,
    maxPending: Math.max(slabs.maxBatch, Math.floor(bytesEach / spec.messageBytes)),
    gaps: new AcknowledgementGaps(),
    measureUs: [spec.warmupUs, spec.warmupUs + spec.measureUs],
  }
}

function timingOf(
  schedules: Schedules,
  { producerCount, warmupUs }: Pick<EngineSpec, 'producerCount' | 'warmupUs'>,
  producer: number,
): SendTiming {
  const schedule = schedules.share({ index: producer, of: producerCount })
  return { schedule, warmupCount: countBefore(schedule, warmupUs) }
}

function createOutbound(
  plan: ProducerPlan,
  { spec, driver }: ProducerLoopOptions,
  context: OutboundContext,
  timing: SendTiming,
  onWritable: () => void,
): Outbound {
  const keys = createKeys(spec.keyDistributor, spec.seed, plan.id)
  return new Outbound(context, {
    id: plan.id,
    timing,
    keys,
    partitions: keys === null && driver.capabilities.choosesPartition ? spec.partitions : 0,
    onWritable,
  })
}
