import { countText, msFigure, msText, percentText } from '../result/figures.ts'
import type { ExperimentResult, Quantile, SideResult, TrialResult } from '../result/result.ts'
import { type Column, columnsOf, list, quantileFigure } from './table.ts'

/** How grave a sentence is; views colour and mark it, never by colour alone. */
export type Tone = 'good' | 'notice' | 'bad'

export interface SideHeadline {
  readonly label: string
  readonly tone: Tone
  /** `valid · intact`. */
  readonly verdict: string
  readonly sentence: string
  /** Every reason of both verdicts. */
  readonly reasons: readonly string[]
}

export interface Headline {
  readonly tone: Tone
  /** The first line of every view: what must be known even if nothing else is read. */
  readonly first: string
  readonly sides: readonly SideHeadline[]
  /** Who was faster and by how much, or why that cannot be said. Null with fewer than two sides. */
  readonly headToHead: string | null
}

/** The verdict in sentences. Pure. */
export function headlineOf(result: ExperimentResult): Headline {
  const columns = columnsOf(result)
  const errors = new Map(result.sides.map((side) => [side.label, side.error]))
  const sides = columns.map((column) => sideHeadline(column, errors.get(column.side) ?? null))
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

function firstLine(result: ExperimentResult, columns: readonly Column[]): string {
  const having = (test: (trial: TrialResult) => boolean) =>
    columns.filter((column) => column.trial !== null && test(column.trial)).map((column) => column.label)
  const parts: string[] = []
  const add = (labels: readonly string[], say: string) => {
    if (labels.length > 0) parts.push(`${say}: ${list(labels)}`)
  }
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
    columns.filter((column) => column.trial === null).map((column) => column.label),
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
  return `${all} held ${rate} msg/s; integrity intact.`
}

function sideHeadline(column: Column, error: SideResult['error']): SideHeadline {
  const { label, trial } = column
  if (trial === null) {
    const sentence = error === null ? 'not run' : `could not be run: ${error.message}`
    return { label, tone: 'bad', verdict: 'not run', sentence, reasons: error?.hint ? [error.hint] : [] }
  }
  const { measurement, integrity, measurementReasons, integrityReasons } = trial.verdict
  return {
    label,
    tone:
      measurement === 'invalid' || integrity === 'violated'
        ? 'bad'
        : measurement === 'saturated' || integrity === 'unproven'
          ? 'notice'
          : 'good',
    verdict: `${measurement} · ${integrity}`,
    sentence: measuredSentence(trial),
    reasons: [...measurementReasons, ...integrityReasons],
  }
}

function measuredSentence(trial: TrialResult): string {
  const { publishRateHz, counts, latencies, durationS } = trial.phases.measure
  if (counts.scheduled === 0 || durationS === 0) return 'nothing was measured'
  const p99 = ({ count, p99: quantile }: { count: number; p99: Quantile }) =>
    count === 0 ? 'unknown' : `${quantileFigure(quantile)} ms`
  const latency = `publish p99 ${p99(latencies.publish.summary)}, end-to-end p99 ${p99(latencies.endToEnd.summary)}`
  const offered = countText(counts.scheduled / durationS)
  switch (trial.verdict.measurement) {
    case 'valid':
      return `held ${offered} msg/s; ${latency}`
    case 'saturated':
      return (
        `published ${countText(publishRateHz)} of ${offered} msg/s offered, ` +
        `${percentText(counts.acknowledged / counts.scheduled)} acknowledged by the end; overload figures: ${latency}`
      )
    case 'invalid':
      return `figures not to be trusted: ${countText(publishRateHz)} of ${offered} msg/s; ${latency}`
  }
}

/** Said whenever a difference is told: one trial has no spread, so there is nothing to test it against. */
const ONE_TRIAL =
  'This is one trial each: it shows what happened, not that it would happen again. Repeat before you rely on it.'

function headToHead(result: ExperimentResult, columns: readonly Column[]): string | null {
  if (result.sides.length < 2) return null
  const ranked = columns.filter(({ ranked }) => ranked)
  const others = columns.filter(({ trial, ranked }) => trial !== null && !ranked).map(({ label }) => label)
  if (ranked.length === 0) return 'No side can be ranked: none was measured validly with its promises kept.'
  if (ranked.length === 1) {
    const notRanked = others.length === 0 ? '' : `; latencies of ${list(others)} are not ranked`
    return `Only ${ranked[0]!.label} held ${countText(result.workload.producerRateHz)} msg/s with its promises kept${notRanked}. ${ONE_TRIAL}`
  }
  const sentences = [
    latencySentence(ranked, 'endToEnd', 'end-to-end'),
    latencySentence(ranked, 'publish', 'publish'),
  ]
  if (others.length > 0) sentences.push(`${list(others)} ${others.length === 1 ? 'is' : 'are'} not ranked.`)
  return [...sentences, ONE_TRIAL].join(' ')
}

function latencySentence(ranked: readonly Column[], name: 'endToEnd' | 'publish', title: string): string {
  const entries = ranked
    .map(({ label, trial }) => ({ label, summary: trial!.phases.measure.latencies[name].summary }))
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
      : ` (${second.p99.atLeast ? '≥ ' : ''}${(second.p99.us / first.p99.us).toFixed(1)}×)`
  const last = `${quantileFigure(second.p99)} ms of ${second.label}`
  return `${first.label} had the lower ${title} p99: ${msText(first.p99.us)} against ${last}${ratio}.`
}
