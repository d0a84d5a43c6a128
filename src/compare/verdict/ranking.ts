import { MAX_TRIALS_PER_SIDE } from '../statistics/index.ts'
import { FIGURE_KINDS, type FigureKind, type FigureName } from './figures.ts'
import type { FigureValue, SideTrials, TrialFigures } from './types.ts'

/** A side's values of a figure, one a trial, or why it is not ranked on it. */
export type Standing =
  | { readonly label: string; readonly index: number; readonly values: readonly number[] }
  | { readonly label: string; readonly index: number; readonly reason: string }

/** Decides who may be ranked on a figure. `index` is the side's place among the sides. */
export function standings(sides: readonly SideTrials[], figure: FigureName): Standing[] {
  return sides.map((side, index) => {
    const reason = whyNotRanked(side.trials, FIGURE_KINDS[figure], ({ figures }) => figures[figure])
    if (reason !== null) return { label: side.label, index, reason }
    return {
      label: side.label,
      index,
      values: wholeTrials(side.trials).map(({ figures }) => figures[figure]!.value),
    }
  })
}

/** Those that were not cut short: a part of a trial is no trial to rank by. */
export function wholeTrials<Trial extends Pick<TrialFigures, 'cutShort'>>(
  trials: readonly Trial[],
): readonly Trial[] {
  return trials.filter(({ cutShort }) => cutShort !== true)
}

/** Why a side with these trials is not ranked on a figure, as `… in 1 of 7`; null when it is. */
export function whyNotRanked<
  Trial extends Pick<TrialFigures, 'measurement' | 'integrity' | 'cutShort' | 'closedLoop'>,
>(
  all: readonly Trial[],
  kind: Pick<FigureKind, 'title' | 'needsHeldRate'>,
  read: (trial: Trial) => FigureValue | undefined,
): string | null {
  const trials = wholeTrials(all)
  // What was broken in a trial counts however long it was.
  const violated = all.filter(({ integrity }) => integrity === 'violated').length
  if (violated > 0) return `its integrity was violated in ${violated} of ${all.length}`
  if (trials.length === 0) return all.length === 0 ? 'it was not run' : 'it was cut short in every trial'
  if (trials.length > MAX_TRIALS_PER_SIDE) return `it has more than ${MAX_TRIALS_PER_SIDE} trials`
  const faults: readonly (readonly [string, (trial: Trial) => boolean])[] = [
    ['its measurement was invalid', ({ measurement }) => measurement === 'invalid'],
    [
      'it was sent as fast as it went (closed loop)',
      ({ closedLoop }) => kind.needsHeldRate && closedLoop === true,
    ],
    ['it did not hold the rate', ({ measurement }) => kind.needsHeldRate && measurement === 'saturated'],
    [`its ${kind.title} is not known`, (trial) => !Number.isFinite(read(trial)?.value)],
    [`its ${kind.title} is only known to be at least a value`, (trial) => read(trial)!.atLeast],
    [`its ${kind.title} is 0, which has no ratio,`, (trial) => read(trial)!.value <= 0],
  ]
  for (const [reason, test] of faults) {
    const count = trials.filter(test).length
    if (count > 0) return `${reason} in ${count} of ${trials.length}`
  }
  return null
}
