import { descriptor, messageOf, TEXT_FIELDS } from './descriptor.ts'

/** A number from 0 to `below` - 1. */
export type Random = (below: number) => number

/** A small generator with a seed (mulberry32), so that a finding can be had again. */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

export const ROOTS = {
  traces: 'ExportTraceServiceRequest',
  metrics: 'ExportMetricsServiceRequest',
  logs: 'ExportLogsServiceRequest',
} as const

export const KEYS = [
  'tenant_id',
  'user.email',
  'a',
  'b',
  '',
  'http.request.method',
  'ключ "q"',
  'k'.repeat(130),
]
export const TEXTS = [
  'tenant-0001',
  'secret@example.org',
  '',
  'GET',
  '##########',
  'a',
  'naïve é日本',
  'x'.repeat(126),
  'y'.repeat(127),
  'z'.repeat(128),
  'secret 1234 and secret 5678',
  'w'.repeat(300),
  'q'.repeat(17000),
]
/** How long a text takes for 16,387 bytes is a case of its own, and too long to come up often. */
const LONG_TEXT_ONE_IN = 200
const MAX_VALUE_DEPTH = 3

/** How far a payload goes from what senders write, of which each decoder makes the same nevertheless. */
export interface Oddities {
  /** Fields in any order, singular ones repeated, unknown ones added, lengths with leading zeros, packed or not. */
  readonly isOdd: boolean
}

/** Random bytes of a valid request: all fields, all types of values. */
export function payload(root: string, random: Random, oddities: Oddities): Uint8Array {
  return Uint8Array.from(message(root, random, oddities.isOdd, 0))
}

function message(name: string, random: Random, isOdd: boolean, valueDepth: number): number[] {
  const parts: number[][] = []
  const fields = [...descriptor(name).fields].sort((a, b) => a.number - b.number)
  const chosen = name === 'AnyValue' || name === 'Metric' ? oneOf(fields, random, valueDepth) : fields
  for (const field of chosen) {
    const count = howMany(field.fieldKind === 'list', `${name}.${field.name}`, random, isOdd)
    if (
      field.fieldKind === 'list' &&
      field.listKind === 'scalar' &&
      !TEXT_FIELDS.has(`${name}.${field.name}`)
    ) {
      parts.push(...numbers(field.number, String(field.scalar), count, random, isOdd))
      continue
    }
    for (let i = 0; i < count; i++) {
      parts.push(single(name, field, random, isOdd, valueDepth))
    }
  }
  if (isOdd) {
    while (random(6) === 0) parts.push(unknown(random))
    if (random(3) === 0) shuffle(parts, random)
  }
  return parts.flat()
}

type Fields = ReturnType<typeof descriptor>['fields']

/** All plain fields and one member of the oneof; sometimes none. */
function oneOf(fields: Fields, random: Random, valueDepth: number): Fields {
  const members = fields.filter((field) => field.oneof !== undefined)
  const allowed =
    valueDepth > MAX_VALUE_DEPTH ? members.filter((field) => messageOf(field) === undefined) : members
  const pick = random(12) === 0 ? null : allowed[random(allowed.length)]!
  return fields.filter((field) => field.oneof === undefined || field === pick)
}

function howMany(isList: boolean, name: string, random: Random, isOdd: boolean): number {
  if (isList)
    return /resource|scope|spans|metrics|points|log_records/.test(name)
      ? random(4) === 0
        ? 2
        : 1
      : random(4) === 0
        ? 0
        : random(3)
  if (
    name === 'KeyValue.key' ||
    name.startsWith('AnyValue.') ||
    /^Metric\.(gauge|sum|hist|exp|summ)/.test(name)
  ) {
    return isOdd && random(12) === 0 ? random(3) : 1
  }
  if (
    name === 'KeyValue.value' ||
    name.endsWith('.resource') ||
    name.endsWith('.scope') ||
    name.endsWith('.body')
  ) {
    return isOdd && random(10) === 0 ? random(3) : 1
  }
  return isOdd && random(16) === 0 ? 2 : random(3) === 0 ? 1 : 0
}

