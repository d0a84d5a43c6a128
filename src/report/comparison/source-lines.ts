import type { SourceComparison } from '../../compare/comparison/index.ts'
import type { GateVerdict } from '../../compare/gates/judge-gates.ts'
import type { Source } from '../../compare/sources/index.ts'
import { list } from '../../compare/table.ts'
import { plural } from '../../result/figures.ts'

/** `A = exp-…`: what each letter stands for. */
export function sourceLine({ name, title, kind, workload, startedAt, sides }: Source): string {
  const trials = sides.map(({ label, trials }) => `${label} ${plural(trials.length, 'trial')}`)
  const where = kind === 'omb' ? 'OpenMessaging Benchmark' : startedText(startedAt)
  return [`${name} = ${title}`, where, workload, list(trials) || 'no side']
    .filter((part) => part !== '')
    .join(', ')
}

/** `2026-11-21 10:00 UTC`; nothing where it is not told. */
function startedText(iso: string | null): string {
  const at = iso === null ? Number.NaN : Date.parse(iso)
  return Number.isNaN(at) ? '' : `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

const GATE_WORDS: Readonly<Record<GateVerdict['outcome'], string>> = {
  failed: 'FAILED',
  passed: 'passed',
  'not judged': 'NOT JUDGED',
}

const GATE_ORDER: readonly GateVerdict['outcome'][] = ['failed', 'not judged', 'passed']

/** The failed first, then what cannot be judged. */
export function gatesByGravity({ gates }: SourceComparison): readonly GateVerdict[] {
  return [...gates].sort((a, b) => GATE_ORDER.indexOf(a.outcome) - GATE_ORDER.indexOf(b.outcome))
}

/** How a gate came out, in a word that can be searched for. */
export function gateLine({ outcome, sentence }: GateVerdict): string {
  return `${GATE_WORDS[outcome]}: ${sentence}`
}

/** What holds for all gates together, or nothing. */
export function gateFootnotes({ gates }: SourceComparison): string[] {
  const tests = gates.find(({ test }) => test !== null)?.test?.tests ?? 0
  return tests < 2 ? [] : [`p values of limits are adjusted for ${tests} tests of their own (Holm).`]
}

/** All of it, for views in lines. */
export function gateLines(comparison: SourceComparison): string[] {
  return [...gatesByGravity(comparison).map(gateLine), ...gateFootnotes(comparison)]
}
