import type { ExperimentResult, SideResult, TrialResult } from '../../result/result.ts'

/** Whether rates were searched, so that most trials were there to be too much or too little. */
export function isSearched({ sides }: Pick<ExperimentResult, 'sides'>): boolean {
  return sides.some(({ search }) => search !== undefined)
}

/**
 * The result with those trials alone that stand for each side: those that held at the rate found; where none was, those
 * at the highest rate held, else at the lowest one refused. A result without searches stays as it is. Pure.
 */
export function atRatesFound<Result extends Pick<ExperimentResult, 'sides'>>(result: Result): Result {
  if (!isSearched(result)) return result
  return { ...result, sides: result.sides.map(atRateFound) }
}

function atRateFound(side: SideResult): SideResult {
  const { search } = side
  if (search === undefined) return side
  const { heldHz, refusedHz } = search.bracket
  const [rateHz, outcome] = heldHz === null ? [refusedHz, 'refused'] : [heldHz, 'held']
  const steps = search.steps.filter((step) => step.rateHz === rateHz && step.outcome === outcome)
  const places = new Set(steps.map(({ place }) => place))
  const kept = side.trials.map(({ place }) => place !== undefined && places.has(place))
  const { failedTrials: _, customFigures, ...rest } = side
  return {
    ...rest,
    trials: side.trials.filter((_, i) => kept[i]),
    ...(customFigures && {
      customFigures: customFigures.map((figure) => ({
        ...figure,
        values: figure.values.filter((_, i) => kept[i]),
      })),
    }),
  }
}

/** The trial of a step; null where it could not be run. */
export function trialOfStep({ trials }: SideResult, place: number): TrialResult | null {
  return trials.find((trial) => trial.place === place) ?? null
}
