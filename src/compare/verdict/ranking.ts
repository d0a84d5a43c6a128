import { MAX_TRIALS_PER_SIDE } from '../statistics/index.ts'
import { FIGURE_KINDS, type FigureName } from './figures.ts'
import type { SideTrials, TrialFigures } from './types.ts'

/** A side's values of a figure, one a trial, or why it is not ranked on it. */
export type Standing =
  | { readonly label: string; readonly index: number; readonly values: readonly number[] }
  | { readonly label: string; readonly index: number; readonly reason: string }

/** Decides who may be ranked on a figure. `index` is the side's place among the sides. */
export function standings(sides: readonly SideTrials[], figure: FigureName): Standing[] {
  return sides.map((side, index) => {
    const reason = whyNotRanked(side, figure)
    if (reason !== null) return { label: side.label, index, reason }
    return {
      label: side.label,
      index,
      values: wholeTrials(side).map(({ figures }) => figures[figure]!.value),
    }
  })
}

function wholeTrials({ trials }: SideTrials): readonly TrialFigures[] {
  return trials.filter(({ cutShort }) => cutShort !== true)
}

function whyNotRanked(side: SideTrials, figure: FigureName): string | null {
  const kind = FIGURE_KINDS[figure]
  const trials = wholeTrials(side)
  // What was broken in a trial counts however long it was.
  const violated = side.trials.filter(({ integrity }) => integrity === 'violated').length
  if (violated > 0) return `its integrity was violated in ${violated} of ${side.trials.length}`
  if (trials.length === 0)
    return side.trials.length === 0 ? 'it was not run' : 'it was cut short in every trial'
  if (trials.length > MAX_TRIALS_PER_SIDE) return `it has more than ${MAX_TRIALS_PER_SIDE} trials`
  const faults: readonly (readonly [string, (trial: TrialFigures) => boolean])[] = [
    ['its measurement was invalid', ({ measurement }) => measurement === 'invalid'],
    ['it did not hold the rate', ({ measurement }) => kind.needsHeldRate && measurement === 'saturated'],
    [`its ${kind.title} is not known`, ({ figures }) => !Number.isFinite(figures[figure]?.value)],
    [`its ${kind.title} is only known to be at least a value`, ({ figures }) => figures[figure]!.atLeast],
    [`its ${kind.title} is 0, which has no ratio,`, ({ figures }) => figures[figure]!.value <= 0],
  ]
  for (const [reason, test] of faults) {
    const count = trials.filter(test).length
    if (count > 0) return `${reason} in ${count} of ${trials.length}`
  }
  return null
}
