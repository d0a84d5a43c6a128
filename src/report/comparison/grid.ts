import type { Cell } from '../../compare/cells.ts'
import { DASH } from '../../compare/cells.ts'
import type { Change, FigureCell, FigureRow, JudgedContest } from '../../compare/comparison/index.ts'
import type { RowGroup } from '../../compare/rows.ts'
import { figureNumber, UNIT_TEXT } from '../../compare/sources/index.ts'
import { changeText, pText, spreadText } from '../../compare/statistics/line.ts'

/** A table of one contest, the same in every view. */
export interface Grid {
  readonly columns: readonly { readonly label: string }[]
  readonly groups: readonly RowGroup[]
}

const GROUP_TITLES: Readonly<Record<string, string>> = {
  publish: 'Publish latency',
  e2e: 'End-to-end latency',
  service: 'Service time',
  delay: 'Schedule delay',
  rate: 'Rates',
  cpu: 'CPU a message',
  cost: 'Costs',
}

/** What marks in the table mean. */
export const GRID_LEGEND =
  'Medians over trials with the ± of their 95 % interval. Changes without a p value are described, not tested; ~: no ' +
  'difference shown; in parentheses or grey: not ranked.'

/** Figures of the sides, and their change from the baseline where sources are compared. Pure. */
export function gridOf({ sides, rows }: JudgedContest, withChanges: boolean): Grid {
  const changes = withChanges
    ? sides.slice(1).map(({ source }) => `${source.name} against ${sides[0]!.source.name}`)
    : []
  const groups = new Map<string, FigureRow[]>()
  for (const row of rows) {
    const group = row.figure.name.split('.')[0]!
    groups.set(group, [...(groups.get(group) ?? []), row])
  }
  return {
    columns: [...sides.map(({ label }) => label), ...changes].map((label) => ({ label })),
    groups: [...groups].map(([group, members]) => ({
      title: GROUP_TITLES[group] ?? group,
      rows: members.map(({ figure, cells, changes: changed }) => ({
        title: figure.name,
        unit: UNIT_TEXT[figure.unit],
        cells: [
          ...cells.map((cell) => (cell === null ? DASH : sideCell(cell, figure))),
          ...(withChanges
            ? changed.map((change) => (change === null ? DASH : changeCell(change, figure)))
            : []),
        ],
      })),
    })),
  }
}

function sideCell(
  { median, n, spread, atLeast, notRanked }: FigureCell,
  { unit }: FigureRow['figure'],
): Cell {
  const number = `${atLeast ? '≥\u00a0' : ''}${figureNumber(unit, median)}`
  const text = n > 1 ? `${number} ${spreadText({ median, n, share: spread })}` : number
  return { text, mark: notRanked === null ? null : 'muted' }
}

function changeCell({ ratio, test }: Change, { better }: FigureRow['figure']): Cell {
  if (test === null || test.outcome === 'too few') return { text: changeText(ratio), mark: 'muted' }
  const p = `(p=${pText(test.adjustedP)})`
  if (test.outcome !== 'shown') return { text: `~ ${p}`, mark: null }
  const improved = better === 'lower' ? ratio < 1 : ratio > 1
  return { text: `${changeText(ratio)} ${p}`, mark: improved ? 'best' : 'bad' }
}
