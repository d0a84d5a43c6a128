import { countText, percentText } from '../../result/figures.ts'
import type { ExperimentResult, LatencySummary } from '../../result/result.ts'
import { quantileFigure } from '../table.ts'
import { trialOfStep } from './found-trials.ts'

/** One step of a search, as every view prints it. */
export interface StepRow {
  readonly number: number
  readonly rate: string
  readonly purpose: string
  readonly outcome: 'held' | 'refused' | 'unknown'
  /** Of the rate, acknowledged within measure. */
  readonly acknowledged: string
  readonly publishP99Ms: string
  readonly endToEndP99Ms: string
  /** Deliveries due when measure ended, as messages of one subscription. */
  readonly backlog: string
  readonly drainS: string
  /** Why it was refused; empty when it was not. */
  readonly reasons: readonly string[]
}

export interface SideSteps {
  readonly label: string
  readonly rows: readonly StepRow[]
}

const DASH = '–'

/** Every step of every search, in the order in which they were made. Pure. */
export function stepRows({ sides }: Pick<ExperimentResult, 'sides'>): readonly SideSteps[] {
  return sides.flatMap((side) => {
    if (side.search === undefined) return []
    const rows = side.search.steps.map((step, i): StepRow => {
      const trial = trialOfStep(side, step.place)
      const { latencies, publishRateHz } = trial?.phases.measure ?? {}
      return {
        number: i + 1,
        rate: countText(step.rateHz),
        purpose: step.purpose,
        outcome: step.outcome,
        acknowledged: publishRateHz === undefined ? DASH : percentText(publishRateHz / step.rateHz),
        publishP99Ms: p99(latencies?.publish.summary),
        endToEndP99Ms: p99(latencies?.endToEnd.summary),
        backlog: trial === null ? DASH : countText(trial.backlogAtEnd),
        drainS: trial === null ? DASH : (trial.drain.durationMs / 1000).toFixed(1),
        reasons: step.reasons.map(({ text }) => text),
      }
    })
    return { label: side.label, rows }
  })
}

function p99(summary: LatencySummary | undefined): string {
  return summary === undefined || summary.count === 0 ? DASH : quantileFigure(summary.p99)
}
