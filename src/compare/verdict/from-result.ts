import type { Costs, LatencySummary, SideResult, TrialResult } from '../../result/result.ts'
import { costPerMillion, perMessage } from '../took.ts'
import type { FigureValue, SideTrials, TrialFigures } from './types.ts'

const NOT_BILLED: Costs = { billing: 'not billed' }

/** What a verdict needs of the sides of a result. Trials are placed in the run by when they started. Pure. */
export function sideTrialsOf(sides: readonly SideResult[], costs: Costs = NOT_BILLED): SideTrials[] {
  const started = sides.flatMap(({ trials }) => trials).sort(inOrder)
  const places = new Map(started.map((trial, place) => [trial, place]))
  return sides.map(({ label, trials }) => ({
    label,
    trials: trials.map((trial) => figuresOf(trial, places.get(trial)!, costPerMillion(trial, label, costs))),
  }))
}

/** A clock may be set back between trials: where the place is known, it counts. */
function inOrder(a: TrialResult, b: TrialResult): number {
  if (a.place !== undefined && b.place !== undefined) return a.place - b.place
  return Date.parse(a.startedAt) - Date.parse(b.startedAt)
}

function figuresOf(trial: TrialResult, place: number, cost: number | null): TrialFigures {
  const { latencies } = trial.phases.measure
  const publishP99 = p99Of(latencies.publish.summary)
  const endToEndP99 = p99Of(latencies.endToEnd.summary)
  const { usage } = trial.server
  const cpuUs = perMessage(usage === null ? null : usage.cpuS * 1e6, trial)
  return {
    place,
    measurement: trial.verdict.measurement,
    integrity: trial.verdict.integrity,
    ...(trial.interrupted === null ? {} : { cutShort: true }),
    ...(trial.closedLoop && { closedLoop: true }),
    figures: {
      ...(publishP99 === null ? {} : { publishP99 }),
      ...(endToEndP99 === null ? {} : { endToEndP99 }),
      ...(cpuUs === null ? {} : { cpuPerMessage: { value: cpuUs, atLeast: false } }),
      ...(cost === null ? {} : { costPerMillion: { value: cost, atLeast: false } }),
    },
  }
}

function p99Of({ count, p99 }: LatencySummary): FigureValue | null {
  return count === 0 ? null : { value: p99.us, atLeast: p99.atLeast }
}
