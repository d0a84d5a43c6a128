import { countText, plural } from '../../result/figures.ts'
import type { HeldVerdict, Load, SideTrials, TrialFigures } from './types.ts'

/** At a fixed rate there is no throughput to rank: a side held it or did not. */
export function heldVerdicts({ rateHz, sides }: Load): HeldVerdict[] {
  return sides.map((side) => heldVerdict(side, rateHz))
}

function heldVerdict({ label, trials }: SideTrials, rateHz: number): HeldVerdict {
  const whole = trials.filter(({ cutShort }) => cutShort !== true)
  const measured = (word: TrialFigures['measurement']) =>
    whole.filter(({ measurement }) => measurement === word).length
  const integrity = (word: TrialFigures['integrity']) =>
    trials.filter((trial) => trial.integrity === word).length
  const counts = {
    held: measured('valid'),
    invalid: measured('invalid'),
    trials: whole.length,
    cutShort: trials.length - whole.length,
    violated: integrity('violated'),
    unproven: integrity('unproven'),
  }
  if (trials.some(({ closedLoop }) => closedLoop === true)) {
    const sentence = `${label} was sent as fast as it went (closed loop): no rate was asked of it.`
    return { label, outcome: 'unknown', ...counts, sentence }
  }
  const isUnknown = counts.invalid > 0 || whole.length === 0
  const outcome = measured('saturated') > 0 ? 'did not hold' : isUnknown ? 'unknown' : 'held'
  return { label, outcome, ...counts, sentence: sentenceOf(label, rateHz, outcome, counts) }
}

function sentenceOf(
  label: string,
  rateHz: number,
  outcome: HeldVerdict['outcome'],
  counts: Omit<HeldVerdict, 'label' | 'outcome' | 'sentence'>,
): string {
  const { held, invalid, trials, cutShort, violated, unproven } = counts
  const rate = `${countText(rateHz)} msg/s`
  const all = trials + cutShort
  if (all === 0) return `${label} was not run at ${rate}.`
  const share = `${held} of ${trials}`
  const parts =
    outcome === 'unknown'
      ? [`It is not known whether ${label} holds ${rate} (it did in ${share})`]
      : [`${label} ${outcome === 'held' ? 'held' : 'did not hold'} ${rate} (${share})`]
  if (invalid > 0) parts.push(`${plural(invalid, 'measurement')} invalid`)
  if (cutShort > 0) parts.push(`${plural(cutShort, 'trial')} cut short`)
  if (violated > 0) parts.push(`INTEGRITY VIOLATED in ${violated} of ${all}, so it cannot win`)
  if (unproven > 0) parts.push(`integrity unproven in ${unproven} of ${all}`)
  return `${parts.join('; ')}.`
}
