import { AppError } from '../../src/errors/app-error.ts'
import type { Signal } from '../../src/otlp/signal.ts'
import { type Field, type FieldKind, message } from '../../src/otlp/wire/schema.ts'
import { makeKeyTable } from './key-table.ts'
import { ROOTS, resolveWays, type Way } from './path.ts'
import { parsePath, type ValueStep } from './path-text.ts'
import { compilePattern } from './pattern.ts'
import {
  type CompiledRule,
  type DropTest,
  type KeyTable,
  type MessagePlan,
  OP,
  type ValuePlan,
} from './plan.ts'
import { encodedText, encodedValue } from './put.ts'
import type { MaskRule } from './rule.ts'

/** One rule on one way through the messages. */
export interface Thread {
  readonly rule: CompiledRule
  readonly way: Way
  readonly value: readonly ValueStep[]
}

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

/** Rules in their order (priority, then as written), without those that are off or of other signals. */
export function threadsOf(signal: Signal, rules: readonly MaskRule[]): Thread[] {
  const threads: Thread[] = []
  for (const [index, rule] of rules.entries()) {
    if (!rule.enabled || (rule.signal !== 'ALL' && rule.signal.toLowerCase() !== signal)) continue
    const path = parsePath(rule.path)
    const compiled = compileRule(rule, index)
    for (const way of resolveWays(signal, path)) threads.push({ rule: compiled, way, value: path.value })
  }
  const priority = (thread: Thread): number => rules[thread.rule.index]!.priority
  return threads.sort((a, b) => priority(a) - priority(b) || a.rule.index - b.rule.index)
}

function compileRule(rule: MaskRule, index: number): CompiledRule {
  const replacement = new TextEncoder().encode(rule.replacement)
  const { pattern } = parsePath(rule.path)
  return {
    index,
    id: rule.id,
    action: rule.action,
    onError: rule.onError,
    pattern: pattern === null ? null : compilePattern(pattern.source, pattern.flags),
    replacement: rule.replacement,
    asValue: encodedValue(replacement),
    asText: encodedText(replacement),
    fillByte: replacement[0] ?? 0,
    needsContent: pattern !== null || rule.action === 'HASH',
  }
}

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

/** A rule and how many of its value steps are taken. */
interface Position {
  readonly thread: Thread
  readonly step: number
}

function compileKeys(threads: readonly Thread[]): KeyTable | null {
  if (threads.length === 0) return null
  return tableOf(
    threads.map((thread) => ({ thread, step: 0 })),
    new Map(),
  )
}

function compileValues(threads: readonly Thread[]): ValuePlan | null {
  if (threads.length === 0) return null
  return valuePlan(
    threads.map((thread) => ({ thread, step: 0 })),
    new Map(),
  )
}

/** Plans by the positions they stand for: a REGEX_MASK rule stays in force however deep, so plans may hold themselves. */
type Known = Map<string, ValuePlan>

function valuePlan(positions: readonly Position[], known: Known): ValuePlan | null {
  if (positions.length === 0) return null
  const id = positions.map(({ thread, step }) => `${thread.rule.index}:${step}`).join()
  const found = known.get(id)
  if (found !== undefined) return found
  const plan: { rules: readonly CompiledRule[]; inside: KeyTable | null } = { rules: [], inside: null }
  known.set(id, plan)
  const isFinal = ({ thread, step }: Position): boolean => step === thread.value.length
  plan.rules = positions.filter(isFinal).map(({ thread }) => thread.rule)
  const deeper = positions.filter((each) => !isFinal(each) || each.thread.rule.action === 'REGEX_MASK')
  if (deeper.length > 0) plan.inside = tableOf(deeper, known)
  return plan
}

function tableOf(positions: readonly Position[], known: Known): KeyTable {
  const keys = new Set<string>()
  for (const { thread, step } of positions) {
    const key = thread.value[step]
    if (typeof key === 'string') keys.add(key)
  }
  const entries = new Map<string, ValuePlan>()
  for (const key of keys) entries.set(key, valuePlan(advanced(positions, key), known)!)
  return makeKeyTable(entries, valuePlan(advanced(positions, null), known))
}

/** Positions behind a step to `key`; null: to any key that no rule names. */
function advanced(positions: readonly Position[], key: ValueStep): Position[] {
  return positions.flatMap(({ thread, step }) => {
    const wanted = thread.value[step]
    if (wanted === undefined) return [{ thread, step }]
    return wanted === null || wanted === key ? [{ thread, step: step + 1 }] : []
  })
}

/** Refuses rules that change lengths, for a masker that may not. */
export function refuseReframing(rules: readonly MaskRule[]): void {
  const found = rules.find(
    (rule) => rule.enabled && (rule.action !== 'REDACT_FILL' || rule.onError === 'drop'),
  )
  if (found === undefined) return
  throw new AppError(
    'CONFIG',
    `expected only rules that keep lengths, since reframing is off; rule ${found.id} has ${found.action}` +
      (found.action === 'REDACT_FILL' ? ' with onError drop' : ''),
    { hint: 'use REDACT_FILL with onError skip or fail, or set GATEWAY_ENABLE_REFRAME=true' },
  )
}
