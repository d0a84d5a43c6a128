import { AppError } from '../../src/errors/app-error.ts'
import type { Signal } from '../../src/otlp/signal.ts'
import { resolveWays, type Way } from './path.ts'
import { parsePath, type ValueStep } from './path-text.ts'
import { compilePattern } from './pattern.ts'
import type { CompiledRule } from './plan.ts'
import { encodedText, encodedValue } from './put.ts'
import type { MaskRule } from './rule.ts'

/** One rule on one way through the messages. */
export interface Thread {
  readonly rule: CompiledRule
  readonly way: Way
  readonly value: readonly ValueStep[]
}

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
