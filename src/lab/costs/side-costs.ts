import type { LabSystem } from '../../brokers/lab-system.ts'
import type { Costs, ExperimentResult, SideResult } from '../../result/result.ts'
import { sumsBy } from './cost-line.ts'
import type { SideCostRow } from './costs-file.ts'
import { pricePerHour, type RecordedExperiment, type RecordedInstance } from './estimate.ts'
import type { PriceTable } from './price-schema.ts'

/** Role of the load generators: every side has them to itself while it is under load. */
export const CLIENT_ROLE = 'client'
const SECONDS_PER_HOUR = 3600
const MILLION = 1e6

/** A run of an experiment, as it lies in its folder. */
export interface ExperimentRun {
  /** Name of its folder below `runs/`. */
  readonly run: string
  readonly result: ExperimentResult
}

/** Roles whose bill is known, with what is billed for a dollar estimated. */
export type BillFactors = ReadonlyMap<string, number>

export interface SideCostInputs {
  readonly record: RecordedExperiment
  readonly table: PriceTable
  readonly systems: readonly LabSystem[]
  /** Null while there is no bill to go by. */
  readonly factors: BillFactors | null
}

/**
 * What each side of a run cost by the hour: the machines of its system and the load generators, which it had to itself;
 * systems that stood beside it are not its own. Sides without machines, or
 * with an unknown price, are left out. Pure.
 */
export function runSideCosts({ run, result }: ExperimentRun, inputs: SideCostInputs): SideCostRow[] {
  const fromMs = Date.parse(result.startedAt)
  const toMs = Date.parse(result.endedAt)
  const { region, instances } = inputs.record
  const there = instances.filter(
    ({ launchedMs, endedMs }) => launchedMs < toMs && (endedMs === null || endedMs > fromMs),
  )
  return result.sides.flatMap((side) => {
    const system = inputs.systems.find(({ name }) => name === side.driver)
    if (system === undefined) return []
    const isItsOwn = ({ role }: RecordedInstance) => Object.hasOwn(system.compute, role)
    if (!there.some(isItsOwn)) return []
    const own = there.filter((each) => isItsOwn(each) || each.role === CLIENT_ROLE)
    const standing = own.map((each) => ({ ...each, endedMs: null }))
    const { lines, unknown } = pricePerHour({ region, instances: standing }, inputs.table)
    if (unknown.length > 0) return []
    const sums = sumsBy(lines, 'role')
    const factors = sums.map(({ name }) => inputs.factors?.get(name) ?? null)
    const isBilled = factors.every((factor) => factor !== null)
    const perHourUsd = sums.reduce((sum, { usd }, i) => sum + usd! * (isBilled ? factors[i]! : 1), 0)
    const billing = isBilled ? ('billed' as const) : ('estimated' as const)
    return [{ run, side: side.label, billing, perHourUsd, ...perMillion(side, perHourUsd) }]
  })
}

/** What the result of a run says of money; `whole` is added by whoever knows it. Pure. */
export function resultCosts(rows: readonly SideCostRow[]): Extract<Costs, { readonly currency: string }> {
  const isBilled = rows.length > 0 && rows.every(({ billing }) => billing === 'billed')
  return {
    billing: isBilled ? 'billed' : 'estimated',
    currency: 'USD',
    sides: rows.map(({ side, perHourUsd }) => ({ side, perHour: perHourUsd })),
  }
}

/** Messages of measured times, over all sides and trials. Pure. */
export function messagesOf(results: readonly ExperimentResult[]) {
  let published = 0
  let delivered = 0
  for (const { sides } of results) {
    for (const { trials } of sides) {
      published += trials.reduce((sum, { phases }) => sum + phases.measure.counts.acknowledged, 0)
      delivered += trials.reduce((sum, { phases }) => sum + phases.measure.delivered, 0)
    }
  }
  return { published, delivered }
}

/** Dollars a million; null without any message. */
export function aMillion(usd: number, messages: number): number | null {
  return messages === 0 ? null : (usd * MILLION) / messages
}

function perMillion({ trials }: SideResult, perHourUsd: number) {
  const measuredS = trials.reduce((sum, { phases }) => sum + phases.measure.durationS, 0)
  const usd = (perHourUsd * measuredS) / SECONDS_PER_HOUR
  const acknowledged = trials.reduce((sum, { phases }) => sum + phases.measure.counts.acknowledged, 0)
  const delivered = trials.reduce((sum, { phases }) => sum + phases.measure.delivered, 0)
  return {
    perMillionPublishedUsd: aMillion(usd, acknowledged),
    perMillionDeliveredUsd: aMillion(usd, delivered),
  }
}
