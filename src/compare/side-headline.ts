import { countText, percentText } from '../result/figures.ts'
import { offeredRateHz } from '../result/rates.ts'
import type { Quantile, SideResult, TrialResult } from '../result/result.ts'
import { countedWords } from './cells.ts'
import { list, medianQuantile, quantileFigure } from './table.ts'

/** Reasons told of a side with several trials; the rest is counted. */
const MAX_REASONS = 6

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

/** What is to be said of one side alone; `missed` are its objectives that were, as sentences. Pure. */
export function sideHeadline(
  { label, trials, error, failedTrials }: SideResult,
  missed: readonly string[] = [],
): SideHeadline {
  const [only] = trials
  if (only === undefined) {
    const sentence = error === null ? 'not run' : `could not be run: ${error.message}`
    return { label, tone: 'bad', verdict: 'not run', sentence, reasons: error?.hint ? [error.hint] : [] }
  }
  const failed = (failedTrials ?? []).map(({ message }) => `a trial could not be prepared: ${message}`)
  const several = trials.length > 1
  const rates = byRate(trials)
  return {
    label,
    tone: missed.length > 0 ? 'bad' : toneOf(trials, failed.length),
    verdict: [
      countedWords(trials.map(({ verdict }) => verdict.measurement)),
      countedWords(trials.map(({ verdict }) => verdict.integrity)),
    ].join(' · '),
    sentence:
      rates.length > 1
        ? sentenceOfRates(rates)
        : several
          ? sentenceOfSeveral(trials)
          : measuredSentence(only),
    reasons: capped(
      [
        ...failed,
        ...missed,
        ...trials.flatMap(({ verdict }, i) =>
          [...verdict.measurementReasons, ...verdict.integrityReasons].map((reason) =>
            several
              ? `trial ${i + 1}${rates.length > 1 ? ` at ${rateText(trials[i]!)}` : ''}: ${reason}`
              : reason,
          ),
        ),
      ],
      several,
    ),
  }
}

function toneOf(trials: readonly TrialResult[], failed: number): Tone {
  const some = (test: (verdict: TrialResult['verdict']) => boolean) =>
    trials.some(({ verdict }) => test(verdict))
  if (some(({ measurement, integrity }) => measurement === 'invalid' || integrity === 'violated'))
    return 'bad'
  const doubtful = some(
    ({ measurement, integrity }) => measurement === 'saturated' || integrity === 'unproven',
  )
  return doubtful || failed > 0 ? 'notice' : 'good'
}

/** Reasons of one trial are few and all told; those of many might fill a page. */
function capped(reasons: readonly string[], several: boolean): readonly string[] {
  if (!several || reasons.length <= MAX_REASONS) return reasons
  return [...reasons.slice(0, MAX_REASONS), `and ${reasons.length - MAX_REASONS} more`]
}

/** Trials by the rate that they were to offer, ascending. */
function byRate(trials: readonly TrialResult[]): readonly (readonly TrialResult[])[] {
  const rates = [...new Set(trials.map(({ rateHz }) => rateHz ?? 0))].sort((a, b) => a - b)
  return rates.map((rate) => trials.filter(({ rateHz = 0 }) => rateHz === rate))
}

function rateText(trial: TrialResult): string {
  return `${countText(trial.rateHz ?? offeredRateHz(trial))} msg/s`
}

function heldIn(trials: readonly TrialResult[]): number {
  return trials.filter(({ verdict }) => verdict.measurement === 'valid').length
}

function sentenceOfSeveral(trials: readonly TrialResult[]): string {
  return `held ${rateText(trials[0]!)} in ${heldIn(trials)} of ${trials.length} trials; ${mediansOf(trials)}`
}

/** How often each rate was held, and the latencies at the highest that always was. */
function sentenceOfRates(rates: readonly (readonly TrialResult[])[]): string {
  const held = rates.map((trials) => `${rateText(trials[0]!)} in ${heldIn(trials)} of ${trials.length}`)
  const highest = rates.findLast((trials) => heldIn(trials) === trials.length)
  const latencies = highest === undefined ? '' : `; at ${rateText(highest[0]!)}: ${mediansOf(highest)}`
  return `held ${list(held)} trials${latencies}`
}

function mediansOf(trials: readonly TrialResult[]): string {
  const p99 = (name: 'publish' | 'endToEnd') => {
    const quantile = medianQuantile(trials, name, 'p99')
    return quantile === null ? 'unknown' : `${quantileFigure(quantile)} ms`
  }
  const medians = trials.length === 1 ? '' : 'medians over trials: '
  return `${medians}publish p99 ${p99('publish')}, end-to-end p99 ${p99('endToEnd')}`
}

function measuredSentence(trial: TrialResult): string {
  const { publishRateHz, counts, latencies, durationS } = trial.phases.measure
  if (counts.scheduled === 0 || durationS === 0) return 'nothing was measured'
  const p99 = ({ count, p99: quantile }: { count: number; p99: Quantile }) =>
    count === 0 ? 'unknown' : `${quantileFigure(quantile)} ms`
  const latency = `publish p99 ${p99(latencies.publish.summary)}, end-to-end p99 ${p99(latencies.endToEnd.summary)}`
  const offered = countText(offeredRateHz(trial))
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
