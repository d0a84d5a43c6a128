import { countText } from '../result/figures.ts'
import type { ExperimentResult, TrialResult } from '../result/result.ts'
import { loadsOf, trialsByRate } from './loads.ts'
import { median } from './statistics/index.ts'
import { list } from './table.ts'
import { type HeldVerdict, heldVerdicts } from './verdict/index.ts'

/** Part of what the slowest side managed that it should hold with ease. */
const EASY_SHARE = 0.7

interface Rated {
  readonly rateHz: number
  /** Of the sides that were run at all. */
  readonly held: readonly HeldVerdict[]
}

/**
 * At which rates sides could not be ranked, and at which they can: the highest that all of them held, or lower ones to
 * try. Empty where every side held the one rate, and with fewer than two sides that were run. Pure.
 */
export function rateAdvice(result: Pick<ExperimentResult, 'sides' | 'workload'>): readonly string[] {
  const run = new Set(result.sides.filter(({ trials }) => trials.length > 0).map(({ label }) => label))
  if (run.size < 2) return []
  const rates = loadsOf(result).map(
    (load): Rated => ({
      rateHz: load.rateHz,
      held: heldVerdicts(load).filter(({ label }) => run.has(label)),
    }),
  )
  const common = rates.filter(({ held }) => held.every(isHeld)).map(({ rateHz }) => rateHz)
  if (common.length === rates.length) return rates.length === 1 ? [] : [everyRate(common)]
  const reasons = rates.filter(({ rateHz }) => !common.includes(rateHz)).map(notRanked)
  if (rates.length === 1) return [`${reasons[0]}${lowerRates(result, '; no lower rate was tried')}.`]
  const highest = common.at(-1)
  return [
    ...reasons.map((reason) => `${reason} there.`),
    highest === undefined
      ? `No rate was held by all sides${lowerRates(result)}.`
      : `All sides held ${rateText(highest)}, the highest rate at which all of them can be ranked.`,
    highestHeld(rates),
  ]
}

function highestHeld(rates: readonly Rated[]): string {
  const sides = rates[0]!.held.map(({ label }, side) => {
    const rate = rates.findLast(({ held }) => isHeld(held[side]!))
    return `${label} ${rate === undefined ? 'none' : rateText(rate.rateHz)}`
  })
  return `Highest rate held in every trial: ${sides.join(', ')}.`
}

function isHeld({ outcome }: HeldVerdict): boolean {
  return outcome === 'held'
}

function everyRate(rates: readonly number[]): string {
  return `All sides held every rate and can be ranked at each: ${list(rates.map(countText))} msg/s.`
}

function notRanked({ rateHz, held }: Rated): string {
  const missing = held.filter((side) => !isHeld(side))
  const are = missing.length === 1 ? 'it is' : 'they are'
  return `At ${rateText(rateHz)} ${list(missing.map(whyNot))}, so ${are} not ranked`
}

function whyNot({ label, outcome, held, invalid, trials, cutShort }: HeldVerdict): string {
  if (trials === 0) return `${label} was ${cutShort > 0 ? 'cut short' : 'not run'}`
  if (outcome === 'did not hold') {
    return `${label} was saturated${trials === 1 ? '' : ` (it held the rate in ${held} of ${trials} trials)`}`
  }
  return `the measurement of ${label} was invalid${trials === 1 ? '' : ` in ${invalid} of ${trials} trials`}`
}

/** `tried` is said only where lower rates are to be tried. */
function lowerRates(result: Pick<ExperimentResult, 'sides' | 'workload'>, tried = ''): string {
  const { rateHz, sides } = trialsByRate(result)[0]!
  const isSaturated = ({ verdict }: TrialResult) => verdict.measurement === 'saturated'
  // A generator that was late for other reasons is late at lower rates, too.
  if (!sides.some(({ trials }) => trials.some(isSaturated))) return ', for reasons that stand with each side'
  const rates = easyRates(
    rateHz,
    sides.flatMap(({ trials }) => achieved(trials)),
  )
  return rates.length === 0 ? tried : `${tried}: try --rates ${rates.join(',')}`
}

function achieved(trials: readonly TrialResult[]): number[] {
  const trusted = trials.filter(({ verdict }) => verdict.measurement !== 'invalid')
  return trusted.length === 0 ? [] : [median(trusted.map(({ phases }) => phases.measure.publishRateHz))]
}

/** Round rates, ascending, that even the slowest side should hold; none where there is nothing lower. */
function easyRates(rateHz: number, achievedHz: readonly number[]): number[] {
  const highest = roundDown(EASY_SHARE * Math.min(rateHz, ...achievedHz))
  return [...new Set([roundDown(highest / 2), highest])].filter((rate) => rate >= 1 && rate < rateHz)
}

/** To the first digit. */
function roundDown(rateHz: number): number {
  if (rateHz < 1) return 0
  const unit = 10 ** Math.floor(Math.log10(rateHz))
  return Math.floor(rateHz / unit) * unit
}

function rateText(rateHz: number): string {
  return `${countText(rateHz)} msg/s`
}
