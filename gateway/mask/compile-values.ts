import { makeKeyTable } from './key-table.ts'
import type { ValueStep } from './path-text.ts'
import type { CompiledRule, KeyTable, ValuePlan } from './plan.ts'
import type { Thread } from './threads.ts'

/** A rule and how many of its value steps are taken. */
interface Position {
  readonly thread: Thread
  readonly step: number
}

/** What to look for in a list of attributes; null: nothing. */
export function compileKeys(threads: readonly Thread[]): KeyTable | null {
  if (threads.length === 0) return null
  return tableOf(
    threads.map((thread) => ({ thread, step: 0 })),
    new Map(),
  )
}

/** What to do with the value of a field; null: nothing. */
export function compileValues(threads: readonly Thread[]): ValuePlan | null {
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
