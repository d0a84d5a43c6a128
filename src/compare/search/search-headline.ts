import { countText, percentText } from '../../result/figures.ts'
import type { ExperimentResult, SideResult } from '../../result/result.ts'
import { guaranteeRows } from '../guarantees.ts'
import type { Headline } from '../headline.ts'
import type { SideHeadline, Tone } from '../side-headline.ts'
import { list } from '../table.ts'
import { unequalGuarantees } from '../verdict/index.ts'

/** The verdict on searches in sentences. Pure. */
export function searchHeadline(result: ExperimentResult): Headline {
  const sides = result.sides.map(searchedSide)
  const tones = sides.map(({ tone }) => tone)
  const lines = result.sides.length < 2 ? [] : headToHead(result)
  return {
    tone: tones.includes('bad') ? 'bad' : tones.includes('notice') || result.partial ? 'notice' : 'good',
    first: firstLine(result),
    sides,
    headToHead: lines.length === 0 ? [] : [{ title: 'Sustainable rates', lines, fixedWidth: false }],
  }
}

function firstLine({ sides, partial }: ExperimentResult): string {
  const violated = sides.filter(isViolated).map(({ label }) => label)
  const found = sides
    .filter(hasRate)
    .map(({ label, search }) => `${label} ${atLeast(search)}${msgs(search.rateHz)}`)
  const none = sides.filter((side) => !hasRate(side)).map(({ label }) => label)
  const parts = [
    ...(violated.length === 0 ? [] : [`INTEGRITY VIOLATED: ${list(violated)}`]),
    ...(found.length === 0 ? [] : [`Sustainable: ${list(found)}`]),
    ...(none.length === 0 ? [] : [`no sustainable rate found: ${list(none)}`]),
    ...(partial === null ? [] : [`partial result (${partial})`]),
  ]
  return `${parts.join(' · ')}.`
}

function searchedSide(side: SideResult): SideHeadline {
  const { label, error, search, trials } = side
  if (search === undefined || trials.length === 0) {
    const sentence = error === null ? 'not run' : `could not be run: ${error.message}`
    return { label, tone: 'bad', verdict: 'not run', sentence, reasons: error?.hint ? [error.hint] : [] }
  }
  const [sentence, ...reasons] = search.sentences
  const broken = isViolated(side)
  const tone: Tone = broken ? 'bad' : search.rateHz === null ? 'notice' : 'good'
  const steps = `${search.steps.length} steps`
  const verdict = broken
    ? `violated · ${steps}`
    : `${search.rateHz === null ? search.end : 'found'} · ${steps}`
  return { label, tone, verdict, sentence: sentence ?? '', reasons }
}

type Found = SideResult & {
  readonly search: NonNullable<SideResult['search']> & { readonly rateHz: number }
}

function hasRate(side: SideResult): side is Found {
  return (side.search?.rateHz ?? null) !== null
}

/** What was broken in any step counts, however much too fast it was. */
function isViolated({ trials }: SideResult): boolean {
  return trials.some(({ verdict }) => verdict.integrity === 'violated')
}

/** Above it nothing was refused by the system: the limit may lie higher. */
function isOpen({ search }: Found): boolean {
  const { refusedHz } = search.bracket
  if (refusedHz === null) return true
  const last = search.steps.findLast((step) => step.rateHz === refusedHz && step.outcome === 'refused')
  return last?.reasons.some(({ kind }) => kind === 'measurement') ?? false
}

function atLeast(search: Found['search']): string {
  return search.bracket.refusedHz === null ? 'at least ' : ''
}

/** Each side was searched once: what was found is told, and that nothing is known of how it would vary. */
function headToHead(result: ExperimentResult): readonly string[] {
  const placed = result.sides.map((side, index) => ({ side, index }))
  const ranked = placed.flatMap(({ side, index }) =>
    hasRate(side) && !isViolated(side) ? { side, index } : [],
  )
  const lines = placed
    .filter(({ index }) => !ranked.some((each) => each.index === index))
    .map(({ side }) => {
      const why = isViolated(side) ? 'its integrity was violated' : 'no sustainable rate was found'
      return `${side.label} is not ranked: ${why}.`
    })
  const rows = guaranteeRows(result)
  ranked.sort((a, b) => b.side.search.rateHz - a.side.search.rateHz)
  const pairs = ranked.flatMap((slower, j) => ranked.slice(0, j).map((faster) => ({ faster, slower })))
  for (const { faster, slower } of pairs) {
    const unequal = unequalGuarantees(rows, faster.index, slower.index)
    const labels = `${faster.side.label} and ${slower.side.label}`
    const promise = `${labels} do not promise the same (${unequal.join('; ')})`
    if (unequal.length > 0 && result.strict === true) {
      lines.push(`${promise}: they are not ranked.`)
      continue
    }
    lines.push(pairSentence(faster.side, slower.side))
    if (unequal.length > 0) lines.push(`${promise}.`)
  }
  if (pairs.length > 0) {
    lines.push(
      'Each side was searched once: this is what was found, not how it would vary. Search again before you rely on it.',
    )
  }
  return lines
}

function pairSentence(faster: Found, slower: Found): string {
  const [high, low] = [faster.search, slower.search]
  const rates = `${faster.label} sustained ${msgs(high.rateHz)}, ${slower.label} ${msgs(low.rateHz)}`
  if (isOpen(slower)) {
    return `${rates}; which of them takes more is not known, since the limit of ${slower.label} may lie higher.`
  }
  const apart = percentText(high.rateHz / low.rateHz - 1)
  if (high.rateHz <= low.bracket.refusedHz!) {
    return `${rates}: the same within the precision of the search.`
  }
  return `${rates}: ${(high.rateHz / low.rateHz).toFixed(2)}× (${apart} more).`
}

function msgs(rateHz: number): string {
  return `${countText(rateHz)} msg/s`
}
