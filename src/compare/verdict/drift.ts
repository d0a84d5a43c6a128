import { ALPHA, changeText, driftTest, holm, pText } from '../statistics/index.ts'
import { FIGURE_KINDS, type FigureName, VERDICT_FIGURES } from './figures.ts'
import type { DriftVerdict, Load, SideTrials, TrialFigures } from './types.ts'

/** Drift of every figure over the run, one list a load. Looks at whole, valid trials whose figure is known. */
export function driftVerdicts(loads: readonly Load[]): DriftVerdict[][] {
  const tests = loads.flatMap(({ sides }, load) =>
    VERDICT_FIGURES.map((figure) => ({ load, figure, series: sides.map((side) => seriesOf(side, figure)) }))
      .filter(({ series }) => series.some((side) => side.length > 1))
      .map(({ load, figure, series }) => ({ load, figure, ...driftTest(series) })),
  )
  const adjusted = holm(tests.map(({ p }) => p))
  const verdicts = tests.map(({ load, figure, p, change }, i): DriftVerdict & { load: number } => {
    const adjustedP = adjusted[i]!
    const shown = adjustedP <= ALPHA
    const { title } = FIGURE_KINDS[figure]
    const sentence = shown
      ? `Drift: ${title} changed by ${changeText(1 + change)} over the run (p=${pText(adjustedP)}). ` +
        'Sides in random order stay comparable; differences are harder to show.'
      : `No drift of ${title} shown over the run (p=${pText(adjustedP)}).`
    return { load, figure, title, p, change, adjustedP, shown, sentence }
  })
  return loads.map((_, load) =>
    verdicts.filter((verdict) => verdict.load === load).map(({ load: _load, ...verdict }) => verdict),
  )
}

function seriesOf({ trials }: SideTrials, figure: FigureName) {
  return trials
    .filter(
      (trial) => trial.measurement === 'valid' && trial.cutShort !== true && isKnown(trial.figures[figure]),
    )
    .map(({ place, figures }) => ({ place, value: figures[figure]!.value }))
}

function isKnown(value: TrialFigures['figures'][FigureName]): boolean {
  return value !== undefined && !value.atLeast && Number.isFinite(value.value) && value.value > 0
}
