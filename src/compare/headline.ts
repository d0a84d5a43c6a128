import { countText, msFigure, msText } from '../result/figures.ts'
import { floorUs, type NoiseFloor } from '../result/floor.ts'
import { plannedRatesHz } from '../result/rates.ts'
import type { ExperimentResult, TrialResult } from '../result/result.ts'
import { sloOutcomes } from '../result/slo-outcomes.ts'
import { experimentVerdict } from './experiment-verdict.ts'
import { isWithinFloor } from './floor-notes.ts'
import { guaranteeRows } from './guarantees.ts'
import { trialsByRate } from './loads.ts'
import { rateAdvice } from './rate-advice.ts'
import { isSearched } from './search/found-trials.ts'
import { searchHeadline } from './search/search-headline.ts'
import { type SideHeadline, sideHeadline, type Tone } from './side-headline.ts'
import { missedObjectives } from './slo-rows.ts'
import { median } from './statistics/index.ts'
import { list, quantileFigure, type SideColumn, sideColumnsOf } from './table.ts'
import { unequalGuarantees } from './verdict/index.ts'
import { type VerdictSection, verdictSections } from './verdict-sections.ts'

export interface Headline {
  readonly tone: Tone
  /** The first line of every view: what must be known even if nothing else is read. */
  readonly first: string
  readonly sides: readonly SideHeadline[]
  /** Who was faster and by how much, or why that cannot be said. Empty with fewer than two sides. */
  readonly headToHead: readonly VerdictSection[]
}

/** The verdict in sentences. Pure. */
export function headlineOf(result: ExperimentResult): Headline {
  if (isSearched(result)) return searchHeadline(result)
  const sides = result.sides.map((side) => sideHeadline(side, missedObjectives(result, side.label)))
  return {
    tone: sides.some((side) => side.tone === 'bad')
      ? 'bad'
      : result.partial !== null || sides.some((side) => side.tone === 'notice')
        ? 'notice'
        : 'good',
    first: firstLine(result),
    sides,
    headToHead: headToHead(result),
  }
}

function headToHead(result: ExperimentResult): readonly VerdictSection[] {
  const verdict = experimentVerdict(result)
  const advice = rateAdvice(result)
  if (verdict !== null) return verdictSections(verdict, advice)
  const lines = [...ofOneTrialEach(result), ...advice]
  return lines.length === 0 ? [] : [{ title: 'Head to head', lines, fixedWidth: false }]
}

function firstLine(result: ExperimentResult): string {
  const parts = gravestFirst(result)
  if (result.partial !== null) parts.push(`partial result (${result.partial})`)
  if (parts.length > 0) return `${parts.join(' · ')}.`
  const { sides } = result
  if (sides.length === 0) return 'No side was run.'
  const rates = list(plannedRatesHz(result).map(countText))
  if (sides.some(({ trials }) => trials.some(isClosed))) {
    const took = sides.map(({ label, trials }) => `${label} ${countText(medianRateHz(trials))} msg/s`)
    return `Sent as fast as it went (closed loop): ${list(took)}; integrity intact.`
  }
  const all = sides.length === 1 ? sides[0]!.label : sides.length === 2 ? 'Both sides' : 'All sides'
  const always = sideColumnsOf(result).some(({ trials }) => trials.length > 1) ? ' in every trial' : ''
  const shape = result.workload.schedule?.shape ?? null
  const load = shape === null ? `${rates} msg/s` : `the schedule (${rates} msg/s on average)`
  return `${all} held ${load}${always}; integrity intact.`
}

const isClosed = ({ closedLoop }: Pick<TrialResult, 'closedLoop'>) => closedLoop === true

/** Acknowledged; of trials that are not to be trusted too, since nothing is ranked by it. */
function medianRateHz(trials: readonly TrialResult[]): number {
  return trials.length === 0 ? 0 : median(trials.map(({ phases }) => phases.measure.publishRateHz))
}

function gravestFirst(result: ExperimentResult): string[] {
  const parts: string[] = []
  const add = (labels: readonly string[], say: string) => {
    if (labels.length > 0) parts.push(`${say}: ${list(labels)}`)
  }
  const { sides } = result
  const judged = (word: string) => (trial: TrialResult) =>
    trial.verdict.integrity === word || trial.verdict.measurement === word
  add(having(sides, judged('violated')), 'INTEGRITY VIOLATED')
  add(having(sides, judged('invalid')), 'MEASUREMENT INVALID')
  add(having(sides, judged('unproven')), 'integrity unproven')
  add(
    sides.filter(({ trials }) => trials.length === 0).map(({ label }) => label),
    'not run',
  )
  add(missedLabels(result), 'objective (slo) missed')
  const rates = trialsByRate(result)
  for (const { rateHz, sides: atRate } of rates) {
    if (atRate.some(({ trials }) => trials.some(isClosed))) {
      add(having(atRate, judged('saturated')), 'consumers fell behind')
      continue
    }
    const rate = rates.length === 1 ? 'the rate' : `${countText(rateHz)} msg/s`
    add(having(atRate, judged('saturated')), `did not hold ${rate}`)
  }
  return parts
}

/** Sides that missed an objective, with the number of such trials where there are several. */
function missedLabels(result: ExperimentResult): string[] {
  const missed = sloOutcomes(result).filter(({ held }) => !held)
  return result.sides.flatMap(({ label, trials }) => {
    const count = new Set(missed.filter(({ side }) => side === label).map(({ trial }) => trial)).size
    if (count === 0) return []
    return trials.length === 1 ? label : `${label} (${count} of ${trials.length} trials)`
  })
}

