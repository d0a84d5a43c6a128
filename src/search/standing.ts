import type { SearchStep } from '../result/search.ts'

/** A step as far as the search looks at it. */
export type Try = Pick<SearchStep, 'rateHz' | 'outcome'>

/** What all tries at one rate say. */
export interface Standing {
  readonly rateHz: number
  /** The last word: a rate refused once may hold in a second try, one refused for good may not be tried again. */
  readonly held: boolean
  /** Refused twice, or after it had held: nothing more is tried at it. */
  readonly final: boolean
  /** Tries since the rate was last refused. */
  readonly heldTries: number
}

/** Every rate that was tried and told something, ascending. Pure. */
export function standings(tries: readonly Try[]): readonly Standing[] {
  const rates = new Map<number, { heldTries: number; everHeld: boolean; refusals: number; held: boolean }>()
  let final = new Set<number>()
  for (const { rateHz, outcome } of tries) {
    if (outcome === 'unknown') continue
    const known = rates.get(rateHz) ?? { heldTries: 0, everHeld: false, refusals: 0, held: false }
    rates.set(rateHz, known)
    known.held = outcome === 'held'
    if (known.held) {
      known.heldTries++
      known.everHeld = true
      continue
    }
    known.heldTries = 0
    known.refusals++
    if (known.everHeld || known.refusals > 1) final = final.add(rateHz)
  }
  return [...rates]
    .map(([rateHz, { held, heldTries }]) => ({ rateHz, held, heldTries, final: final.has(rateHz) }))
    .sort((a, b) => a.rateHz - b.rateHz)
}

/** The lowest rate refused, and the highest one held below it. */
export interface Bracket {
  readonly held: Standing | null
  readonly refused: Standing | null
  /** Rates above the lowest one refused that held: the system is slower than it was, or not the same twice. */
  readonly contradicting: readonly number[]
}

export function bracketOf(tries: readonly Try[]): Bracket {
  const all = standings(tries)
  const refused = all.find(({ held }) => !held) ?? null
  const limitHz = refused?.rateHz ?? Number.POSITIVE_INFINITY
  const held = all.findLast((rate) => rate.held && rate.rateHz < limitHz) ?? null
  const contradicting = all.filter((rate) => rate.held && rate.rateHz > limitHz).map(({ rateHz }) => rateHz)
  return { held, refused, contradicting }
}
