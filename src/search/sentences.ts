import { countText, percentText, plural } from '../result/figures.ts'
import type { SearchEnd, SearchStep } from '../result/search.ts'
import type { SearchOptions } from '../workload/search.ts'
import { type Bracket, bracketOf } from './standing.ts'

/** What the search came to, in words that stand alone: the first says what was found, the others how far to trust it. */
export function searchSentences(
  end: SearchEnd,
  steps: readonly SearchStep[],
  options: SearchOptions,
): readonly string[] {
  const bracket = bracketOf(steps)
  return [
    firstSentence(end, steps, bracket, options),
    ...limitSentences(steps, bracket),
    ...doubtSentences(steps, bracket),
  ]
}

function firstSentence(
  end: SearchEnd,
  steps: readonly SearchStep[],
  { held, refused }: Bracket,
  options: SearchOptions,
): string {
  const made = plural(steps.length, 'step')
  const slo = options.slos.length === 0 ? '' : ` with ${options.slos.join(' and ')}`
  if (held !== null && (end === 'found' || end === 'found at maximum')) {
    const rate = `${msgs(held.rateHz)} can be sustained${slo}`
    const times = `held in ${plural(held.heldTries, 'try', 'tries')} in a row`
    if (refused === null)
      return `${rate}: ${times}; no more than that may be offered, so the limit may lie higher.`
    const apart = percentText(refused.rateHz / held.rateHz - 1)
    return `${rate}: ${times}, and ${msgs(refused.rateHz)} was not, which is ${apart} more.`
  }
  if (end === 'nothing held')
    return `No rate can be sustained${slo}: not even ${msgs(refused?.rateHz ?? 1)} held.`
  if (end === 'not runnable') return `The search ended after ${made}: trials could not be run any more.`
  const bound = end === 'steps used up' ? `${made} were used up` : 'its time was used up'
  return `The search did not come to an end: ${bound}. ${betweenSentence(held?.rateHz, refused?.rateHz)}`
}

function betweenSentence(heldHz: number | undefined, refusedHz: number | undefined): string {
  if (heldHz === undefined && refusedHz === undefined) return 'Nothing is known of the limit.'
  if (heldHz === undefined) return `No rate held; the lowest that was refused is ${msgs(refusedHz!)}.`
  if (refusedHz === undefined) return `${msgs(heldHz)} held, and nothing was refused.`
  return `So far ${msgs(heldHz)} held and ${msgs(refusedHz)} did not; neither is confirmed.`
}

/** What stopped the rate from going higher. */
function limitSentences(steps: readonly SearchStep[], { refused }: Bracket): string[] {
  if (refused === null) return []
  const last = steps.findLast(({ rateHz, outcome }) => rateHz === refused.rateHz && outcome === 'refused')
  const reasons = last?.reasons ?? []
  const why = `Why ${msgs(refused.rateHz)} was refused: ${reasons.map(({ text }) => text).join('; ')}.`
  if (!reasons.some(({ kind }) => kind === 'measurement')) return [why]
  return [
    why,
    'There the measurement failed, not the system: it may sustain more than this load generator can show.',
  ]
}

function doubtSentences(steps: readonly SearchStep[], { held, refused, contradicting }: Bracket): string[] {
  const doubts: string[] = []
  const refusedBefore = steps.filter(
    ({ rateHz, outcome }) => rateHz === held?.rateHz && outcome === 'refused',
  ).length
  if (held !== null && refusedBefore > 0) {
    doubts.push(`${msgs(held.rateHz)} was refused in its first try, and held in all that followed.`)
  }
  if (refused !== null && contradicting.length > 0) {
    const rates = contradicting.map(msgs).join(' and ')
    doubts.push(
      `${rates} held once, though ${msgs(refused.rateHz)} was refused in another step: the system is not the same ` +
        'each time, or slower since it was overloaded. The lower rate counts.',
    )
  }
  const unknown = steps.filter(({ outcome }) => outcome === 'unknown').length
  if (unknown > 0)
    doubts.push(
      `${plural(unknown, 'step')} told nothing of the system and ${unknown === 1 ? 'was' : 'were'} repeated.`,
    )
  return doubts
}

function msgs(rateHz: number): string {
  return `${countText(rateHz)} msg/s`
}
