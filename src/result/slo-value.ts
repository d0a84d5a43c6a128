import type { Slo, SloFigure, SloOperator, SloUnit } from '../workload/slo.ts'
import { countText, msText, percentText, plural } from './figures.ts'
import { bucketsOf } from './histogram.ts'
import { offeredRateHz } from './rates.ts'
import type { LatencyResult, TrialResult } from './result.ts'
import { mergeBuckets, quantileAt, rankOf, valueAtRank } from './summary.ts'

/** The part of a trial that predicates look at. */
export type SloFacts = Pick<TrialResult, 'phases' | 'audits' | 'backlogAtEnd' | 'intervals' | 'interrupted'>

/** What a trial showed of a figure. */
export interface SloValue {
  /** In the unit of the predicate; null = nothing was seen that could tell. */
  readonly value: number | null
  /** Messages that never came would raise it: it is at least this. */
  readonly atLeast: boolean
  /** The highest that it may be: messages that never came count as infinitely late. */
  readonly worst: number
}

/** A predicate and how a trial met it. */
export interface SloOutcome extends SloValue {
  readonly slo: Slo
  readonly held: boolean
  /** `publish.p99 was 34.1 ms (SLO: < 20ms)`. */
  readonly sentence: string
}

/**
 * Holds a trial against a predicate. Pure. What is not known does not hold: no value at all, and an upper limit that
 * messages that never came may have passed.
 */
export function judgeSlo(slo: Slo, facts: SloFacts): SloOutcome {
  const seen = figureIn(slo, facts)
  const { value, atLeast, worst } = seen
  const isLowerLimit = slo.operator === '>' || slo.operator === '>='
  const held = value !== null && compare(isLowerLimit ? value : worst, slo.operator, slo.limit)
  const [figure, ...condition] = slo.text.split(' ')
  const shown = sloValueText({ value, atLeast, slo })
  return { ...seen, slo, held, sentence: `${figure} was ${shown} (SLO: ${condition.join(' ')})` }
}

/** What was seen, as it is shown: `34.1 ms`, `≥ 34.1 ms`, `not known`. */
export function sloValueText({ value, atLeast, slo }: Pick<SloOutcome, 'value' | 'atLeast' | 'slo'>): string {
  return value === null ? 'not known' : `${atLeast ? '≥ ' : ''}${unitText(value, slo.unit)}`
}

function compare(value: number, operator: SloOperator, limit: number): boolean {
  switch (operator) {
    case '<':
      return value < limit
    case '<=':
      return value <= limit
    case '>':
      return value > limit
    case '>=':
      return value >= limit
    case '==':
      return value === limit
  }
}

function unitText(value: number, unit: SloUnit): string {
  switch (unit) {
    case 'us':
      return msText(value)
    case 'messages':
      return plural(value, 'message')
    case 'share':
      return percentText(value)
    case 'hz':
      return `${countText(value)} msg/s`
    case 'rateSeconds':
      return `${value.toFixed(2)} s of the rate`
  }
}

function figureIn({ figure, unit }: Slo, facts: SloFacts): SloValue {
  if (figure.kind === 'latency')
    return latencyOf(facts.phases.measure.latencies[figure.latency], figure.parts)
  const known = (value: number | null): SloValue => ({ value, atLeast: false, worst: value ?? Number.NaN })
  const { counts, publishRateHz, consumeRateHz } = facts.phases.measure
  if (counts.scheduled === 0) return known(null)
  if (figure.kind === 'rate') {
    const perSubscription = consumeRateHz / Math.max(1, subscriptionsOf(facts))
    const hz = figure.rate === 'publishRate' ? publishRateHz : perSubscription
    return known(unit === 'hz' ? hz : hz / offeredRateHz(facts))
  }
  const messages = countOf(figure.count, facts)
  if (messages === null || unit === 'messages') return known(messages)
  return known(messages / (unit === 'share' ? counts.scheduled : offeredRateHz(facts)))
}

function latencyOf(
  { completed, censored, summary }: LatencyResult,
  parts: Extract<SloFigure, { kind: 'latency' }>['parts'],
): SloValue {
  const { count, meanUs } = summary
  const infinite = Number.POSITIVE_INFINITY
  if (count === 0) return { value: null, atLeast: false, worst: infinite }
  if (parts === 'mean') {
    const atLeast = summary.censored > 0
    return { value: meanUs, atLeast, worst: atLeast ? infinite : (meanUs ?? infinite) }
  }
  const completedBuckets = bucketsOf(completed)
  const all = mergeBuckets(completedBuckets, bucketsOf(censored))
  const rank = rankOf(parts, count)
  const { us, atLeast } = quantileAt(completedBuckets, all, rank)
  return { value: us, atLeast, worst: valueAtRank(completedBuckets, rank) ?? infinite }
}

function countOf(
  count: Extract<SloFigure, { kind: 'count' }>['count'],
  { phases, audits, backlogAtEnd }: SloFacts,
): number | null {
  const { rejected, unknown } = phases.measure.counts
  if (count === 'errors') return rejected + unknown
  if (count === 'backlog') return backlogAtEnd
  if (audits.length === 0 || audits.some(({ overflowed }) => overflowed)) return null
  const key = ({ lost: 'acknowledgedLost', duplicates: 'duplicated', outOfOrder: 'outOfOrder' } as const)[
    count
  ]
  return audits.reduce((sum, audit) => sum + audit[key], 0)
}

/** Subscriptions of a topic. */
function subscriptionsOf({ audits }: Pick<SloFacts, 'audits'>): number {
  const topics = new Set(audits.map(({ topic }) => topic)).size
  return topics === 0 ? 1 : audits.length / topics
}
