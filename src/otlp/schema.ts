import { tagOf, WIRE } from './protobuf/wire-type.ts'
import type { Signal } from './signal.ts'

/**
 * How a field's value is written. `id` is bytes that OTLP/JSON writes in hexadecimal (trace and span ids); `enum` is a
 * number in both encodings.
 */
export type ScalarKind =
  | 'bool'
  | 'bytes'
  | 'double'
  | 'enum'
  | 'fixed32'
  | 'fixed64'
  | 'id'
  | 'int64'
  | 'sfixed64'
  | 'sint32'
  | 'string'
  | 'uint32'
  | 'uint64'

export interface FieldSchema {
  readonly number: number
  /** As in OTLP/JSON: lowerCamelCase. */
  readonly name: string
  readonly kind: ScalarKind | 'message'
  /** Set when `kind` is `message`. */
  readonly message: MessageSchema | null
  readonly isRepeated: boolean
  /** A repeated number: all of them in one length-delimited field. */
  readonly isPacked: boolean
  /** Written even when it is the default: member of a oneof, or `optional`. */
  readonly isExplicit: boolean
  /** Name of the oneof it belongs to. */
  readonly oneof: string | null
  /** Wire type of one value. */
  readonly wire: number
  /** Number and wire type as written (packed fields: as one). */
  readonly tag: number
}

export interface MessageSchema {
  readonly name: string
  /** In the order of their numbers. */
  readonly fields: readonly FieldSchema[]
  readonly byNumber: ReadonlyMap<number, FieldSchema>
}

// opentelemetry-proto 1.x: every message that a request of the three stable signals can hold. One string a field:
// number, name, type; `[]` repeated, `?` optional, `|name` member of a oneof. Fields that only profiles use are left out.
const MESSAGES: Readonly<Record<string, readonly string[]>> = {
  ExportTraceServiceRequest: ['1 resourceSpans ResourceSpans[]'],
  ExportMetricsServiceRequest: ['1 resourceMetrics ResourceMetrics[]'],
  ExportLogsServiceRequest: ['1 resourceLogs ResourceLogs[]'],

  AnyValue: [
    '1 stringValue string|value',
    '2 boolValue bool|value',
    '3 intValue int64|value',
    '4 doubleValue double|value',
    '5 arrayValue ArrayValue|value',
    '6 kvlistValue KeyValueList|value',
    '7 bytesValue bytes|value',
  ],
  ArrayValue: ['1 values AnyValue[]'],
  KeyValueList: ['1 values KeyValue[]'],
  KeyValue: ['1 key string', '2 value AnyValue'],
  InstrumentationScope: [
    '1 name string',
    '2 version string',
    '3 attributes KeyValue[]',
    '4 droppedAttributesCount uint32',
  ],
  EntityRef: ['1 schemaUrl string', '2 type string', '3 idKeys string[]', '4 descriptionKeys string[]'],
  Resource: ['1 attributes KeyValue[]', '2 droppedAttributesCount uint32', '3 entityRefs EntityRef[]'],

  ResourceSpans: ['1 resource Resource', '2 scopeSpans ScopeSpans[]', '3 schemaUrl string'],
  ScopeSpans: ['1 scope InstrumentationScope', '2 spans Span[]', '3 schemaUrl string'],
  Span: [
    '1 traceId id',
    '2 spanId id',
    '3 traceState string',
    '4 parentSpanId id',
    '5 name string',
    '6 kind enum',
    '7 startTimeUnixNano fixed64',
    '8 endTimeUnixNano fixed64',
    '9 attributes KeyValue[]',
    '10 droppedAttributesCount uint32',
    '11 events Event[]',
    '12 droppedEventsCount uint32',
    '13 links Link[]',
    '14 droppedLinksCount uint32',
    '15 status Status',
    '16 flags fixed32',
  ],
  Event: [
    '1 timeUnixNano fixed64',
    '2 name string',
    '3 attributes KeyValue[]',
    '4 droppedAttributesCount uint32',
  ],
  Link: [
    '1 traceId id',
    '2 spanId id',
    '3 traceState string',
    '4 attributes KeyValue[]',
    '5 droppedAttributesCount uint32',
    '6 flags fixed32',
  ],
  Status: ['2 message string', '3 code enum'],

  ResourceMetrics: ['1 resource Resource', '2 scopeMetrics ScopeMetrics[]', '3 schemaUrl string'],
  ScopeMetrics: ['1 scope InstrumentationScope', '2 metrics Metric[]', '3 schemaUrl string'],
  Metric: [
    '1 name string',
    '2 description string',
    '3 unit string',
    '5 gauge Gauge|data',
    '7 sum Sum|data',
    '9 histogram Histogram|data',
    '10 exponentialHistogram ExponentialHistogram|data',
    '11 summary Summary|data',
    '12 metadata KeyValue[]',
  ],
  Gauge: ['1 dataPoints NumberDataPoint[]'],
  Sum: ['1 dataPoints NumberDataPoint[]', '2 aggregationTemporality enum', '3 isMonotonic bool'],
  Histogram: ['1 dataPoints HistogramDataPoint[]', '2 aggregationTemporality enum'],
  ExponentialHistogram: ['1 dataPoints ExponentialHistogramDataPoint[]', '2 aggregationTemporality enum'],
  Summary: ['1 dataPoints SummaryDataPoint[]'],
  NumberDataPoint: [
    '2 startTimeUnixNano fixed64',
    '3 timeUnixNano fixed64',
    '4 asDouble double|value',
    '5 exemplars Exemplar[]',
    '6 asInt sfixed64|value',
    '7 attributes KeyValue[]',
    '8 flags uint32',
  ],
  HistogramDataPoint: [
    '2 startTimeUnixNano fixed64',
    '3 timeUnixNano fixed64',
    '4 count fixed64',
    '5 sum double?',
    '6 bucketCounts fixed64[]',
    '7 explicitBounds double[]',
    '8 exemplars Exemplar[]',
    '9 attributes KeyValue[]',
    '10 flags uint32',
    '11 min double?',
    '12 max double?',
  ],
  ExponentialHistogramDataPoint: [
    '1 attributes KeyValue[]',
    '2 startTimeUnixNano fixed64',
    '3 timeUnixNano fixed64',
    '4 count fixed64',
    '5 sum double?',
    '6 scale sint32',
    '7 zeroCount fixed64',
    '8 positive Buckets',
    '9 negative Buckets',
    '10 flags uint32',
    '11 exemplars Exemplar[]',
    '12 min double?',
    '13 max double?',
    '14 zeroThreshold double',
  ],
  Buckets: ['1 offset sint32', '2 bucketCounts uint64[]'],
  SummaryDataPoint: [
    '2 startTimeUnixNano fixed64',
    '3 timeUnixNano fixed64',
    '4 count fixed64',
    '5 sum double',
    '6 quantileValues ValueAtQuantile[]',
    '7 attributes KeyValue[]',
    '8 flags uint32',
  ],
  ValueAtQuantile: ['1 quantile double', '2 value double'],
  Exemplar: [
    '2 timeUnixNano fixed64',
    '3 asDouble double|value',
    '4 spanId id',
    '5 traceId id',
    '6 asInt sfixed64|value',
    '7 filteredAttributes KeyValue[]',
  ],

  ResourceLogs: ['1 resource Resource', '2 scopeLogs ScopeLogs[]', '3 schemaUrl string'],
  ScopeLogs: ['1 scope InstrumentationScope', '2 logRecords LogRecord[]', '3 schemaUrl string'],
  LogRecord: [
    '1 timeUnixNano fixed64',
    '2 severityNumber enum',
    '3 severityText string',
    '5 body AnyValue',
    '6 attributes KeyValue[]',
    '7 droppedAttributesCount uint32',
    '8 flags fixed32',
    '9 traceId id',
    '10 spanId id',
    '11 observedTimeUnixNano fixed64',
    '12 eventName string',
  ],
}

