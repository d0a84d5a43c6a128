import type { MaskRule } from '../../../../gateway/mask/rule.ts'
import type { Signal } from '../../../../src/otlp/signal.ts'
import { KEYS, type Random } from './payloads.ts'

/** A rule both as the masker gets it and taken apart for the reference. */
export interface RuleCase extends MaskRule {
  /** Field names of the .proto files, from the request down to what is masked; all ways that the path means. */
  readonly ways: readonly (readonly string[])[]
  readonly value: readonly (string | null)[]
  readonly pattern: string | null
}

interface Target {
  readonly path: string
  readonly ways: readonly string[]
  readonly kind: 'list' | 'text' | 'value' | 'message'
}

const KINDS = ['gauge', 'sum', 'histogram', 'exponential_histogram', 'summary']
const POINTS = KINDS.map((kind) => `resource_metrics.scope_metrics.metrics.${kind}.data_points`)
const EXEMPLARS = POINTS.slice(0, 4).map((points) => `${points}.exemplars`)

const SPANS = 'resource_spans.scope_spans.spans'
const RECORDS = 'resource_logs.scope_logs.log_records'

function common(resource: string, scope: string): Target[] {
  return [
    { path: 'resource.attributes', ways: [`${resource}.resource.attributes`], kind: 'list' },
    { path: `${resource}[*].resource.attributes`, ways: [`${resource}.resource.attributes`], kind: 'list' },
    { path: 'scope.attributes', ways: [`${resource}.${scope}.scope.attributes`], kind: 'list' },
    { path: 'scope.name', ways: [`${resource}.${scope}.scope.name`], kind: 'text' },
    { path: `${scope.replace('_', '')}[*]`, ways: [`${resource}.${scope}`], kind: 'message' },
    {
      path: 'resource.entityRefs[*].idKeys',
      ways: [`${resource}.resource.entity_refs.id_keys`],
      kind: 'text',
    },
    { path: `${resource.toUpperCase()}.schemaUrl`, ways: [`${resource}.schema_url`], kind: 'text' },
  ]
}

const TARGETS: Readonly<Record<Signal, readonly Target[]>> = {
  traces: [
    ...common('resource_spans', 'scope_spans'),
    { path: 'spans[*].attributes', ways: [`${SPANS}.attributes`], kind: 'list' },
    { path: 'scopeSpans[*].spans[*].attributes', ways: [`${SPANS}.attributes`], kind: 'list' },
    { path: 'spans.name', ways: [`${SPANS}.name`], kind: 'text' },
    { path: 'span.status.message', ways: [`${SPANS}.status.message`], kind: 'text' },
    { path: 'spans.trace_state', ways: [`${SPANS}.trace_state`], kind: 'text' },
    { path: 'spans.events[*].attributes', ways: [`${SPANS}.events.attributes`], kind: 'list' },
    { path: 'events.name', ways: [`${SPANS}.events.name`], kind: 'text' },
    { path: 'links[*].attributes', ways: [`${SPANS}.links.attributes`], kind: 'list' },
    { path: 'links[*].traceState', ways: [`${SPANS}.links.trace_state`], kind: 'text' },
    { path: 'spans.links', ways: [`${SPANS}.links`], kind: 'message' },
  ],
  metrics: [
    ...common('resource_metrics', 'scope_metrics'),
    { path: 'metrics[*].metadata', ways: ['resource_metrics.scope_metrics.metrics.metadata'], kind: 'list' },
    {
      path: 'metric.description',
      ways: ['resource_metrics.scope_metrics.metrics.description'],
      kind: 'text',
    },
    { path: 'dataPoints[*].attributes', ways: POINTS.map((way) => `${way}.attributes`), kind: 'list' },
    { path: 'metrics.dataPoints.attributes', ways: POINTS.map((way) => `${way}.attributes`), kind: 'list' },
    { path: 'metrics.sum.dataPoints.attributes', ways: [`${POINTS[1]}.attributes`], kind: 'list' },
    {
      path: 'exemplars[*].attributes',
      ways: EXEMPLARS.map((way) => `${way}.filtered_attributes`),
      kind: 'list',
    },
    { path: 'dataPoints.exemplars', ways: EXEMPLARS, kind: 'message' },
    { path: 'metrics.dataPoints', ways: POINTS, kind: 'message' },
  ],
  logs: [
    ...common('resource_logs', 'scope_logs'),
    { path: 'logRecords[*].attributes', ways: [`${RECORDS}.attributes`], kind: 'list' },
    { path: 'logRecords.body', ways: [`${RECORDS}.body`], kind: 'value' },
    { path: 'body', ways: [`${RECORDS}.body`], kind: 'value' },
    { path: 'log_records.severity_text', ways: [`${RECORDS}.severity_text`], kind: 'text' },
    { path: 'logRecord.eventName', ways: [`${RECORDS}.event_name`], kind: 'text' },
  ],
}

