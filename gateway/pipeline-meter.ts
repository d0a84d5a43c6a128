import { SIGNALS, type Signal } from '../src/otlp/signal.ts'
import type { Counter, DropReason, ExportOutcome, Meter, Timing } from './contracts.ts'
import type { Slab } from './slab.ts'

/** Everything the pipeline counts, as calls that cost an addition. */
export interface PipelineMeter {
  received(signal: Signal): void
  accepted(signal: Signal): void
  /** Nothing was left to export; `byRule` when rules removed it. */
  emptied(signal: Signal, byRule: boolean): void
  dropped(signal: Signal, reason: DropReason): void
  parseError(signal: Signal): void
  exported(signal: Signal, deliveryUs: number): void
  retried(signal: Signal): void
  queueWait(signal: Signal, durationUs: number): void
  upstream(signal: Signal, outcome: ExportOutcome['kind'], durationUs: number): void
  observe(state: PipelineState): void
}

export interface PipelineState {
  readonly queueDepth: () => number
  readonly queueWaiting: () => number
  readonly inFlight: () => number
  readonly slab: Slab
  readonly writer: 'simd' | 'scalar'
}

const PACKETS = 'gateway_packets_processed_total'
const PACKETS_HELP =
  'Requests by what became of them: received = exported + dropped + empty + still inside; accepted ones were answered with success'
const DROPPED_HELP =
  'Requests dropped or refused, by reason: rule, or the gateway code explained in its README'

interface SignalCounts {
  readonly received: Counter
  readonly accepted: Counter
  readonly droppedPackets: Counter
  readonly exported: Counter
  readonly empty: Counter
  readonly dropped: Readonly<Record<DropReason, Counter>>
  readonly parseErrors: Counter
  readonly retries: Counter
  readonly upstream: Readonly<Record<ExportOutcome['kind'], Counter>>
  readonly queueWait: Timing
  readonly upstreamTime: Timing
  readonly delivery: Timing
}

const REASONS: readonly DropReason[] = ['rule', '400', '413', '429', '500', '503', '507']
const OUTCOMES: readonly ExportOutcome['kind'][] = ['exported', 'retryable', 'permanent']

function countsOf(meter: Meter, signal: Signal): SignalCounts {
  const packets = (status: string) => meter.counter(PACKETS, PACKETS_HELP, { signal, status })
  const each = <Key extends string>(keys: readonly Key[], make: (key: Key) => Counter) =>
    Object.fromEntries(keys.map((key) => [key, make(key)])) as Record<Key, Counter>
  return {
    received: packets('received'),
    accepted: packets('accepted'),
    droppedPackets: packets('dropped'),
    exported: packets('exported'),
    empty: packets('empty'),
    dropped: each(REASONS, (reason) =>
      meter.counter('gateway_dropped_total', DROPPED_HELP, { signal, reason_code: reason }),
    ),
    parseErrors: meter.counter('gateway_parse_errors_total', 'Requests that are not valid OTLP', {
      signal,
      error_code: '500',
    }),
    retries: meter.counter('gateway_export_retries_total', 'Exports tried again', { signal }),
    upstream: each(OUTCOMES, (outcome) =>
      meter.counter('gateway_upstream_requests_total', 'Requests to the upstream by outcome', {
        signal,
        outcome,
      }),
    ),
    queueWait: meter.timing('gateway_queue_wait', 'From the offer to the first try at the upstream', {
      signal,
    }),
    upstreamTime: meter.timing('gateway_upstream_latency', 'Answer time of the upstream', { signal }),
    delivery: meter.timing('gateway_delivery', 'From the offer to the answer of the upstream', { signal }),
  }
}

/** All series exist from the start, at zero, so that a rate over the first drop is seen. */
export function createPipelineMeter(meter: Meter): PipelineMeter {
  const counts = Object.fromEntries(
    SIGNALS.map((signal) => [signal, countsOf(meter, signal)]),
  ) as unknown as Readonly<Record<Signal, SignalCounts>>

  return {
    received: (signal) => counts[signal].received.add(1),
    accepted: (signal) => counts[signal].accepted.add(1),
    emptied(signal, byRule) {
      counts[signal].accepted.add(1)
      if (!byRule) {
        counts[signal].empty.add(1)
        return
      }
      counts[signal].droppedPackets.add(1)
      counts[signal].dropped.rule.add(1)
    },
    dropped(signal, reason) {
      counts[signal].droppedPackets.add(1)
      counts[signal].dropped[reason].add(1)
    },
    parseError: (signal) => counts[signal].parseErrors.add(1),
    exported(signal, deliveryUs) {
      counts[signal].exported.add(1)
      counts[signal].delivery.record(deliveryUs)
    },
    retried: (signal) => counts[signal].retries.add(1),
    queueWait: (signal, durationUs) => counts[signal].queueWait.record(durationUs),
    upstream(signal, outcome, durationUs) {
      counts[signal].upstream[outcome].add(1)
      counts[signal].upstreamTime.record(durationUs)
    },
    observe(state) {
      meter.gauge('gateway_queue_depth', 'Requests in the queue', 'sum', state.queueDepth)
      meter.gauge(
        'gateway_queue_waiting',
        'Requests that wait for room in the queue',
        'sum',
        state.queueWaiting,
      )
      meter.gauge('gateway_in_flight', 'Requests not yet answered', 'sum', state.inFlight)
      meter.gauge('gateway_slab_used_bytes', 'Bytes held by requests inside', 'sum', state.slab.usedBytes)
      meter.gauge(
        'gateway_buffers_allocated_total',
        'Buffers taken from the slab',
        'sum',
        state.slab.allocations,
      )
      meter.gauge(
        'gateway_buffers_released_total',
        'Buffers given back to the slab',
        'sum',
        state.slab.releases,
      )
      for (const writer of ['simd', 'scalar'] as const) {
        meter.gauge(
          'gateway_mask_writer_active',
          'Which scanner masks',
          'max',
          () => Number(state.writer === writer),
          { writer },
        )
      }
    },
  }
}
