import { countText, msFigure, msText } from '../result/figures.ts'
import type { ExperimentResult, TrialResult } from '../result/result.ts'
import { experimentVerdict } from './experiment-verdict.ts'
import { guaranteeRows } from './guarantees.ts'
import { type SideHeadline, sideHeadline, type Tone } from './side-headline.ts'
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
  const columns = sideColumnsOf(result)
  const sides = result.sides.map(sideHeadline)
  return {
    tone: sides.some((side) => side.tone === 'bad')
      ? 'bad'
      : result.partial !== null || sides.some((side) => side.tone === 'notice')
        ? 'notice'
        : 'good',
    first: firstLine(result, columns),
    sides,
    headToHead: headToHead(result, columns),
  }
}

function headToHead(result: ExperimentResult, columns: readonly SideColumn[]): readonly VerdictSection[] {
  const verdict = experimentVerdict(result)
  if (verdict !== null) return verdictSections(verdict)
  const sentence = ofOneTrialEach(result, columns)
  return sentence === null ? [] : [{ title: 'Head to head', lines: [sentence], fixedWidth: false }]
}

function firstLine(result: ExperimentResult, columns: readonly SideColumn[]): string {
  const parts: string[] = []
  const add = (labels: readonly string[], say: string) => {
    if (labels.length > 0) parts.push(`${say}: ${list(labels)}`)
  }
  const having = (test: (trial: TrialResult) => boolean) =>
    columns.flatMap(({ label, trials }) => {
      const count = trials.filter(test).length
      if (count === 0) return []
      return trials.length === 1 ? label : `${label} (${count} of ${trials.length} trials)`
    })
  add(
    having(({ verdict }) => verdict.integrity === 'violated'),
    'INTEGRITY VIOLATED',
  )
  add(
    having(({ verdict }) => verdict.measurement === 'invalid'),
    'MEASUREMENT INVALID',
  )
  add(
    having(({ verdict }) => verdict.integrity === 'unproven'),
    'integrity unproven',
  )
  add(
    columns.filter(({ trials }) => trials.length === 0).map(({ label }) => label),
    'not run',
  )
  add(
    having(({ verdict }) => verdict.measurement === 'saturated'),
    'did not hold the rate',
  )
  if (result.partial !== null) parts.push(`partial result (${result.partial})`)
  if (parts.length > 0) return `${parts.join(' · ')}.`
  if (columns.length === 0) return 'No side was run.'
  const rate = countText(result.workload.producerRateHz)
  const all = columns.length === 1 ? columns[0]!.label : columns.length === 2 ? 'Both sides' : 'All sides'
  const always = columns.some(({ trials }) => trials.length > 1) ? ' in every trial' : ''
  return `${all} held ${rate} msg/s${always}; integrity intact.`
}

/** Said whenever a difference is told: one trial has no spread, so there is nothing to test it against. */
const ONE_TRIAL =
  'This is one trial each: it shows what happened, not that it would happen again. Repeat before you rely on it.'

function ofOneTrialEach(result: ExperimentResult, columns: readonly SideColumn[]): string | null {
  if (result.sides.length < 2) return null
  const ranked = columns.filter(({ ranked }) => ranked)
  const others = columns
    .filter(({ trials, ranked }) => trials.length > 0 && !ranked)
    .map(({ label }) => label)
  if (ranked.length === 0) return 'No side can be ranked: none was measured validly with its promises kept.'
  if (ranked.length === 1) {
    const notRanked = others.length === 0 ? '' : `; latencies of ${list(others)} are not ranked`
    return `Only ${ranked[0]!.label} held ${countText(result.workload.producerRateHz)} msg/s with its promises kept${notRanked}. ${ONE_TRIAL}`
  }
  const unequal = unequalSentences(result, columns)
  if (result.strict === true && unequal.length > 0) {
    return ['Sides are not ranked, since they do not promise the same.', ...unequal].join(' ')
  }
  const sentences = [
    latencySentence(ranked, 'endToEnd', 'end-to-end'),
    latencySentence(ranked, 'publish', 'publish'),
  ]
  if (others.length > 0) sentences.push(`${list(others)} ${others.length === 1 ? 'is' : 'are'} not ranked.`)
  return [...sentences, ...unequal, ONE_TRIAL].join(' ')
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
        : `${first.label} and ${second.label} do not promise the same (${unequal.join('; ')}).`
    }),
  )
}

function latencySentence(ranked: readonly SideColumn[], name: 'endToEnd' | 'publish', title: string): string {
  const entries = ranked
    .map(({ label, trials }) => ({ label, summary: trials[0]!.phases.measure.latencies[name].summary }))
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
  return `${first.label} had the lower ${title} p99: ${msText(first.p99.us)} against ${last}${ratio}.`
}
