import { countText, percentText } from '../result/figures.ts'
import { offeredRateHz } from '../result/rates.ts'
import type { Quantile, SideResult, TrialResult } from '../result/result.ts'
import { countedWords } from './cells.ts'
import { medianQuantile, quantileFigure } from './table.ts'

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

/** What is to be said of one side alone. Pure. */
export function sideHeadline({ label, trials, error, failedTrials }: SideResult): SideHeadline {
  const [only] = trials
  if (only === undefined) {
    const sentence = error === null ? 'not run' : `could not be run: ${error.message}`
    return { label, tone: 'bad', verdict: 'not run', sentence, reasons: error?.hint ? [error.hint] : [] }
  }
  const failed = (failedTrials ?? []).map(({ message }) => `a trial could not be prepared: ${message}`)
  const several = trials.length > 1
  return {
    label,
    tone: toneOf(trials, failed.length),
    verdict: [
      countedWords(trials.map(({ verdict }) => verdict.measurement)),
      countedWords(trials.map(({ verdict }) => verdict.integrity)),
    ].join(' · '),
    sentence: several ? sentenceOfSeveral(trials) : measuredSentence(only),
    reasons: capped(
      [
        ...failed,
        ...trials.flatMap(({ verdict }, i) =>
          [...verdict.measurementReasons, ...verdict.integrityReasons].map((reason) =>
            several ? `trial ${i + 1}: ${reason}` : reason,
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

function sentenceOfSeveral(trials: readonly TrialResult[]): string {
  const held = trials.filter(({ verdict }) => verdict.measurement === 'valid').length
  const p99 = (name: 'publish' | 'endToEnd') => {
    const quantile = medianQuantile(trials, name, 'p99')
    return quantile === null ? 'unknown' : `${quantileFigure(quantile)} ms`
  }
  return (
    `held ${countText(offeredRateHz(trials[0]!))} msg/s in ${held} of ${trials.length} trials; ` +
    `medians over trials: publish p99 ${p99('publish')}, end-to-end p99 ${p99('endToEnd')}`
  )
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
