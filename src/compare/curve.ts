import type { ExperimentResult, Quantile, TrialResult } from '../result/result.ts'
import type { SearchResult } from '../result/search.ts'
import { loadsOf, trialsByRate } from './loads.ts'
import { median } from './statistics/index.ts'
import { medianQuantile } from './table.ts'
import { type HeldVerdict, heldVerdicts } from './verdict/index.ts'

/** What more load does to the latencies of one side. */
export interface LoadCurve {
  readonly label: string
  /** Ascending by the rate offered; only rates at which the side was run. */
  readonly points: readonly LoadPoint[]
}

/** One side at one rate; figures are medians over the trials that are to be trusted. */
export interface LoadPoint {
  /** Messages a second that were to be offered. */
  readonly rateHz: number
  /** Messages a second that were acknowledged; null without a trial to be trusted. */
  readonly achievedHz: number | null
  /** Overload figures where the rate was not held. Null without a trial that knows them. */
  readonly publish: LatencyPoint
  readonly endToEnd: LatencyPoint
  readonly held: HeldVerdict['outcome']
  /** How many of the whole trials held the rate. */
  readonly heldTrials: number
  readonly trials: number
}

/** µs; `atLeast` where messages that never came would move the quantile. */
export interface LatencyPoint {
  readonly p50: Quantile | null
  readonly p99: Quantile | null
}

/** The latency–throughput curve: one line a side, in the order of the result. With one rate a line has one point. Pure. */
export function curveOf(result: Pick<ExperimentResult, 'sides' | 'workload'>): readonly LoadCurve[] {
  const held = loadsOf(result).map(heldVerdicts)
  const rates = trialsByRate(result)
  return result.sides.map(({ label }, side) => ({
    label,
    points: rates.flatMap(({ rateHz, sides }, rate) => {
      const { trials } = sides[side]!
      if (trials.length === 0) return []
      const point = pointOf(rateHz, trials, held[rate]![side]!)
      const { search } = result.sides[side]!
      return search === undefined ? point : { ...point, ...judgedBySearch(search, rateHz) }
    }),
  }))
}

/** A search asks more of a step than that the rate is held: its last word counts. */
function judgedBySearch({ steps }: SearchResult, rateHz: number): Pick<LoadPoint, 'held' | 'heldTrials'> {
  const own = steps.filter((step) => step.rateHz === rateHz && step.outcome !== 'unknown')
  const last = own.at(-1)
  return {
    held: last === undefined ? 'unknown' : last.outcome === 'held' ? 'held' : 'did not hold',
    heldTrials: own.filter(({ outcome }) => outcome === 'held').length,
  }
}

function pointOf(rateHz: number, trials: readonly TrialResult[], held: HeldVerdict): LoadPoint {
  const trusted = trials.filter(
    ({ verdict, interrupted }) => verdict.measurement !== 'invalid' && interrupted === null,
  )
  const achieved = trusted.map(({ phases }) => phases.measure.publishRateHz)
  const latency = (name: 'publish' | 'endToEnd'): LatencyPoint => ({
    p50: medianQuantile(trusted, name, 'p50'),
    p99: medianQuantile(trusted, name, 'p99'),
  })
  return {
    rateHz,
    achievedHz: achieved.length === 0 ? null : median(achieved),
    publish: latency('publish'),
    endToEnd: latency('endToEnd'),
    held: held.outcome,
    heldTrials: held.held,
    trials: held.trials,
  }
}
