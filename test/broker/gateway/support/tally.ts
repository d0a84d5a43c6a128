import type { Signal } from '../../../../src/otlp/signal.ts'
import { referenceOf } from '../../../support/otlp-reference.ts'
import type { Sink } from './sink.ts'

/** The attribute that senders set to `SECRET` on resources and on records, and that the gateway masks. */
export const SECRET_KEY = 'tenant_id'
/** As a value of the wire: found in no body that was masked. */
export const SECRET = 'secret-tenant-0815'
/** Of another length than the secret: every request is reframed. */
export const MASK = '##########'

const RULES: readonly (readonly [string, string])[] = [
  ['TRACES', `resource.attributes.${SECRET_KEY}`],
  ['TRACES', `scopeSpans[*].spans[*].attributes.${SECRET_KEY}`],
  ['METRICS', `resource.attributes.${SECRET_KEY}`],
  ['METRICS', `dataPoints[*].attributes.${SECRET_KEY}`],
  ['LOGS', `resource.attributes.${SECRET_KEY}`],
  ['LOGS', `logRecords[*].attributes.${SECRET_KEY}`],
]

/** Settings with which the gateway masks the secret everywhere a sender of these tests puts it. */
export const MASKING: Readonly<Record<string, string>> = {
  GATEWAY_MASKING_RULES: RULES.map(
    ([signal, path], i) => `mask-${i}|${signal}|REDACT_MASK|${path}|${MASK}|${i}|fail|true`,
  ).join(';'),
  GATEWAY_MASKING_MAX_OPS_PER_PACKET: '1000000',
}

/** What arrived of one signal, read by a decoder of another library. */
export interface Tally {
  readonly requests: number
  readonly records: number
  /** How often each record arrived: by span name, log body, or the data point's attribute `number`. */
  readonly names: ReadonlyMap<string, number>
  /** Different span ids, of traces. */
  readonly spanIds: ReadonlySet<string>
  /** Values of the secret attribute, on resources and on records. */
  readonly masked: { readonly resources: ReadonlySet<string>; readonly records: ReadonlySet<string> }
  /** Whether the secret's bytes stand in any request. */
  readonly leaks: boolean
}

/** A message as the decoder gives it. */
type Tree = { readonly [field: string]: unknown }

const FIELDS = {
  traces: ['resourceSpans', 'scopeSpans', 'spans'],
  metrics: ['resourceMetrics', 'scopeMetrics', 'metrics'],
  logs: ['resourceLogs', 'scopeLogs', 'logRecords'],
} as const

const POINTS = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary']

export function tallyOf(sink: Sink, signal: Signal): Tally {
  const names = new Map<string, number>()
  const resources = new Set<string>()
  const values = new Set<string>()
  const spanIds = new Set<string>()
  const bodies = sink.bodies(signal)
  const [resourceField, scopeField, recordField] = FIELDS[signal]
  let records = 0
  const count = (record: Tree) => {
    const name = nameOf(signal, record)
    records++
    names.set(name, (names.get(name) ?? 0) + 1)
    if (signal === 'traces') spanIds.add(String(record.spanId))
    note(values, record)
  }
  for (const body of bodies)
    for (const entry of list(referenceOf(signal).decode(body), resourceField)) {
      note(resources, member(entry, 'resource'))
      for (const scope of list(entry, scopeField))
        for (const item of list(scope, recordField))
          for (const record of signal === 'metrics' ? pointsOf(item) : [item]) count(record)
    }
  const leaks = bodies.some((body) => Buffer.from(body).includes(SECRET))
  return { requests: bodies.length, records, names, spanIds, masked: { resources, records: values }, leaks }
}

function list(tree: Tree, field: string): readonly Tree[] {
  return (tree[field] as readonly Tree[] | undefined) ?? []
}

function member(tree: Tree, field: string): Tree {
  return (tree[field] as Tree | null | undefined) ?? {}
}

function pointsOf(metric: Tree): Tree[] {
  return POINTS.flatMap((kind) => list(member(metric, kind), 'dataPoints'))
}

function nameOf(signal: Signal, record: Tree): string {
  if (signal === 'traces') return String(record.name)
  if (signal === 'logs') return String(member(record, 'body').stringValue)
  const number = list(record, 'attributes').find(({ key }) => key === 'number')
  return String(member(number ?? {}, 'value').stringValue)
}

function note(into: Set<string>, carrier: Tree): void {
  for (const attribute of list(carrier, 'attributes'))
    if (attribute.key === SECRET_KEY) into.add(String(member(attribute, 'value').stringValue))
}

/** The names `PREFIX-0` … `PREFIX-(count − 1)`, each once: what a whole, single delivery looks like. */
export function eachOnce(prefix: string, count: number): Map<string, number> {
  return new Map(Array.from({ length: count }, (_, i) => [`${prefix}-${i}`, 1]))
}
