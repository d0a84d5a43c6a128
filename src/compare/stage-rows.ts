import { countText, msFigure } from '../result/figures.ts'
import type { ExperimentResult, TrialResult } from '../result/result.ts'
import { stageText } from '../workload/schedule-text.ts'
import { medianCell, type Read } from './cells.ts'
import type { RowGroup, RowMaker } from './rows.ts'
import { intervalsIn, quantileOver, rateOver, type Stretch } from './stretch.ts'

/** Stages with rows of their own; the charts and the files show all of them. */
const MAX_STAGES_SHOWN = 8
const P99 = 9_900

/** How each stage of a schedule went; no group without stages. */
export function stageGroup(schedule: ExperimentResult['workload']['schedule'], row: RowMaker): RowGroup[] {
  if (schedule?.shape?.kind !== 'stages') return []
  let fromS = 0
  const rows = schedule.shape.stages.slice(0, MAX_STAGES_SHOWN).flatMap((stage) => {
    const own = { fromS, toS: fromS + stage.durationS }
    fromS = own.toS
    const title = stageText(stage)
    return [
      row(title, 'msg/s published', medianCell(inStage(own, publishedHz), countText)),
      row(title, 'publish p99, ms', medianCell(inStage(own, p99('publish')), msFigure)),
      row(title, 'end-to-end p99, ms', medianCell(inStage(own, p99('endToEnd')), msFigure)),
    ]
  })
  return [{ title: 'Stages, by the seconds in which answers came', rows }]
}

type Intervals = TrialResult['intervals']

function inStage({ fromS, toS }: Stretch, read: (intervals: Intervals) => number | null): Read {
  return (trial) => {
    const beginS = trial.phases.warmup.durationS
    return read(intervalsIn(trial, { fromS: beginS + fromS, toS: beginS + toS }))
  }
}

const publishedHz = (intervals: Intervals) => rateOver(intervals, ({ counts }) => counts.acknowledged)
const p99 = (name: 'publish' | 'endToEnd') => (intervals: Intervals) => quantileOver(intervals, name, P99)
