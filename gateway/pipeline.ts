import type { Clock } from '../src/clock/clock.ts'
import { SIGNALS, type Signal } from '../src/otlp/signal.ts'
import { freeBytes } from './bytes.ts'
import type { DropReason, Masker, Meter, Outcome, Pipeline, Uplink } from './contracts.ts'
import { createExporter } from './export/exporter.ts'
import type { RetryPolicy } from './export/retry.ts'
import { createPipelineMeter } from './pipeline-meter.ts'
import type { Entry } from './queue/entry.ts'
import { createQueue, type QueueOptions } from './queue/queue.ts'
import type { Slab } from './slab.ts'

export interface PipelineOptions {
  readonly masker: Masker
  readonly slab: Slab
  readonly uplinks: Readonly<Record<Signal, Uplink>>
  readonly retry: RetryPolicy
  /** Null: every request waits for the upstream's answer, which goes back to its sender. */
  readonly queue: Omit<QueueOptions, 'clock' | 'handle'> | null
  /** Requests that may be unanswered at once. */
  readonly maxInFlight: number
  /** What a refused sender is told to wait. */
  readonly retryAfterMs: number
  readonly clock: Clock
  readonly meter: Meter
  readonly random?: () => number
  readonly log: (event: string, fields: Readonly<Record<string, string | number>>) => void
}

/** The way of a request from its receiver to the upstream: slab, mask, queue, export. */
export function createPipeline(options: PipelineOptions): Pipeline {
  const { slab, masker, clock } = options
  const counts = createPipelineMeter(options.meter)
  const abort = new AbortController()
  const exporter = createExporter({ ...options, abort: abort.signal, counts })
  let unanswered = 0
  let isClosing = false
  let whenAnswered = () => {}

  const queue =
    options.queue === null ? null : createQueue({ ...options.queue, clock, handle: exporter.exportBatch })

  counts.observe({
    queueDepth: () => queue?.depth() ?? 0,
    queueWaiting: () => queue?.waiting() ?? 0,
    slab,
    inFlight: () => unanswered,
    writer: masker.writer,
  })

  /** The body is done with. */
  function release(region: number, body: Uint8Array): void {
    slab.release(region, body.length)
    freeBytes(body)
  }

  function refuse(signal: Signal, reason: '429' | '503' | '507'): Outcome {
    counts.dropped(signal, reason)
    return { kind: 'refused', reason, retryAfterMs: options.retryAfterMs }
  }

  function invalid(signal: Signal, reason: DropReason, detail: string): Outcome {
    counts.dropped(signal, reason)
    return { kind: 'invalid', detail }
  }

  function offer(signal: Signal, body: Uint8Array): Outcome | Promise<Outcome> {
    const offeredAtUs = clock.nowUs()
    counts.received(signal)
    if (isClosing) return refuse(signal, '503')
    if (unanswered >= options.maxInFlight) return refuse(signal, '429')
    const region = slab.allocate(body.length)
    if (region < 0) return refuse(signal, '507')
    const masked = masker.mask(signal, body)
    if (masked.kind !== 'masked') {
      release(region, body)
      if (masked.kind === 'failed') return invalid(signal, '400', `rule ${masked.rule}: ${masked.detail}`)
      counts.parseError(signal)
      return invalid(signal, '400', `${masked.detail} at byte ${masked.offset}`)
    }
    if (masked.isEmpty) {
      release(region, body)
      // A request that came empty has nothing that a rule could have dropped.
      counts.emptied(signal, masked.droppedRecords > 0)
      return { kind: 'accepted' }
    }
    if (masked.body !== body) {
      if (!slab.resize(region, body.length, masked.body.length)) {
        release(region, body)
        return refuse(signal, '507')
      }
      freeBytes(body)
    }
    const entry: Entry = { signal, body: masked.body, region, offeredAtUs }
    return queue === null ? exportNow(entry) : enqueue(entry)
  }

  function enqueue(entry: Entry): Outcome | Promise<Outcome> {
    const pushed = queue!.push(entry)
    if (typeof pushed === 'boolean') return answer(entry, pushed)
    unanswered++
    return pushed.then((isQueued) => {
      unanswered--
      return answer(entry, isQueued)
    })
  }

  function answer(entry: Entry, isQueued: boolean): Outcome {
    if (isQueued) {
      counts.accepted(entry.signal)
      return { kind: 'accepted' }
    }
    release(entry.region, entry.body)
    return refuse(entry.signal, isClosing ? '503' : '429')
  }

  async function exportNow(entry: Entry): Promise<Outcome> {
    unanswered++
    const outcome = await exporter.exportOnce(entry)
    unanswered--
    if (unanswered === 0) whenAnswered()
    if (outcome.kind === 'exported') {
      counts.accepted(entry.signal)
      return outcome.partial === undefined
        ? { kind: 'accepted' }
        : { kind: 'accepted', partial: outcome.partial }
    }
    const retryable = outcome.kind === 'retryable'
    const retryAfterMs = (retryable && outcome.retryAfterMs) || options.retryAfterMs
    return { kind: 'upstream-failed', retryable, retryAfterMs, detail: outcome.detail }
  }

  /** Nobody waits for the upstream's answer any more. */
  function allAnswered(): Promise<void> {
    if (unanswered === 0) return Promise.resolve()
    return new Promise((resolve) => {
      whenAnswered = resolve
    })
  }

  return {
    offer,
    isReady: () =>
      !isClosing &&
      (queue === null || options.queue === null || queue.depth() < options.queue.marks.critical),
    async close(signal) {
      if (isClosing) return
      isClosing = true
      const drained = queue === null ? allAnswered() : queue.drain()
      await Promise.race([drained, aborted(signal)])
      abort.abort(new Error('the gateway is shutting down'))
      for (const entry of queue?.abandon() ?? []) {
        release(entry.region, entry.body)
        counts.dropped(entry.signal, '503')
      }
      // What an upstream leaves unanswered must not hold up the end.
      await Promise.all(SIGNALS.map((each) => options.uplinks[each].close()))
      await drained
    },
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
