import { REMOVE } from './edits.ts'
import { TOO_COSTLY } from './pattern.ts'
import type { CompiledRule } from './plan.ts'
import { encodedText, encodedValue, overwriteValue, put } from './put.ts'
import { decodeText, hash, hashInput, hasText, matchedText, scalarText } from './scalar.ts'
import { admit, onFault } from './session.ts'

// Rules at one text: a scalar AnyValue, or a string field such as a span's name. REGEX_MASK hands its result on to the
// next rule; every other action ends the row.

const encoder = new TextEncoder()

/** What `search` found for a rule; `MATCH` leaves the text in `searched`. */
const MATCH = 1
const NO_MATCH = 0
let searched = ''

/** Holds the pattern of `rule` against `text` (null: it could not be read, a fault of the rule). */
function search(rule: CompiledRule, text: string | null): number {
  const found = text === null ? TOO_COSTLY : matchedText(rule, text)
  if (found === TOO_COSTLY) {
    onFault(rule, 'text')
    return NO_MATCH
  }
  if (found === null) return NO_MATCH
  searched = found
  return MATCH
}

/**
 * The rules from `next` on at the AnyValue [start, end) of `bytes`, whose only member is [from, to) (nothing, if not
 * set). For `prefixAt` and what is answered see `value.ts`.
 */
export function maskScalar(
  rules: readonly CompiledRule[],
  next: number,
  bytes: Uint8Array,
  prefixAt: number,
  start: number,
  end: number,
  from: number,
  to: number,
): number {
  let text: string | null | undefined
  let isChanged = false
  for (let i = next; i < rules.length; i++) {
    const rule = rules[i]!
    if (rule.pattern !== null) {
      if (from === to || !hasText(bytes[from])) continue
      if (text === undefined) text = scalarText(bytes, from, to)
      if (search(rule, text) === NO_MATCH) continue
    }
    if (start === end && (rule.action === 'REDACT_FILL' || rule.action === 'HASH')) continue
    const masked = searched
    if (!admit(rule)) continue
    if (rule.action === 'REGEX_MASK') {
      text = masked
      isChanged = true
    } else if (rule.action === 'HASH') {
      const input = isChanged ? encoder.encode(text!) : hashInput(bytes, from === to ? start : from, to)
      return put(encodedValue(hash(input)), bytes, prefixAt, start, end)
    } else return overwriteValue(rule, bytes, prefixAt, start, end)
  }
  return isChanged ? put(encodedValue(encoder.encode(text!)), bytes, prefixAt, start, end) : 0
}

/** The rules at a string field whose content is [start, end) of `bytes`. */
export function maskText(
  rules: readonly CompiledRule[],
  bytes: Uint8Array,
  prefixAt: number,
  start: number,
  end: number,
): number {
  let text: string | null | undefined
  let isChanged = false
  for (let i = 0; i < rules.length; i++) {
    const rule = rules[i]!
    if (rule.pattern !== null) {
      if (text === undefined) text = decodeText(bytes, start, end)
      if (search(rule, text) === NO_MATCH) continue
    }
    const masked = searched
    if (!admit(rule)) continue
    switch (rule.action) {
      case 'REGEX_MASK':
        text = masked
        isChanged = true
        continue
      case 'HASH': {
        const input = isChanged ? encoder.encode(text!) : bytes.subarray(start, end)
        return put(encodedText(hash(input)), bytes, prefixAt, start, end)
      }
      case 'REDACT_FILL':
        bytes.fill(rule.fillByte, start, end)
        return 0
      case 'DELETE':
        return REMOVE
      default:
        return put(rule.asText, bytes, prefixAt, start, end)
    }
  }
  return isChanged ? put(encodedText(encoder.encode(text!)), bytes, prefixAt, start, end) : 0
}