/** Labels of the sides of which some trial is so, with their number where there are several. */
function having(
  sides: readonly { readonly label: string; readonly trials: readonly TrialResult[] }[],
  test: (trial: TrialResult) => boolean,
): string[] {
  return sides.flatMap(({ label, trials }) => {
    const count = trials.filter(test).length
    if (count === 0) return []
    return trials.length === 1 ? label : `${label} (${count} of ${trials.length} trials)`
  })
}

/** Said whenever a difference is told: one trial has no spread, so there is nothing to test it against. */
const ONE_TRIAL =
  'This is one trial each: it shows what happened, not that it would happen again. Repeat before you rely on it.'

/** A line a rate; empty with fewer than two sides. */
function ofOneTrialEach(result: ExperimentResult): readonly string[] {
  if (result.sides.length < 2) return []
  const columns = sideColumnsOf(result)
  const rates = plannedRatesHz(result)
  const told = rates.map((rateHz) => {
    const own = columns.filter((column) => column.rateHz === rateHz)
    return { rateHz, ...rankingAt(rateHz, result, own) }
  })
  const isTold = told.some(({ ranks }) => ranks)
  if (rates.length === 1) return [isTold ? `${told[0]!.text} ${ONE_TRIAL}` : told[0]!.text]
  const lines = told.map(({ rateHz, text }) => `At ${countText(rateHz)} msg/s: ${text}`)
  return isTold ? [...lines, ONE_TRIAL] : lines
}

/** `ranks` tells whether any side is put above another. Columns are those of the sides at the rate, in their order. */
function rankingAt(
  rateHz: number,
  result: ExperimentResult,
  columns: readonly SideColumn[],
): { readonly text: string; readonly ranks: boolean } {
  const ranked = columns.filter(({ ranked }) => ranked)
  const others = columns.filter(({ trials, ranked }) => trials.length > 0 && !ranked).map(({ side }) => side)
  if (columns.some(({ trials }) => trials.some(isClosed))) {
    const text =
      'Latencies are not ranked: messages were sent as fast as each side took them (closed loop), so each met a load of its own.'
    return { text, ranks: false }
  }
  if (ranked.length === 0) {
    const text = 'No side can be ranked: none was measured validly with its promises kept.'
    return { text, ranks: false }
  }
  if (ranked.length === 1) {
    const notRanked = others.length === 0 ? '' : `; latencies of ${list(others)} are not ranked`
    const held = `Only ${ranked[0]!.side} held ${countText(rateHz)} msg/s with its promises kept`
    return { text: `${held}${notRanked}.`, ranks: true }
  }
  const unequal = unequalSentences(result, columns)
  if (result.strict === true && unequal.length > 0) {
    const text = ['Sides are not ranked, since they do not promise the same.', ...unequal].join(' ')
    return { text, ranks: false }
  }
  const sentences = [
    latencySentence(ranked, 'endToEnd', 'end-to-end', result.floor),
    latencySentence(ranked, 'publish', 'publish', result.floor),
  ]
  if (others.length > 0) sentences.push(`${list(others)} ${others.length === 1 ? 'is' : 'are'} not ranked.`)
  return { text: [...sentences, ...unequal].join(' '), ranks: true }
}

/** Every pair of ranked sides whose guarantees differ. */
function unequalSentences(result: ExperimentResult, columns: readonly SideColumn[]): string[] {
  const rows = guaranteeRows(result)
  return columns.flatMap((second, j) =>
    columns.slice(0, j).flatMap((first, i) => {
      if (!first.ranked || !second.ranked) return []
      const unequal = unequalGuarantees(rows, i, j)
      return unequal.length === 0
        ? []
        : `${first.side} and ${second.side} do not promise the same (${unequal.join('; ')}).`
    }),
  )
}

function latencySentence(
  ranked: readonly SideColumn[],
  name: 'endToEnd' | 'publish',
  title: string,
  floor: NoiseFloor | undefined,
): string {
  const entries = ranked
    .map(({ side, trials }) => ({ label: side, summary: trials[0]!.phases.measure.latencies[name].summary }))
    .filter(({ summary }) => summary.count > 0)
    .map(({ label, summary }) => ({ label, p99: summary.p99 }))
    .sort((a, b) => a.p99.us - b.p99.us)
  const [first, second] = entries
  if (first === undefined || second === undefined) return `The ${title} p99 is not known of two sides.`
  if (first.p99.atLeast) {
    return `The ${title} p99 cannot be ranked: that of ${first.label} is only known to be at least ${msText(first.p99.us)}.`
  }
  if (msFigure(first.p99.us) === msFigure(second.p99.us)) {
    return `The ${title} p99 of ${first.label} and ${second.label} is the same: ${msText(first.p99.us)}.`
  }
  const ratio =
    first.p99.us === 0
      ? ''
      : ` (${second.p99.atLeast ? '≥\u00a0' : ''}${(second.p99.us / first.p99.us).toFixed(1)}×)`
  const last = `${quantileFigure(second.p99)} ms of ${second.label}`
  const limitUs = floorUs(floor, name, 'p99')
  const within =
    limitUs !== null && isWithinFloor(first.p99.us, second.p99.us, limitUs)
      ? ` The difference lies within the noise floor of ${msText(limitUs)}.`
      : ''
  return `${first.label} had the lower ${title} p99: ${msText(first.p99.us)} against ${last}${ratio}.${within}`
}
