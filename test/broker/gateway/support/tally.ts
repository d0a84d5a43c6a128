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
  /** Values of the secret attribute, on resources and on records. */
  readonly masked: { readonly resources: ReadonlySet<string>; readonly records: ReadonlySet<string> }
  /** Whether the secret's bytes stand in any request. */
  readonly leaks: boolean
}

type Tree = Record<string, any>

const FIELDS = {
  traces: ['resourceSpans', 'scopeSpans', 'spans'],
  metrics: ['resourceMetrics', 'scopeMetrics', 'metrics'],
  logs: ['resourceLogs', 'scopeLogs', 'logRecords'],
} as const

export function tallyOf(sink: Sink, signal: Signal): Tally {
  const names = new Map<string, number>()
  const resources = new Set<string>()
  const values = new Set<string>()
  const bodies = sink.bodies(signal)
  const [resourceField, scopeField, recordField] = FIELDS[signal]
  let records = 0
  for (const body of bodies) {
    for (const resource of referenceOf(signal).decode(body)[resourceField] as Tree[]) {
      note(resources, resource.resource?.attributes)
      for (const scope of resource[scopeField] as Tree[])
        for (const item of scope[recordField] as Tree[])
          for (const record of signal === 'metrics' ? pointsOf(item) : [item]) {
            const name = nameOf(signal, record)
            records++
            names.set(name, (names.get(name) ?? 0) + 1)
            note(values, record.attributes)
          }
    }
  }
  const leaks = bodies.some((body) => Buffer.from(body).includes(SECRET))
  return { requests: bodies.length, records, names, masked: { resources, records: values }, leaks }
}

function pointsOf(metric: Tree): Tree[] {
  const kinds = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary']
  return kinds.flatMap((kind) => (metric[kind]?.dataPoints ?? []) as Tree[])
}

function nameOf(signal: Signal, record: Tree): string {
  if (signal === 'traces') return record.name as string
  if (signal === 'logs') return String(record.body?.stringValue)
  const number = (record.attributes as Tree[]).find(({ key }) => key === 'number')
  return String(number?.value.stringValue ?? number?.value.intValue)
}

function note(into: Set<string>, attributes: Tree[] | undefined): void {
  for (const { key, value } of attributes ?? []) if (key === SECRET_KEY) into.add(String(value.stringValue))
}

/** The names `PREFIX-0` … `PREFIX-(count − 1)`, each once: what a whole, single delivery looks like. */
export function eachOnce(prefix: string, count: number): Map<string, number> {
  return new Map(Array.from({ length: count }, (_, i) => [`${prefix}-${i}`, 1]))
}