const WIRE_OF_KIND: Readonly<Record<ScalarKind, number>> = {
  bool: WIRE.varint,
  bytes: WIRE.length,
  double: WIRE.fixed64,
  enum: WIRE.varint,
  fixed32: WIRE.fixed32,
  fixed64: WIRE.fixed64,
  id: WIRE.length,
  int64: WIRE.varint,
  sfixed64: WIRE.fixed64,
  sint32: WIRE.varint,
  string: WIRE.length,
  uint32: WIRE.varint,
  uint64: WIRE.varint,
}

const FIELD = /^(\d+) (\w+) (\w+)(\[\]|\?|\|(\w+))?$/

interface MessageShell {
  readonly name: string
  fields: FieldSchema[]
  byNumber: Map<number, FieldSchema>
}

const messages = new Map<string, MessageShell>(
  Object.keys(MESSAGES).map((name) => [name, { name, fields: [], byNumber: new Map() }]),
)
for (const message of messages.values()) {
  message.fields = MESSAGES[message.name]!.map(fieldOf)
  message.byNumber = new Map(message.fields.map((field) => [field.number, field]))
}

function fieldOf(text: string): FieldSchema {
  const [, number, name, type, suffix, oneof] = FIELD.exec(text)!
  const message = messages.get(type!) ?? null
  const kind = message === null ? (type as ScalarKind) : 'message'
  const wire = kind === 'message' ? WIRE.length : WIRE_OF_KIND[kind]
  const isRepeated = suffix === '[]'
  const isPacked = isRepeated && wire !== WIRE.length
  return {
    number: Number(number),
    name: name!,
    kind,
    message,
    isRepeated,
    isPacked,
    isExplicit: suffix === '?' || oneof !== undefined,
    oneof: oneof ?? null,
    wire,
    tag: tagOf(Number(number), isPacked ? WIRE.length : wire),
  }
}

/** The schema of a message by its protobuf name; throws for a name it does not know (a defect of the caller). */
export function messageSchema(name: string): MessageSchema {
  const found = messages.get(name)
  if (found === undefined) throw new Error(`expected a message of OTLP, got ${name}`)
  return found
}

/** The request message of each signal. */
export const REQUEST_SCHEMAS: Readonly<Record<Signal, MessageSchema>> = {
  traces: messageSchema('ExportTraceServiceRequest'),
  metrics: messageSchema('ExportMetricsServiceRequest'),
  logs: messageSchema('ExportLogsServiceRequest'),
}
