import type { ExperimentResult } from '../result/result.ts'
import { type SloSource, sloOutcomes, slosOf } from '../result/slo-outcomes.ts'
import { judgeSlo, sloValueText } from '../result/slo-value.ts'
import { type Cell, DASH } from './cells.ts'
import type { RowGroup } from './rows.ts'
import type { SideColumn } from './table.ts'

/** A row for each objective of the workload, a cell a side; no group without any. */
export function sloGroup(
  result: Pick<ExperimentResult, 'workload'>,
  columns: readonly SideColumn[],
): RowGroup[] {
  const slos = slosOf(result)
  if (slos.length === 0) return []
  const rows = slos.map((slo) => ({
    title: slo.text,
    unit: '',
    cells: columns.map(({ trials }): Cell => {
      const judged = trials
        .filter(({ verdict }) => verdict.measurement !== 'invalid')
        .map((trial) => judgeSlo(slo, trial))
      const [only] = judged
      if (only === undefined) return DASH
      const held = judged.filter((outcome) => outcome.held).length
      const text = judged.length === 1 ? sloValueText(only) : `met in ${held} of ${judged.length} trials`
      return { text, mark: held === judged.length ? null : 'bad' }
    }),
  }))
  return [{ title: 'Objectives (slo)', rows }]
}

/** Sentences of a side's missed objectives: the trial is named where there are several. */
export function missedObjectives(result: SloSource, label: string): readonly string[] {
  const several = (result.sides.find((side) => side.label === label)?.trials.length ?? 0) > 1
  return sloOutcomes(result)
    .filter(({ side, held }) => side === label && !held)
    .map(({ sentence, trial }) => (several ? `trial ${trial + 1}: ${sentence}` : sentence))
}
