import { countText, plural } from '../../result/figures.ts'
import type { HeldVerdict, Load, SideTrials } from './types.ts'

/** At a fixed rate there is no throughput to rank: a side held it or did not. */
export function heldVerdicts({ rateHz, sides }: Load): HeldVerdict[] {
  return sides.map((side) => heldVerdict(side, rateHz))
}

function heldVerdict({ label, trials }: SideTrials, rateHz: number): HeldVerdict {
  const counted = (test: (trial: SideTrials['trials'][number]) => boolean) => trials.filter(test).length
  const held = counted(({ measurement }) => measurement === 'valid')
  const saturated = counted(({ measurement }) => measurement === 'saturated')
  const counts = {
    held,
    invalid: trials.length - held - saturated,
    violated: counted(({ integrity }) => integrity === 'violated'),
    unproven: counted(({ integrity }) => integrity === 'unproven'),
    trials: trials.length,
  }
  const outcome =
    saturated > 0 ? 'did not hold' : counts.invalid > 0 || trials.length === 0 ? 'unknown' : 'held'
  return { label, outcome, ...counts, sentence: sentenceOf(label, rateHz, outcome, counts) }
}

function sentenceOf(
  label: string,
  rateHz: number,
  outcome: HeldVerdict['outcome'],
  { held, invalid, violated, unproven, trials }: Omit<HeldVerdict, 'label' | 'outcome' | 'sentence'>,
): string {
  const rate = `${countText(rateHz)} msg/s`
  if (trials === 0) return `${label} was not run at ${rate}.`
  const share = `${held} of ${trials}`
  const parts =
    outcome === 'unknown'
      ? [`It is not known whether ${label} holds ${rate} (it did in ${share})`]
      : [`${label} ${outcome === 'held' ? 'held' : 'did not hold'} ${rate} (${share})`]
  if (invalid > 0) parts.push(`${plural(invalid, 'measurement')} invalid`)
  if (violated > 0) parts.push(`INTEGRITY VIOLATED in ${violated} of ${trials}, so it cannot win`)
  if (unproven > 0) parts.push(`integrity unproven in ${unproven} of ${trials}`)
  return `${parts.join('; ')}.`
}
