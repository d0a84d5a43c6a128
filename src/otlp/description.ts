/**
 * OTLP requests as plain objects, named as in OTLP/JSON: any OTLP/JSON document is one. Whole 64-bit numbers may be
 * bigint, number (up to 2⁵³) or decimal string; bytes are a Uint8Array or base64; ids a Uint8Array or hexadecimal.
 */
export type Int64 = bigint | number | string
export type Bytes = Uint8Array | string

export interface AnyValue {
  stringValue?: string
  boolValue?: boolean
  intValue?: Int64
  doubleValue?: number
  arrayValue?: { values?: AnyValue[] }
  kvlistValue?: { values?: KeyValue[] }
  bytesValue?: Bytes
}

export interface KeyValue {
  key?: string
  value?: AnyValue
}

export interface Resource {
  attributes?: KeyValue[]
  droppedAttributesCount?: number
  entityRefs?: { schemaUrl?: string; type?: string; idKeys?: string[]; descriptionKeys?: string[] }[]
}

export interface Scope {
  name?: string
  version?: string
  attributes?: KeyValue[]
  droppedAttributesCount?: number
}

export interface SpanEvent {
  timeUnixNano?: Int64
  name?: string
  attributes?: KeyValue[]
  droppedAttributesCount?: number
}

export interface SpanLink {
  traceId?: Bytes
  spanId?: Bytes
  traceState?: string
  attributes?: KeyValue[]
  droppedAttributesCount?: number
  flags?: number
}

export interface Span {
  traceId?: Bytes
  spanId?: Bytes
  traceState?: string
  parentSpanId?: Bytes
  flags?: number
  name?: string
  kind?: number
  startTimeUnixNano?: Int64
  endTimeUnixNano?: Int64
  attributes?: KeyValue[]
  droppedAttributesCount?: number
  events?: SpanEvent[]
  droppedEventsCount?: number
  links?: SpanLink[]
  droppedLinksCount?: number
  status?: { message?: string; code?: number }
}

export interface TracesRequest {
  resourceSpans?: {
    resource?: Resource
    scopeSpans?: { scope?: Scope; spans?: Span[]; schemaUrl?: string }[]
    schemaUrl?: string
  }[]
}

export interface Exemplar {
  filteredAttributes?: KeyValue[]
  timeUnixNano?: Int64
  asDouble?: number
  asInt?: Int64
  spanId?: Bytes
  traceId?: Bytes
}

interface DataPoint {
  attributes?: KeyValue[]
  startTimeUnixNano?: Int64
  timeUnixNano?: Int64
  flags?: number
}

export interface NumberDataPoint extends DataPoint {
  asDouble?: number
  asInt?: Int64
  exemplars?: Exemplar[]
}

export interface HistogramDataPoint extends DataPoint {
  count?: Int64
  sum?: number
  bucketCounts?: Int64[]
  explicitBounds?: number[]
  exemplars?: Exemplar[]
  min?: number
  max?: number
}

export interface ExponentialHistogramDataPoint extends DataPoint {
  count?: Int64
  sum?: number
  scale?: number
  zeroCount?: Int64
  positive?: { offset?: number; bucketCounts?: Int64[] }
  negative?: { offset?: number; bucketCounts?: Int64[] }
  exemplars?: Exemplar[]
  min?: number
  max?: number
  zeroThreshold?: number
}

export interface SummaryDataPoint extends DataPoint {
  count?: Int64
  sum?: number
  quantileValues?: { quantile?: number; value?: number }[]
}

export interface Metric {
  name?: string
  description?: string
  unit?: string
  gauge?: { dataPoints?: NumberDataPoint[] }
  sum?: { dataPoints?: NumberDataPoint[]; aggregationTemporality?: number; isMonotonic?: boolean }
  histogram?: { dataPoints?: HistogramDataPoint[]; aggregationTemporality?: number }
  exponentialHistogram?: { dataPoints?: ExponentialHistogramDataPoint[]; aggregationTemporality?: number }
  summary?: { dataPoints?: SummaryDataPoint[] }
  metadata?: KeyValue[]
}

export interface MetricsRequest {
  resourceMetrics?: {
    resource?: Resource
    scopeMetrics?: { scope?: Scope; metrics?: Metric[]; schemaUrl?: string }[]
    schemaUrl?: string
  }[]
}

export interface LogRecord {
  timeUnixNano?: Int64
  observedTimeUnixNano?: Int64
  severityNumber?: number
  severityText?: string
  body?: AnyValue
  attributes?: KeyValue[]
  droppedAttributesCount?: number
  flags?: number
  traceId?: Bytes
  spanId?: Bytes
  eventName?: string
}

export interface LogsRequest {
  resourceLogs?: {
    resource?: Resource
    scopeLogs?: { scope?: Scope; logRecords?: LogRecord[]; schemaUrl?: string }[]
    schemaUrl?: string
  }[]
}

/** The description of a request of each signal. */
export interface Requests {
  traces: TracesRequest
  metrics: MetricsRequest
  logs: LogsRequest
}
