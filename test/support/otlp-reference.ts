import library from '@opentelemetry/otlp-transformer/build/src/generated/root.js'
import type { Signal } from '../../src/otlp/signal.ts'

/** What protobufjs generates for a message. */
interface MessageType {
  fromObject(value: object): object
  toObject(message: object, options: object): Record<string, unknown>
  encode(message: object): { finish(): Uint8Array }
  decode(bytes: Uint8Array): object
}

// The last release of OpenTelemetry's package that holds protobufjs classes of the official .proto files for all signals.
const collector = (library as unknown as { opentelemetry: { proto: { collector: CollectorTypes } } })
  .opentelemetry.proto.collector

interface CollectorTypes {
  readonly trace: { readonly v1: Record<string, MessageType> }
  readonly metrics: { readonly v1: Record<string, MessageType> }
  readonly logs: { readonly v1: Record<string, MessageType> }
}

const REQUESTS: Readonly<Record<Signal, MessageType>> = {
  traces: collector.trace.v1.ExportTraceServiceRequest!,
  metrics: collector.metrics.v1.ExportMetricsServiceRequest!,
  logs: collector.logs.v1.ExportLogsServiceRequest!,
}

const RESPONSES: Readonly<Record<Signal, MessageType>> = {
  traces: collector.trace.v1.ExportTraceServiceResponse!,
  metrics: collector.metrics.v1.ExportMetricsServiceResponse!,
  logs: collector.logs.v1.ExportLogsServiceResponse!,
}

/** An independent OTLP codec, made by protobufjs from the official definitions. */
export interface Reference {
  /** Bytes of a description whose 64-bit numbers are bigint and whose bytes and ids are Uint8Array. */
  encode(request: object): Uint8Array
  /** Everything decoded, defaults filled in: 64-bit numbers as strings, bytes and ids as base64. Throws when malformed. */
  decode(bytes: Uint8Array): Record<string, unknown>
  /** Decodes and encodes again: the library's own bytes for the same message. */
  rewrite(bytes: Uint8Array): Uint8Array
}

export function referenceOf(signal: Signal): Reference {
  return codec(REQUESTS[signal])
}

export function referenceOfResponse(signal: Signal): Reference {
  return codec(RESPONSES[signal])
}

function codec(type: MessageType): Reference {
  return {
    encode: (request) => type.encode(type.fromObject(withoutBigints(request) as object)).finish(),
    decode: (bytes) =>
      type.toObject(type.decode(bytes), { longs: String, bytes: String, enums: Number, defaults: true }),
    rewrite: (bytes) => type.encode(type.decode(bytes)).finish(),
  }
}

function withoutBigints(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  if (Array.isArray(value)) return value.map(withoutBigints)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withoutBigints(member)]))
}
