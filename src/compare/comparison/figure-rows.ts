import type { Contest, ContestSide } from '../contests/contest.ts'
import { COMPARED_FIGURES, type ComparedFigure } from '../sources/index.ts'
import { MAX_TRIALS_PER_SIDE, spreadOf } from '../statistics/index.ts'
import type { LoadVerdict, PairOutcome } from '../verdict/index.ts'
import { wholeTrials, whyNotRanked } from '../verdict/ranking.ts'

/** A figure of every side of a contest. */
export interface FigureRow {
  readonly figure: ComparedFigure
  /** One a side; null where it is not known. */
  readonly cells: readonly (FigureCell | null)[]
  /** One a side but the baseline; null where either is not known. */
  readonly changes: readonly (Change | null)[]
}

/** A figure over the trials of one side; values in µs or messages a second. */
export interface FigureCell {
  readonly median: number
  readonly n: number
  /** The `±`, as a share; null below six trials. */
  readonly spread: number | null
  /** The median may be larger: messages that never came would move it. */
  readonly atLeast: boolean
  /** Why the side is not ranked on it, else null. */
  readonly notRanked: string | null
}

/** Change of a median from the baseline. */
export interface Change {
  /** Side / baseline; Hodges–Lehmann where it was tested, else of the medians. */
  readonly ratio: number
  /** Null where it was only described. */
  readonly test: { readonly adjustedP: number; readonly outcome: PairOutcome } | null
}

/** Every figure that is known of some side. Medians describe; what was tested is taken from the verdict. Pure. */
export function figureRows(contest: Contest, load: LoadVerdict | null): readonly FigureRow[] {
  // OMB's publish latency is its service time: once is enough.
  const onlyOmb = contest.sides.every(({ source }) => source.kind === 'omb')
  return COMPARED_FIGURES.filter(({ name }) => !(onlyOmb && name.startsWith('service.')))
    .map((figure) => rowOf(contest, figure, load))
    .filter(({ cells }) => cells.some((cell) => cell !== null))
}

function rowOf({ sides }: Contest, figure: ComparedFigure, load: LoadVerdict | null): FigureRow {
  const cells = sides.map((side) => cellOf(side, figure))
  const [baseline, ...others] = cells
  return {
    figure,
    cells,
    changes: others.map((cell, i) =>
      baseline == null || cell === null || baseline.median <= 0
        ? null
        : changeOf(baseline, cell, figure, [sides[0]!.label, sides[i + 1]!.label], load),
    ),
  }
}

function cellOf({ trials }: ContestSide, figure: ComparedFigure): FigureCell | null {
  const whole = wholeTrials(trials)
  const known = (whole.length > 0 ? whole : trials).flatMap(({ values }) => values[figure.name] ?? [])
  if (known.length === 0) return null
  const { median, n, share } = spreadOf(known.map(({ value }) => value))
  const most = spreadOf(
    known.map(({ value, atLeast }) => (atLeast ? Number.POSITIVE_INFINITY : value)),
  ).median
  return {
    median,
    n,
    spread: share !== null && Number.isFinite(share) && n <= MAX_TRIALS_PER_SIDE ? share : null,
    atLeast: most !== median,
    notRanked: whyNotRanked(trials, figure, ({ values }) => values[figure.name]),
  }
}

function changeOf(
  baseline: FigureCell,
  cell: FigureCell,
  { verdict }: ComparedFigure,
  [first, second]: readonly [string, string],
  load: LoadVerdict | null,
): Change | null {
  const pair = load?.figures
    .find(({ figure }) => figure === verdict)
    ?.pairs.find((each) => each.first === first && each.second === second)
  const ratio = pair?.test?.ratio.ratio ?? cell.median / baseline.median
  if (!Number.isFinite(ratio)) return null
  if (pair?.test == null) return { ratio, test: null }
  return { ratio, test: { adjustedP: pair.test.adjustedP, outcome: pair.outcome } }
}