function single(
  owner: string,
  field: Fields[number],
  random: Random,
  isOdd: boolean,
  valueDepth: number,
): number[] {
  const inner = messageOf(field)
  if (inner !== undefined) {
    const depth = inner === 'AnyValue' ? valueDepth + 1 : valueDepth
    return lengthDelimited(field.number, message(inner, random, isOdd, depth), random, isOdd)
  }
  const name = `${owner}.${field.name}`
  if (name === 'KeyValue.key') return text(field.number, KEYS[random(KEYS.length)]!, random, isOdd)
  if (TEXT_FIELDS.has(name)) return text(field.number, someText(random), random, isOdd)
  return scalar(field.number, wireOf(field), random, isOdd)
}

function someText(random: Random): string {
  const longest = TEXTS.length - 1
  return random(LONG_TEXT_ONE_IN) === 0 ? TEXTS[longest]! : TEXTS[random(longest)]!
}

function text(number: number, value: string, random: Random, isOdd: boolean): number[] {
  return lengthDelimited(number, [...Buffer.from(value)], random, isOdd)
}

/** Wire type of a scalar field's elements, by protobuf's numbers of types. */
function wireOf(field: Fields[number]): 'varint' | 'fixed64' | 'fixed32' | 'bytes' {
  const type = Number(field.scalar)
  if (type === 12) return 'bytes'
  if (type === 1 || type === 6 || type === 16) return 'fixed64'
  if (type === 7 || type === 15) return 'fixed32'
  return 'varint'
}

function scalar(number: number, wire: string, random: Random, isOdd: boolean): number[] {
  if (wire === 'bytes') return lengthDelimited(number, someBytes(random(12), random), random, isOdd)
  if (wire === 'fixed64') return [...varint(number * 8 + 1), ...someBytes(8, random)]
  if (wire === 'fixed32') return [...varint(number * 8 + 5), ...someBytes(4, random)]
  return [...varint(number * 8), ...someVarint(random)]
}

function numbers(number: number, type: string, count: number, random: Random, isOdd: boolean): number[][] {
  const isFixed = type === '1' || type === '6'
  const one = (): number[] => (isFixed ? someBytes(8, random) : someVarint(random))
  const all = Array.from({ length: count }, one)
  if (!isOdd || random(2) === 0) return [lengthDelimited(number, all.flat(), random, isOdd)]
  return all.map((bytes) => [...varint(number * 8 + (isFixed ? 1 : 0)), ...bytes])
}

function unknown(random: Random): number[] {
  const number = [17, 100, 2047, 536_870_911][random(4)]!
  return scalar(number, (['varint', 'fixed64', 'fixed32', 'bytes'] as const)[random(4)]!, random, false)
}

function lengthDelimited(
  number: number,
  content: readonly number[],
  random: Random,
  isOdd: boolean,
): number[] {
  const length = varint(content.length)
  if (isOdd && random(40) === 0) {
    length[length.length - 1]! |= 0x80
    length.push(0)
  }
  return [...varint(number * 8 + 2), ...length, ...content]
}

function someBytes(count: number, random: Random): number[] {
  return Array.from({ length: count }, () => random(256))
}

function someVarint(random: Random): number[] {
  if (random(4) === 0) return [255, 255, 255, 255, 255, 255, 255, 255, 255, 1]
  return varint(random(2) === 0 ? random(3) : random(100_000))
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest > 127) {
    bytes.push((rest % 128) + 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
  return bytes
}

function shuffle(parts: number[][], random: Random): void {
  for (let i = parts.length - 1; i > 0; i--) {
    const j = random(i + 1)
    const kept = parts[i]!
    parts[i] = parts[j]!
    parts[j] = kept
  }
}