/** Patterns with one meaning in every engine of regular expressions. */
const PATTERNS = ['secret', '[0-9]+', '^a$', 'tenant-\\d{4}', '[\\w.]+@[\\w.]+', 'GET|true|0', 'é']

/** One to four rules of `signal`. `isLimited`: what to do when operations run out matters, so all answers come up. */
export function ruleCases(signal: Signal, random: Random): RuleCase[] {
  return Array.from({ length: 1 + random(4) }, (_, index) => ruleCase(signal, index, random)).sort(
    (a, b) => a.priority - b.priority,
  )
}

function ruleCase(signal: Signal, index: number, random: Random): RuleCase {
  const targets = TARGETS[signal]
  let target = targets[random(targets.length)]!
  while (target.kind === 'message' && random(3) > 0) target = targets[random(targets.length)]!
  const action = actionOf(target, random)
  const value = target.kind === 'list' || target.kind === 'value' ? steps(target.kind, random) : []
  const needsPattern = action === 'REGEX_MASK'
  const hasPattern = target.kind !== 'message' && (needsPattern || random(4) === 0)
  const pattern = hasPattern ? PATTERNS[random(PATTERNS.length)]! : null
  return {
    id: `rule-${index}`,
    signal: signal.toUpperCase() as MaskRule['signal'],
    action,
    path: `${target.path}${value.map(stepText).join('')}${pattern === null ? '' : ` =~ /${pattern}/`}`,
    replacement: replacementOf(action, random),
    priority: random(3),
    onError: (['skip', 'skip', 'drop', 'fail'] as const)[random(4)]!,
    enabled: true,
    ways: target.ways.map((way) => way.split('.')) as unknown as string[][],
    value,
    pattern,
  }
}

function actionOf(target: Target, random: Random): MaskRule['action'] {
  if (target.kind === 'message') return 'DROP'
  return (
    [
      'REDACT_MASK',
      'REDACT_MASK',
      'REDACT_FILL',
      'REGEX_MASK',
      'REGEX_MASK',
      'HASH',
      'DELETE',
      'DROP',
    ] as const
  )[random(8)]!
}

function replacementOf(action: string, random: Random): string {
  if (action === 'REDACT_FILL') return '~'
  if (action === 'REDACT_MASK' || action === 'REGEX_MASK') return ['##########', '***', '', 'µ'][random(4)]!
  return ''
}

function steps(kind: 'list' | 'value', random: Random): (string | null)[] {
  const count = kind === 'list' ? 1 + random(3) : random(3)
  return Array.from({ length: count }, () => (random(3) === 0 ? null : KEYS[random(KEYS.length)]!))
}

function stepText(step: string | null, index: number): string {
  if (step === null) return '[*]'
  if (index === 0 && /^[\w.]+$/.test(step)) return `.${step}`
  return `["${step.replaceAll('"', '\\"')}"]`
}
