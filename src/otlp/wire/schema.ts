/** How the bytes of a field are laid out; `repeated` scalars may come packed or not. */
export type FieldKind =
  | 'varint'
  | 'fixed64'
  | 'fixed32'
  | 'bytes'
  /** UTF-8 text. */
  | 'text'
  | 'packed-fixed64'
  | 'packed-varint'
  /** Another message: `message` names it. */
  | 'message'

/** One field of a message. */
export interface Field {
  readonly number: number
  /** As in the .proto files, in snake case. */
  readonly name: string
  readonly kind: FieldKind
  readonly message: string | null
  readonly isRepeated: boolean
  /** The `oneof` it belongs to: of its members the last on the wire counts. */
  readonly oneof: string | null
}

export type Message = readonly Field[]

const KINDS: Readonly<Record<string, FieldKind>> = {
  v: 'varint',
  l: 'fixed64',
  i: 'fixed32',
  b: 'bytes',
  t: 'text',
  L: 'packed-fixed64',
  V: 'packed-varint',
}

/**
 * The messages of OTLP 1.x that requests are made of (opentelemetry-proto, `*.proto`), as `number name kind`: a kind is
 * a letter of `KINDS` or the name of a message; `*` marks repeated messages and texts, `|name` the members of a `oneof`.
 */
const TABLE: Readonly<Record<string, string>> = {
  ExportTraceServiceRequest: '1 resource_spans ResourceSpans*',
  ResourceSpans: '1 resource Resource, 2 scope_spans ScopeSpans*, 3 schema_url t',
  ScopeSpans: '1 scope InstrumentationScope, 2 spans Span*, 3 schema_url t',
  Span:
    '1 trace_id b, 2 span_id b, 3 trace_state t, 4 parent_span_id b, 5 name t, 6 kind v, 7 start_time_unix_nano l, ' +
    '8 end_time_unix_nano l, 9 attributes KeyValue*, 10 dropped_attributes_count v, 11 events Event*, ' +
    '12 dropped_events_count v, 13 links Link*, 14 dropped_links_count v, 15 status Status, 16 flags i',
  Event: '1 time_unix_nano l, 2 name t, 3 attributes KeyValue*, 4 dropped_attributes_count v',
  Link: '1 trace_id b, 2 span_id b, 3 trace_state t, 4 attributes KeyValue*, 5 dropped_attributes_count v, 6 flags i',
  Status: '2 message t, 3 code v',

  ExportMetricsServiceRequest: '1 resource_metrics ResourceMetrics*',
  ResourceMetrics: '1 resource Resource, 2 scope_metrics ScopeMetrics*, 3 schema_url t',
  ScopeMetrics: '1 scope InstrumentationScope, 2 metrics Metric*, 3 schema_url t',
  Metric:
    '1 name t, 2 description t, 3 unit t, 5 gauge Gauge|data, 7 sum Sum|data, 9 histogram Histogram|data, ' +
    '10 exponential_histogram ExponentialHistogram|data, 11 summary Summary|data, 12 metadata KeyValue*',
  Gauge: '1 data_points NumberDataPoint*',
  Sum: '1 data_points NumberDataPoint*, 2 aggregation_temporality v, 3 is_monotonic v',
  Histogram: '1 data_points HistogramDataPoint*, 2 aggregation_temporality v',
  ExponentialHistogram: '1 data_points ExponentialHistogramDataPoint*, 2 aggregation_temporality v',
  Summary: '1 data_points SummaryDataPoint*',
  NumberDataPoint:
    '7 attributes KeyValue*, 2 start_time_unix_nano l, 3 time_unix_nano l, 4 as_double l|value, 6 as_int l|value, ' +
    '5 exemplars Exemplar*, 8 flags v',
  HistogramDataPoint:
    '9 attributes KeyValue*, 2 start_time_unix_nano l, 3 time_unix_nano l, 4 count l, 5 sum l, 6 bucket_counts L, ' +
    '7 explicit_bounds L, 8 exemplars Exemplar*, 10 flags v, 11 min l, 12 max l',
  ExponentialHistogramDataPoint:
    '1 attributes KeyValue*, 2 start_time_unix_nano l, 3 time_unix_nano l, 4 count l, 5 sum l, 6 scale v, ' +
    '7 zero_count l, 8 positive Buckets, 9 negative Buckets, 10 flags v, 11 exemplars Exemplar*, 12 min l, 13 max l, ' +
    '14 zero_threshold l',
  Buckets: '1 offset v, 2 bucket_counts V',
  SummaryDataPoint:
    '7 attributes KeyValue*, 2 start_time_unix_nano l, 3 time_unix_nano l, 4 count l, 5 sum l, ' +
    '6 quantile_values ValueAtQuantile*, 8 flags v',
  ValueAtQuantile: '1 quantile l, 2 value l',
  Exemplar:
    '7 filtered_attributes KeyValue*, 2 time_unix_nano l, 3 as_double l|value, 6 as_int l|value, 4 span_id b, 5 trace_id b',

  ExportLogsServiceRequest: '1 resource_logs ResourceLogs*',
  ResourceLogs: '1 resource Resource, 2 scope_logs ScopeLogs*, 3 schema_url t',
  ScopeLogs: '1 scope InstrumentationScope, 2 log_records LogRecord*, 3 schema_url t',
  LogRecord:
    '1 time_unix_nano l, 11 observed_time_unix_nano l, 2 severity_number v, 3 severity_text t, 5 body AnyValue, ' +
    '6 attributes KeyValue*, 7 dropped_attributes_count v, 8 flags i, 9 trace_id b, 10 span_id b, 12 event_name t',

  Resource: '1 attributes KeyValue*, 2 dropped_attributes_count v, 3 entity_refs EntityRef*',
  EntityRef: '1 schema_url t, 2 type t, 3 id_keys t*, 4 description_keys t*',
  InstrumentationScope: '1 name t, 2 version t, 3 attributes KeyValue*, 4 dropped_attributes_count v',
  KeyValue: '1 key t, 2 value AnyValue',
  AnyValue:
    '1 string_value t|value, 2 bool_value v|value, 3 int_value v|value, 4 double_value l|value, ' +
    '5 array_value ArrayValue|value, 6 kvlist_value KeyValueList|value, 7 bytes_value b|value',
  ArrayValue: '1 values AnyValue*',
  KeyValueList: '1 values KeyValue*',
}

function field(text: string): Field {
  const [number, name, type] = text.trim().split(' ')
  const [repeatedType, oneof] = type!.split('|')
  const bare = repeatedType!.replace('*', '')
  const kind = KINDS[bare] ?? 'message'
  return {
    number: Number(number),
    name: name!,
    kind,
    message: kind === 'message' ? bare : null,
    isRepeated: repeatedType!.endsWith('*') || kind.startsWith('packed'),
    oneof: oneof ?? null,
  }
}

/** Every message by its name in the .proto files (without the package). */
export const MESSAGES: ReadonlyMap<string, Message> = new Map(
  Object.entries(TABLE).map(([name, fields]) => [name, fields.split(',').map(field)]),
)

/** The fields of `name`; a name that is not in the table is a mistake in this program. */
export function message(name: string): Message {
  const found = MESSAGES.get(name)
  if (found === undefined) throw new Error(`no message ${name} in the OTLP table`)
  return found
}
