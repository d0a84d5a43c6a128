import { SIGNALS, type Signal } from '../../src/otlp/signal.ts'
import type { Counter, Meter, Timing } from '../contracts.ts'
import { END_TO_END_TIMING } from '../telemetry/prometheus.ts'

/** What a listener counts of its own. */
export interface ReceiveMeter {
  /** From a request's arrival (its headers are here) to its answer being written: the server-side latency. */
  answered(signal: Signal, durationUs: number): void
  /** Turned away before the pipeline: wrong type, too large, unknown path or method. */
  turnedAway(status: string): void
}

const HELP = 'From the arrival of a request to its answer, by signal and protocol'

export function createReceiveMeter(meter: Meter, protocol: 'http' | 'grpc'): ReceiveMeter {
  const timings = Object.fromEntries(
    SIGNALS.map((signal) => [signal, meter.timing(END_TO_END_TIMING, HELP, { signal, protocol })]),
  ) as Record<Signal, Timing>
  const statuses = new Map<string, Counter>()
  return {
    answered: (signal, durationUs) => timings[signal].record(durationUs),
    turnedAway(status) {
      let counter = statuses.get(status)
      if (counter === undefined) {
        counter = meter.counter(
          'gateway_turned_away_total',
          'Requests turned away before they were read as OTLP',
          {
            protocol,
            status,
          },
        )
        statuses.set(status, counter)
      }
      counter.add(1)
    },
  }
}
