import type { SearchEnd, SearchPurpose } from '../result/search.ts'
import type { SearchOptions } from '../workload/search.ts'
import { bracketOf, type Try } from './standing.ts'

/** Factor between steps while no bracket is known yet. */
const GROWTH = 2
const MIN_RATE_HZ = 1
/** Digits of a rate that mean something. */
const DIGITS = 4
/** After so many steps in a row that could not be run the search ends. */
export const MAX_UNKNOWN_IN_A_ROW = 2

export type SearchMove =
  | { readonly kind: 'try'; readonly rateHz: number; readonly purpose: SearchPurpose }
  | { readonly kind: 'end'; readonly end: SearchEnd }

/**
 * What a search does next, told everything that was tried. Pure and clockless: the same tries give the same move.
 *
 * It doubles the rate until one is refused (or halves it until one holds), then bisects by the geometric mean until
 * held and refused are close. One bad moment must not decide: the rate that was refused is tried once more, and held
 * rates only count when they hold again in all confirmations; else the search goes on below.
 */
export function nextMove(options: SearchOptions, tries: readonly Try[], elapsedS: number): SearchMove {
  const attempt = (rateHz: number, purpose: SearchPurpose): SearchMove => ({ kind: 'try', rateHz, purpose })
  const unknown = unknownAtEnd(tries)
  if (unknown >= MAX_UNKNOWN_IN_A_ROW) return { kind: 'end', end: 'not runnable' }
  const { held, refused } = bracketOf(tries)
  const isConfirmed = held !== null && held.heldTries > options.confirmations
  const isNarrow = held !== null && refused !== null && between(held.rateHz, refused.rateHz, options) === null
  if (isConfirmed && isNarrow && refused.final) return { kind: 'end', end: 'found' }
  if (isConfirmed && refused === null && held.rateHz >= options.maxHz) {
    return { kind: 'end', end: 'found at maximum' }
  }
  if (refused !== null && held === null && refused.rateHz <= MIN_RATE_HZ && refused.final) {
    return { kind: 'end', end: 'nothing held' }
  }
  if (tries.length >= options.maxSteps) return { kind: 'end', end: 'steps used up' }
  if (elapsedS >= options.maxS) return { kind: 'end', end: 'time used up' }
  if (held === null && refused === null) return attempt(Math.min(options.startHz, options.maxHz), 'grow')
  if (held === null) {
    // A system is often slow at first: the first refusal alone says little. At the lowest rate nothing else is left.
    const told = tries.filter(({ outcome }) => outcome !== 'unknown').length
    const isOnly = told === 1 || refused!.rateHz <= MIN_RATE_HZ
    if (isOnly && !refused!.final) return attempt(refused!.rateHz, 'recheck')
    return attempt(Math.max(MIN_RATE_HZ, rounded(refused!.rateHz / GROWTH)), 'shrink')
  }
  if (refused === null) {
    return held.rateHz >= options.maxHz
      ? attempt(held.rateHz, 'confirm')
      : attempt(Math.min(options.maxHz, rounded(held.rateHz * GROWTH)), 'grow')
  }
  const middleHz = between(held.rateHz, refused.rateHz, options)
  if (middleHz !== null) return attempt(middleHz, 'bisect')
  return refused.final ? attempt(held.rateHz, 'confirm') : attempt(refused.rateHz, 'recheck')
}

function unknownAtEnd(tries: readonly Try[]): number {
  let count = 0
  while (count < tries.length && tries[tries.length - 1 - count]!.outcome === 'unknown') count++
  return count
}

/** A rate between the two; null when they are close enough, or there is none. */
function between(heldHz: number, refusedHz: number, { precision }: SearchOptions): number | null {
  if (refusedHz <= heldHz * (1 + precision)) return null
  const middleHz = Math.sqrt(heldHz * refusedHz)
  for (const rateHz of [rounded(middleHz), Math.round(middleHz)]) {
    if (rateHz > heldHz && rateHz < refusedHz) return rateHz
  }
  return refusedHz - heldHz > 1 ? heldHz + 1 : null
}

/** To four digits: nobody can tell 41,237 from 41,240, and people read these. Never 0. */
function rounded(rateHz: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(rateHz)) + 1 - DIGITS)
  return Math.max(MIN_RATE_HZ, Math.round(rateHz / unit) * unit)
}
