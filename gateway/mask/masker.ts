import { SIGNALS, type Signal } from '../../src/otlp/signal.ts'
import { isMalformed } from '../../src/otlp/wire/malformed.ts'
import type { Masker, MaskOutcome, Meter } from '../contracts.ts'
import { compileSignal } from './compile.ts'
import { carryOutEdits, editCount, REMOVE, resetEdits } from './edits.ts'
import { beginMerges } from './merge.ts'
import type { MessagePlan } from './plan.ts'
import { makePrefilter, type Prefilter } from './prefilter.ts'
import type { MaskRule } from './rule.ts'
import { makeRuleMeter } from './rule-meter.ts'
import { makeHash, setHash } from './scalar.ts'
import {
  beginSession,
  droppedRecords,
  FAILED,
  failedDetail,
  failedRule,
  newTally,
  operations,
} from './session.ts'
import { refuseReframing, threadsOf } from './threads.ts'
import { walk } from './walk.ts'

export interface MaskerOptions {
  /** Whether bodies may change their length; without, rules that would are refused here. */
  readonly allowReframe: boolean
  /** Values changed or deleted in one body at most; past it each rule's `onError` decides. */
  readonly maxOpsPerPacket: number
  /** `simd`: bodies in which no key of a rule occurs are found by the runtime's vectorised search and only checked. */
  readonly writer: 'simd' | 'scalar'
  /** Key of HASH (HMAC-SHA-256); null: plain SHA-256, which anyone can recompute for values that can be guessed. */
  readonly hashKey?: string | null
  readonly meter?: Meter
}

/** What a masker does with the bodies of one signal. */
interface SignalPlan {
  readonly plan: MessagePlan
  /** The same without rules. */
  readonly check: MessagePlan
  readonly prefilter: Prefilter | null
}

/**
 * Makes a masker of rules as `parseMaskRules` gives them. It works on the wire bytes: in place where lengths stay, else
 * into one new buffer; a body that no rule matches comes back as it is. `mask` never throws for bad input.
 * Throws AppError CONFIG for rules it cannot carry out.
 */
export function createMasker(rules: readonly MaskRule[], options: MaskerOptions): Masker {
  if (!options.allowReframe) refuseReframing(rules)
  const tally = newTally(rules.length)
  const report = makeRuleMeter(rules, tally, options.meter)
  const hash = makeHash(options.hashKey ?? null)
  const plans = {} as Record<Signal, SignalPlan>
  for (const signal of SIGNALS) {
    const threads = threadsOf(signal, rules)
    plans[signal] = {
      plan: compileSignal(signal, threads),
      check: compileSignal(signal, []),
      prefilter: options.writer === 'simd' ? makePrefilter(threads) : null,
    }
  }
  return {
    writer: options.writer,
    mask(signal, body) {
      setHash(hash)
      beginSession(tally, options.maxOpsPerPacket, options.allowReframe)
      const outcome = maskBody(plans[signal], body)
      report()
      return outcome
    },
  }
}

function maskBody(signal: SignalPlan, body: Uint8Array): MaskOutcome {
  resetEdits()
  beginMerges(body.length)
  try {
    const isPlain = signal.prefilter !== null && !signal.prefilter(body)
    const delta = walk(isPlain ? signal.check : signal.plan, body, -1, 0, body.length, 1)
    if (delta === REMOVE) return masked(body.subarray(0, 0), true)
    const out = editCount === 0 ? body : carryOutEdits(body, 0, body.length + delta, 0)
    return masked(out, out.length === 0)
  } catch (thrown) {
    if (isMalformed(thrown)) return { kind: 'malformed', detail: thrown.detail, offset: thrown.offset }
    if (thrown === FAILED) return { kind: 'failed', rule: failedRule, detail: failedDetail }
    throw thrown
  }
}

function masked(body: Uint8Array, isEmpty: boolean): MaskOutcome {
  return { kind: 'masked', body, operations, droppedRecords, isEmpty }
}
