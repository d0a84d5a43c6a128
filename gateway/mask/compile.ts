import type { Signal } from '../../src/otlp/signal.ts'
import { type Field, type FieldKind, message } from '../../src/otlp/wire/schema.ts'
import { compileKeys, compileValues } from './compile-values.ts'
import { ROOTS } from './path.ts'
import {
  type CompiledRule,
  type DropTest,
  type KeyTable,
  type MessagePlan,
  OP,
  type ValuePlan,
} from './plan.ts'
import type { Thread } from './threads.ts'

const WIRE_TYPES: Readonly<Record<FieldKind, number>> = {
  varint: 0,
  fixed64: 1,
  bytes: 2,
  text: 2,
  'packed-fixed64': 2,
  'packed-varint': 2,
  message: 2,
  fixed32: 5,
}

/** Messages that a rule may remove. */
const UNITS =
  /^(Resource(Spans|Metrics|Logs)|Scope(Spans|Metrics|Logs)|Span|Event|Link|Metric|\w+DataPoint|Exemplar|LogRecord)$/
const RECORDS = /^(Span|\w+DataPoint|LogRecord)$/
/** Messages that are nothing without the records in them. */
const CARRIERS =
  /^(Resource(Spans|Metrics|Logs)|Scope(Spans|Metrics|Logs)|Metric|Gauge|Sum|Histogram|ExponentialHistogram|Summary)$/
const TAGS = 256

/** The plan of a signal's request. */
export function compileSignal(signal: Signal, threads: readonly Thread[]): MessagePlan {
  return compileMessage(ROOTS[signal], threads, 0, new Map())
}

/** Plans without rules, shared by all that need them. */
type Checks = Map<string, MessagePlan>

function compileMessage(
  name: string,
  threads: readonly Thread[],
  depth: number,
  checks: Checks,
): MessagePlan {
  if (threads.length === 0 && checks.has(name)) return checks.get(name)!
  const drops = threads.filter((thread) => thread.rule.action === 'DROP' && isUnitOf(name, thread, depth))
  const rest = threads.filter((thread) => !drops.includes(thread))
  const ops = new Uint8Array(TAGS)
  const empty = <T>(): (T | null)[] => new Array<T | null>(TAGS).fill(null)
  const children = empty<MessagePlan>()
  const tables = empty<KeyTable>()
  const values = empty<ValuePlan>()
  const texts = empty<readonly CompiledRule[]>()
  for (let tag = 0; tag < 8; tag++) ops[tag] = OP.BAD
  for (const field of message(name)) {
    const tag = tagOf(field)
    const below = rest.filter((thread) => thread.way[depth] === field)
    for (let wire = 0; wire < 8; wire++) ops[field.number * 8 + wire] = OP.BAD
    ops[tag] = opOf(field, below.length > 0)
    if (field.kind === 'packed-fixed64') ops[field.number * 8 + 1] = OP.FIXED64
    else if (field.kind === 'packed-varint') ops[field.number * 8] = OP.VARINT
    else if (field.message === 'KeyValue') tables[tag] = compileKeys(below)
    else if (field.message === 'AnyValue') values[tag] = compileValues(below)
    else if (field.message !== null) children[tag] = compileMessage(field.message, below, depth + 1, checks)
    else if (below.length > 0) texts[tag] = below.map((thread) => thread.rule)
  }
  const groups = singularGroups(name, threads, depth)
  const plan: MessagePlan = {
    name,
    ops,
    children,
    tables,
    values,
    texts,
    canChange: threads.length > 0,
    isRecord: RECORDS.test(name),
    isCarrier: RECORDS.test(name) || CARRIERS.test(name),
    groups,
    hasGroups: groups.some((group) => group >= 0),
    drops: drops.map((thread) => dropTest(thread, depth)),
    catchesDrop: UNITS.test(name) && rest.some((thread) => thread.rule.onError === 'drop'),
    check: threads.length > 0 ? compileMessage(name, [], depth, checks) : null,
  }
  if (threads.length === 0) checks.set(name, plan)
  return plan
}

function opOf(field: Field, hasRules: boolean): number {
  switch (field.kind) {
    case 'varint':
      return OP.VARINT
    case 'fixed64':
      return OP.FIXED64
    case 'fixed32':
      return OP.FIXED32
    case 'bytes':
      return OP.BYTES
    case 'text':
      return hasRules ? OP.TEXT : OP.BYTES
    case 'packed-fixed64':
      return OP.PACKED_FIXED64
    case 'packed-varint':
      return OP.PACKED_VARINT
    case 'message':
      if (field.message === 'KeyValue') return OP.KEY_VALUE
      if (field.message === 'AnyValue') return OP.ANY_VALUE
      return hasRules && UNITS.test(field.message!) ? OP.UNIT : OP.MESSAGE
  }
}

function tagOf(field: Field): number {
  return field.number * 8 + WIRE_TYPES[field.kind]
}

/**
 * Groups of fields of which only the last counts and that rules look at: texts, messages that hold them, bodies, and all
 * kinds of data of a metric. What they put out would come back to life if they were deleted or dropped.
 */
function singularGroups(name: string, threads: readonly Thread[], depth: number): Int8Array {
  const groups = new Int8Array(TAGS).fill(-1)
  if (threads.length === 0) return groups
  const holdsNamed = (field: Field): boolean =>
    threads.some(
      ({ way }) => way[depth] === field && (way.at(-1)!.kind === 'text' || field.message === 'AnyValue'),
    )
  let next = 1
  for (const field of message(name)) {
    if (field.oneof !== null && field.message !== null) groups[tagOf(field)] = 0
  }
  for (const field of message(name)) {
    if (!field.isRepeated && groups[tagOf(field)] === -1 && holdsNamed(field)) groups[tagOf(field)] = next++
  }
  return groups
}

/** Whether `name`, `depth` fields down the way, is the innermost message on it that can be removed. */
function isUnitOf(name: string, thread: Thread, depth: number): boolean {
  return UNITS.test(name) && !thread.way.slice(depth).some((field) => UNITS.test(field.message ?? ''))
}

function dropTest(thread: Thread, depth: number): DropTest {
  const tail = thread.way.slice(depth)
  const last = tail.at(-1)
  const encoder = new TextEncoder()
  return {
    rule: thread.rule,
    tags: tail.map(tagOf),
    target: targetOf(last),
    isSingular: tail.every((field) => !field.isRepeated),
    value: thread.value.map((step) => (step === null ? null : encoder.encode(step))),
  }
}

function targetOf(field: Field | undefined): DropTest['target'] {
  if (field === undefined) return 'message'
  if (field.message === 'KeyValue') return 'list'
  if (field.message === 'AnyValue') return 'value'
  return field.kind === 'text' ? 'text' : 'message'
}
