import { create, createFileRegistry, type DescField, type DescMessage } from '@bufbuild/protobuf'
import {
  type FieldDescriptorProto,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt'

// OTLP's messages for the reference masker, written down a second time on purpose: a mistake in the product's table
// must not be repeated here. Texts are declared as bytes so that invalid UTF-8 is neither refused nor lost, enums as
// int32, and everything optional, so that an explicit zero stays different from none.

const PACKAGE = 'otlp'

const TEXT = `
ExportTraceServiceRequest { rep ResourceSpans resource_spans = 1 }
ResourceSpans { Resource resource = 1; rep ScopeSpans scope_spans = 2; string schema_url = 3 }
ScopeSpans { InstrumentationScope scope = 1; rep Span spans = 2; string schema_url = 3 }
Span { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5;
  int32 kind = 6; fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; rep KeyValue attributes = 9;
  uint32 dropped_attributes_count = 10; rep Event events = 11; uint32 dropped_events_count = 12; rep Link links = 13;
  uint32 dropped_links_count = 14; Status status = 15; fixed32 flags = 16 }
Event { fixed64 time_unix_nano = 1; string name = 2; rep KeyValue attributes = 3; uint32 dropped_attributes_count = 4 }
Link { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; rep KeyValue attributes = 4;
  uint32 dropped_attributes_count = 5; fixed32 flags = 6 }
Status { string message = 2; int32 code = 3 }
ExportMetricsServiceRequest { rep ResourceMetrics resource_metrics = 1 }
ResourceMetrics { Resource resource = 1; rep ScopeMetrics scope_metrics = 2; string schema_url = 3 }
ScopeMetrics { InstrumentationScope scope = 1; rep Metric metrics = 2; string schema_url = 3 }
Metric { string name = 1; string description = 2; string unit = 3; data:Gauge gauge = 5; data:Sum sum = 7;
  data:Histogram histogram = 9; data:ExponentialHistogram exponential_histogram = 10; data:Summary summary = 11;
  rep KeyValue metadata = 12 }
Gauge { rep NumberDataPoint data_points = 1 }
Sum { rep NumberDataPoint data_points = 1; int32 aggregation_temporality = 2; bool is_monotonic = 3 }
Histogram { rep HistogramDataPoint data_points = 1; int32 aggregation_temporality = 2 }
ExponentialHistogram { rep ExponentialHistogramDataPoint data_points = 1; int32 aggregation_temporality = 2 }
Summary { rep SummaryDataPoint data_points = 1 }
NumberDataPoint { rep KeyValue attributes = 7; fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3;
  value:double as_double = 4; value:sfixed64 as_int = 6; rep Exemplar exemplars = 5; uint32 flags = 8 }
HistogramDataPoint { rep KeyValue attributes = 9; fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3;
  fixed64 count = 4; double sum = 5; rep fixed64 bucket_counts = 6; rep double explicit_bounds = 7;
  rep Exemplar exemplars = 8; uint32 flags = 10; double min = 11; double max = 12 }
ExponentialHistogramDataPoint { rep KeyValue attributes = 1; fixed64 start_time_unix_nano = 2;
  fixed64 time_unix_nano = 3; fixed64 count = 4; double sum = 5; sint32 scale = 6; fixed64 zero_count = 7;
  Buckets positive = 8; Buckets negative = 9; uint32 flags = 10; rep Exemplar exemplars = 11; double min = 12;
  double max = 13; double zero_threshold = 14 }
Buckets { sint32 offset = 1; rep uint64 bucket_counts = 2 }
SummaryDataPoint { rep KeyValue attributes = 7; fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3;
  fixed64 count = 4; double sum = 5; rep ValueAtQuantile quantile_values = 6; uint32 flags = 8 }
ValueAtQuantile { double quantile = 1; double value = 2 }
Exemplar { rep KeyValue filtered_attributes = 7; fixed64 time_unix_nano = 2; value:double as_double = 3;
  value:sfixed64 as_int = 6; bytes span_id = 4; bytes trace_id = 5 }
ExportLogsServiceRequest { rep ResourceLogs resource_logs = 1 }
ResourceLogs { Resource resource = 1; rep ScopeLogs scope_logs = 2; string schema_url = 3 }
ScopeLogs { InstrumentationScope scope = 1; rep LogRecord log_records = 2; string schema_url = 3 }
LogRecord { fixed64 time_unix_nano = 1; fixed64 observed_time_unix_nano = 11; int32 severity_number = 2;
  string severity_text = 3; AnyValue body = 5; rep KeyValue attributes = 6; uint32 dropped_attributes_count = 7;
  fixed32 flags = 8; bytes trace_id = 9; bytes span_id = 10; string event_name = 12 }
Resource { rep KeyValue attributes = 1; uint32 dropped_attributes_count = 2; rep EntityRef entity_refs = 3 }
EntityRef { string schema_url = 1; string type = 2; rep string id_keys = 3; rep string description_keys = 4 }
InstrumentationScope { string name = 1; string version = 2; rep KeyValue attributes = 3;
  uint32 dropped_attributes_count = 4 }
KeyValue { string key = 1; AnyValue value = 2 }
AnyValue { value:string string_value = 1; value:bool bool_value = 2; value:int64 int_value = 3;
  value:double double_value = 4; value:ArrayValue array_value = 5; value:KeyValueList kvlist_value = 6;
  value:bytes bytes_value = 7 }
ArrayValue { rep AnyValue values = 1 }
KeyValueList { rep KeyValue values = 1 }
`

const TYPES: Readonly<Record<string, FieldDescriptorProto_Type>> = {
  string: FieldDescriptorProto_Type.BYTES,
  bytes: FieldDescriptorProto_Type.BYTES,
  int32: FieldDescriptorProto_Type.INT32,
  uint32: FieldDescriptorProto_Type.UINT32,
  sint32: FieldDescriptorProto_Type.SINT32,
  int64: FieldDescriptorProto_Type.INT64,
  uint64: FieldDescriptorProto_Type.UINT64,
  fixed32: FieldDescriptorProto_Type.FIXED32,
  fixed64: FieldDescriptorProto_Type.FIXED64,
  sfixed64: FieldDescriptorProto_Type.SFIXED64,
  double: FieldDescriptorProto_Type.DOUBLE,
  bool: FieldDescriptorProto_Type.BOOL,
}

/** `Message.field` of every field that is text in OTLP. */
export const TEXT_FIELDS = new Set<string>()

function fieldOf(message: string, text: string): FieldDescriptorProto {
  const parts = text.trim().split(/\s+/)
  const isRepeated = parts[0] === 'rep'
  const [typed, name, , number] = isRepeated ? parts.slice(1) : parts
  const [oneof, type] = typed!.includes(':') ? typed!.split(':') : [undefined, typed]
  if (type === 'string') TEXT_FIELDS.add(`${message}.${name}`)
  const scalar = TYPES[type!]
  return create(FieldDescriptorProtoSchema, {
    name: name!,
    number: Number(number),
    label: isRepeated ? FieldDescriptorProto_Label.REPEATED : FieldDescriptorProto_Label.OPTIONAL,
    type: scalar ?? FieldDescriptorProto_Type.MESSAGE,
    ...(scalar === undefined ? { typeName: `.${PACKAGE}.${type}` } : {}),
    ...(oneof === undefined ? {} : { oneofIndex: 0 }),
  })
}

function build() {
  const messages = [...TEXT.matchAll(/(\w+) \{([^}]*)\}/g)].map(([, name, body]) => {
    const fields = body!.split(';').map((text) => fieldOf(name!, text))
    const oneof = /(\w+):/.exec(body!)?.[1]
    return { name: name!, field: fields, oneofDecl: oneof === undefined ? [] : [{ name: oneof }] }
  })
  const file = create(FileDescriptorProtoSchema, {
    name: 'otlp.proto',
    package: PACKAGE,
    syntax: 'proto2',
    messageType: messages,
  })
  return createFileRegistry(create(FileDescriptorSetSchema, { file: [file] }))
}

const registry = build()

const known = new Map<string, DescMessage>()

/** The descriptor of an OTLP message by its name in the .proto files. */
export function descriptor(name: string): DescMessage {
  const found = known.get(name) ?? registry.getMessage(`${PACKAGE}.${name}`)
  if (found === undefined) throw new Error(`no message ${name}`)
  known.set(name, found)
  return found
}

/** The message a field holds, by name; undefined for scalars. */
export function messageOf(field: DescField): string | undefined {
  return field.message?.name
}
