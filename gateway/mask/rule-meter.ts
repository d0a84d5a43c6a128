import type { Counter, Meter } from '../contracts.ts'
import type { MaskRule } from './rule.ts'
import { CAUSES, type Tally } from './session.ts'

/**
 * Makes the counters of every rule and gives a function that moves what `tally` counted into them; to be called after
 * each body. Without a meter the tally is only cleared.
 */
export function makeRuleMeter(
  rules: readonly MaskRule[],
  tally: Tally,
  meter: Meter | undefined,
): () => void {
  const counted: { counts: Float64Array; counters: (Counter | null)[] }[] = []
  const add = (counts: Float64Array, make: (rule: MaskRule) => Counter | null): void => {
    counted.push({ counts, counters: rules.map((rule) => (rule.enabled ? make(rule) : null)) })
  }
  add(tally.matched, (rule) =>
    counter(meter, 'gateway_mask_rule_matched_total', 'Values and messages to which a rule applied', {
      rule: rule.id,
    }),
  )
  add(tally.done, (rule) =>
    counter(meter, 'gateway_mask_rule_applied_total', 'Values changed and messages dropped by a rule', {
      rule: rule.id,
    }),
  )
  for (const cause of CAUSES) {
    add(tally.errors[cause], (rule) =>
      counter(meter, 'gateway_mask_rule_errors_total', 'Times a rule applied and could not be carried out', {
        rule: rule.id,
        cause,
        on_error: rule.onError,
      }),
    )
  }
  return () => {
    for (const { counts, counters } of counted) {
      for (let i = 0; i < counts.length; i++) {
        const count = counts[i]!
        if (count === 0) continue
        counters[i]?.add(count)
        counts[i] = 0
      }
    }
  }
}

function counter(
  meter: Meter | undefined,
  name: string,
  help: string,
  labels: Readonly<Record<string, string>>,
): Counter | null {
  return meter === undefined ? null : meter.counter(name, help, labels)
}
