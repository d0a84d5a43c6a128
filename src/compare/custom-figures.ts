import { countText } from '../result/figures.ts'
import type { CustomFigure, ExperimentResult, SideResult, TrialResult } from '../result/result.ts'
import { type Cell, DASH } from './cells.ts'
import type { Row, RowGroup } from './rows.ts'
import { median } from './statistics/index.ts'

/** What a column of the table shows: some trials of a side. */
interface TrialsOfSide {
  readonly side: string
  readonly trials: readonly TrialResult[]
}

/** A group of its own in the table; none without figures. By name: sides may come from different results. */
export function customGroup(sides: readonly SideResult[], columns: readonly TrialsOfSide[]): RowGroup[] {
  const rows = customHeads(sides).map(
    ({ name, unit }): Row => ({
      title: name,
      unit,
      cells: columns.map((column) => {
        const side = sides.find(({ label }) => label === column.side)
        return side === undefined ? DASH : customCell(side, customFigureOf(side, name), column.trials)
      }),
    }),
  )
  return rows.length === 0 ? [] : [{ title: 'Custom figures', rows }]
}

/** One of each name, in the order of the module. */
export function customHeads(sides: readonly SideResult[]): readonly CustomFigure[] {
  const heads = new Map<string, CustomFigure>()
  for (const { customFigures = [] } of sides) {
    for (const figure of customFigures) if (!heads.has(figure.name)) heads.set(figure.name, figure)
  }
  return [...heads.values()]
}

/** A side's figure by its name. */
export function customFigureOf({ customFigures }: SideResult, name: string): CustomFigure | undefined {
  return customFigures?.find((figure) => figure.name === name)
}

/** The median over the trials that know it; an error is never hidden by the others' values. */
function customCell(
  side: SideResult,
  figure: CustomFigure | undefined,
  trials: readonly TrialResult[],
): Cell {
  if (figure === undefined || trials.length === 0) return DASH
  const values = trials.map((trial) => figure.values[side.trials.indexOf(trial)] ?? null)
  const known = values.filter((value) => value !== null)
  const text = known.length === 0 ? '' : customText(median(known))
  if (figure.errors.length > 0 && known.length < values.length)
    return { text: text === '' ? 'error' : `${text}, error`, mark: 'bad' }
  return text === '' ? DASH : { text, mark: null }
}

/** What the figures mean, and what went wrong with them. */
export function customNotes(result: Pick<ExperimentResult, 'sides' | 'customFigures'>): string[] {
  const { sides, customFigures } = result
  if (customFigures === undefined) return []
  const { module, error } = customFigures
  if (error !== null) return [`Custom figures are missing: ${error}`]
  const heads = customHeads(sides)
  return [
    `Custom figures come from ${module}: they describe, and are not tested.`,
    ...heads.flatMap(({ name, better, note }) => {
      const parts = [note, better === null ? null : `${better} is better`].filter((part) => part !== null)
      return parts.length === 0 ? [] : [`${name}: ${parts.join('; ')}.`.replace(/\.\.$/, '.')]
    }),
    ...heads.flatMap(({ name }) =>
      sides.flatMap((side) =>
        (customFigureOf(side, name)?.errors ?? []).map((sentence) => `${name} of ${side.label}: ${sentence}`),
      ),
    ),
  ]
}

/** A figure of unknown kind: four digits that mean something, and never a power of ten where it can be read without. */
export function customText(value: number): string {
  const size = Math.abs(value)
  if (size >= 1e15 || (size > 0 && size < 1e-4)) return value.toExponential(2)
  if (size >= 1_000) return countText(value)
  return String(Number(value.toPrecision(4)))
}
