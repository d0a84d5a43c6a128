import { toBinary } from '@bufbuild/protobuf'
import type { Masker } from '../../../../gateway/contracts.ts'
import { createMasker } from '../../../../gateway/mask/masker.ts'
import type { Signal } from '../../../../src/otlp/signal.ts'
import { descriptor } from './descriptor.ts'
import { mutated } from './mutated.ts'
import { type Dynamic, decode } from './objects.ts'
import { payload, type Random, ROOTS } from './payloads.ts'
import { maskByReference } from './reference.ts'
import { type RuleCase, ruleCases } from './rule-cases.ts'

/** What a run of comparisons saw; a run in which hardly anything happened proves nothing. */
export interface Counts {
  masked: number
  untouched: number
  malformed: number
  failed: number
  emptied: number
  limited: number
  dropped: number
}

export function newCounts(): Counts {
  return { masked: 0, untouched: 0, malformed: 0, failed: 0, emptied: 0, limited: 0, dropped: 0 }
}

const SIGNALS: readonly Signal[] = ['traces', 'metrics', 'logs']
const NO_LIMIT = 1_000_000_000

export interface Case {
  readonly signal: Signal
  readonly rules: readonly RuleCase[]
  readonly limit: number
  readonly isOdd: boolean
  readonly body: Uint8Array
}

/** Rule sets are kept for a few bodies each: making a masker costs more than using it. */
export function cases(random: Random, bodiesPerRuleSet: number): () => Case & { masker: Masker } {
  let left = 0
  let current: Omit<Case, 'body' | 'isOdd'> & { masker: Masker }
  return () => {
    if (left-- === 0 || current === undefined) {
      left = bodiesPerRuleSet - 1
      const signal = SIGNALS[random(3)]!
      const rules = ruleCases(signal, random)
      const limit = random(3) === 0 ? random(6) : NO_LIMIT
      const masker = createMasker(rules, {
        allowReframe: true,
        maxOpsPerPacket: limit,
        writer: random(2) === 0 ? 'simd' : 'scalar',
      })
      current = { signal, rules, limit, masker }
    }
    // In what order operations are used up shows only where fields come in the order of their numbers.
    const isOdd = current.limit === NO_LIMIT && random(2) === 0
    return { ...current, isOdd, body: payload(ROOTS[current.signal], random, { isOdd }) }
  }
}

/** Masks `one.body` both ways; answers what is wrong, or null. `isMutated`: the body may be anything. */
export function disagreement(
  one: Case & { masker: Masker },
  isMutated: boolean,
  counts: Counts,
): string | null {
  const root = ROOTS[one.signal]
  const original = one.body.slice()
  const ours = one.masker.mask(one.signal, one.body)
  if (ours.kind === 'malformed') {
    counts.malformed++
    return isMutated ? null : `malformed: ${ours.detail} at ${ours.offset}`
  }
  if (isMutated && ours.kind === 'failed') {
    counts.failed++
    return null
  }
  const expected = maskByReference(root, original, one.rules, one.limit)
  if (ours.kind === 'failed' || expected.kind === 'failed') {
    counts.failed++
    return ours.kind === expected.kind ? null : `ours ${ours.kind}, expected ${expected.kind}`
  }
  if (ours.operations > 0) counts.masked++
  if (ours.droppedRecords > 0) counts.dropped++
  if (ours.isEmpty) counts.emptied++
  if (ours.operations === one.limit) counts.limited++
  const isExact = !isMutated && !one.isOdd
  if (isExact && ours.operations !== expected.operations) {
    return `operations ${ours.operations}, expected ${expected.operations}`
  }
  if (isExact && ours.droppedRecords !== expected.droppedRecords) {
    return `dropped ${ours.droppedRecords}, expected ${expected.droppedRecords}`
  }
  const hasEmptied = original.length > 0 && expected.isEmpty
  if (hasEmptied !== (original.length > 0 && ours.isEmpty))
    return `isEmpty ${ours.isEmpty}, expected ${hasEmptied}`
  if (expected.isEmpty) return null
  if (ours.operations === 0 && ours.droppedRecords === 0 && Buffer.compare(ours.body, original) === 0)
    counts.untouched++
  else if (isExact && expected.operations === 0 && expected.droppedRecords === 0 && !hasMessageDrops(one)) {
    return 'changed where no rule matches'
  }
  const got = decode(root, ours.body)
  if (Buffer.compare(encoded(root, got), encoded(root, expected.message)) === 0) return null
  visit(got)
  visit(expected.message)
  const isEqual = Buffer.compare(encoded(root, got), encoded(root, expected.message)) === 0
  return isEqual ? null : 'decoded differently'
}

/** Events, links and exemplars that are dropped are neither operations nor records. */
function hasMessageDrops(one: Case): boolean {
  return one.rules.some((rule) => rule.action === 'DROP' || rule.onError === 'drop')
}

function encoded(root: string, message: Dynamic): Uint8Array {
  return toBinary(descriptor(root), message)
}

/**
 * Evens out what may differ: how long REDACT_FILL's text is and what HASH makes of arrays and lists depends on the bytes
 * as they came, which objects no longer know where the sender was odd.
 */
function visit(message: Dynamic): void {
  for (const [key, value] of Object.entries(message)) {
    if (key.startsWith('$')) continue
    if (value instanceof Uint8Array) message[key] = evened(value)
    else if (Array.isArray(value)) {
      message[key] = value.map((each) => (each instanceof Uint8Array ? evened(each) : each))
      for (const each of value) if (typeof each === 'object' && !(each instanceof Uint8Array)) visit(each)
    } else if (typeof value === 'object' && value !== null) visit(value)
  }
}

function evened(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1')
  if (/^~*$/.test(text)) return Buffer.from('~')
  return /^[0-9a-f]{64}$/.test(text) ? Buffer.from('HASH') : bytes
}

/** A broken body for the rules of `one`. */
export function broken<T extends Case>(one: T, random: Random): T {
  return { ...one, body: mutated(one.body, random) }
}
