import { AppError } from '../../src/errors/app-error.ts'
import { buildRequest } from '../../src/otlp/build/request.ts'
import { protobufToJson } from '../../src/otlp/json/from-protobuf.ts'
import type { Signal } from '../../src/otlp/signal.ts'
import { evenLogs, evenMetrics, evenTraces } from './even.ts'
import { realLogs, realMetrics } from './real-others.ts'
import { realTraces } from './real-traces.ts'

/** `even`: every record alike (100 spans: about 33 KB). `real`: as SDKs send it (about 19 KB of each signal). */
export type PayloadProfile = 'even' | 'real'

export const PROFILES: readonly PayloadProfile[] = ['even', 'real']

export interface PayloadOptions {
  readonly signal: Signal
  readonly profile: PayloadProfile
  /** Spans, data points or log records; null: as many as the profile's size needs. */
  readonly records: number | null
  /** A whole number; equal options give equal bytes. */
  readonly seed: number
}

/** A payload this large is more than any receiver takes. */
export const MAX_RECORDS = 100_000

const DEFAULT_RECORDS: Readonly<Record<PayloadProfile, Readonly<Record<Signal, number>>>> = {
  even: { traces: 100, metrics: 100, logs: 100 },
  real: { traces: 31, metrics: 50, logs: 54 },
}

/** One OTLP request for benchmarks and tests. */
export interface Payload {
  readonly records: number
  /** Protobuf. */
  readonly body: Uint8Array
}

export function makePayload({ signal, profile, records, seed }: PayloadOptions): Payload {
  const count = records ?? DEFAULT_RECORDS[profile][signal]
  return { records: count, body: bodyOf(signal, profile, count, seed) }
}

function bodyOf(signal: Signal, profile: PayloadProfile, count: number, seed: number): Uint8Array {
  const isReal = profile === 'real'
  switch (signal) {
    case 'traces':
      return buildRequest('traces', isReal ? realTraces(count, seed) : evenTraces(count, seed))
    case 'metrics':
      return buildRequest('metrics', isReal ? realMetrics(count, seed) : evenMetrics(count, seed))
    case 'logs':
      return buildRequest('logs', isReal ? realLogs(count, seed) : evenLogs(count, seed))
  }
}

/** The same request as OTLP/JSON. */
export function payloadAsJson(signal: Signal, body: Uint8Array): Uint8Array {
  const json = protobufToJson(signal, body)
  if (json.kind === 'malformed')
    throw new AppError('CONTRACT', `expected a payload of ours, got ${json.detail}`)
  return Buffer.from(`${JSON.stringify(json.value)}\n`)
}
