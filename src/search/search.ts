import type { SearchEnd, SearchPurpose, SearchResult, SearchStep, StepRefusal } from '../result/search.ts'
import type { SearchOptions } from '../workload/search.ts'
import { isSlo, parseSlo, type Slo } from '../workload/slo.ts'
import { refusalsOfStep, type StepFacts } from './judge-step.ts'
import { nextMove } from './next-move.ts'
import { searchSentences } from './sentences.ts'
import { bracketOf } from './standing.ts'

/** A rate to try next. */
export interface SearchAsk {
  readonly rateHz: number
  readonly purpose: SearchPurpose
}

/** What became of a rate that was tried; null = it could not be run to its end. */
export interface StepOutcome {
  readonly facts: StepFacts | null
  /** Why not, where it could not be run. */
  readonly failure: string | null
  readonly place: number
  readonly tookS: number
}

/** A search under way. Clockless: the caller says how long each step took. */
export interface Search {
  /** The next step; null when the search has ended. Asking twice gives the same answer. */
  next(): SearchAsk | null
  /** What became of `next()`; gives the step back as it was judged. */
  add(outcome: StepOutcome): SearchStep
  /** What is known by now; `cut` says why the search was ended from outside. */
  result(cut?: string | null): SearchResult
}

export function createSearch(options: SearchOptions, subscriptions: number): Search {
  const slos = options.slos.map(sloOf)
  const steps: SearchStep[] = []
  const elapsedS = () => steps.reduce((sum, { tookS }) => sum + tookS, 0)
  const move = () => nextMove(options, steps, elapsedS())

  return {
    next() {
      const next = move()
      return next.kind === 'end' ? null : { rateHz: next.rateHz, purpose: next.purpose }
    },
    add({ facts, failure, place, tookS }) {
      const asked = move()
      if (asked.kind === 'end') throw new Error('the search has ended')
      const { rateHz, purpose } = asked
      const isWhole = facts !== null && facts.interrupted === null
      const reasons = isWhole
        ? refusalsOfStep(facts, { slos, subscriptions })
        : [{ kind: 'measurement' as const, text: failure ?? facts?.interrupted ?? 'it could not be run' }]
      const outcome = !isWhole || isFirstSlip(steps, rateHz, reasons) ? 'unknown' : judged(reasons)
      const step: SearchStep = { place, rateHz, purpose, outcome, reasons, tookS }
      steps.push(step)
      return step
    },
    result(cut = null) {
      const last = move()
      const { held, refused } = bracketOf(steps)
      const bracket = { heldHz: held?.rateHz ?? null, refusedHz: refused?.rateHz ?? null }
      const base = { options, bracket, steps: [...steps] }
      if (last.kind === 'try') {
        const sentence = `The search was ended before it was done: ${cut ?? 'it goes on'}.`
        return { ...base, end: 'cut', rateHz: null, sentences: [sentence] }
      }
      const rateHz = isFound(last.end) ? bracket.heldHz : null
      return { ...base, end: last.end, rateHz, sentences: searchSentences(last.end, steps, options) }
    },
  }
}

function judged(reasons: readonly StepRefusal[]): SearchStep['outcome'] {
  return reasons.length === 0 ? 'held' : 'refused'
}

/** Where only the measurement failed, nothing is known of the system: the step is made once more. */
function isFirstSlip(steps: readonly SearchStep[], rateHz: number, reasons: readonly StepRefusal[]): boolean {
  const isSlip = (list: readonly StepRefusal[]) =>
    list.length > 0 && list.every(({ kind }) => kind === 'measurement')
  return isSlip(reasons) && !steps.some((step) => step.rateHz === rateHz && isSlip(step.reasons))
}

function isFound(end: SearchEnd): boolean {
  return end === 'found' || end === 'found at maximum'
}

/** Predicates were checked when the workload was read. */
function sloOf(text: string): Slo {
  const slo = parseSlo(text)
  if (isSlo(slo)) return slo
  throw new Error(`${text}: ${slo.what}`)
}
