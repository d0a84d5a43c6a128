import type { LabSystem } from '../../brokers/lab-system.ts'
import { differenceShare } from '../../result/money.ts'
import type { WholeCostRow, WholeCosts } from '../../result/whole-costs.ts'
import type { Period } from './bill-summary.ts'
import { type CostLine, sumsBy } from './cost-line.ts'
import type { BillSummary, CostRow, CostsFile, TagCosts } from './costs-file.ts'
import {
  type Estimate,
  estimateRecord,
  pricePerHour,
  type RecordedExperiment,
  type Traffic,
} from './estimate.ts'
import type { PriceTable } from './price-schema.ts'
import { aMillion, type BillFactors, type ExperimentRun, messagesOf, runSideCosts } from './side-costs.ts'

export interface SummaryInputs {
  readonly experimentId: string
  readonly record: RecordedExperiment & { readonly startedMs: number }
  readonly nowMs: number
  readonly table: PriceTable
  readonly runs: readonly ExperimentRun[]
  readonly systems: readonly LabSystem[]
  readonly traffic: readonly Traffic[]
  readonly bill: BillSummary
  readonly tags: readonly TagCosts[]
}

/** What is never estimated, and so stands on the bill alone. */
const NOT_ESTIMATED = [
  'estimates do not hold: taxes, surplus CPU credits of burstable instances (t3, t3a, t4g), traffic to the internet, replication between zones, requests to S3',
]

/** From the first launch to the last end. Pure. */
export function periodOf({ instances, startedMs }: SummaryInputs['record']): Period {
  if (instances.length === 0) return { fromMs: startedMs, untilMs: startedMs }
  const stands = instances.some(({ endedMs }) => endedMs === null)
  return {
    fromMs: Math.min(...instances.map(({ launchedMs }) => launchedMs)),
    untilMs: stands ? null : Math.max(...instances.map(({ endedMs }) => endedMs!)),
  }
}

/** `costs.json` of an experiment. Pure. */
export function costsOf(inputs: SummaryInputs): CostsFile {
  const { experimentId, record, nowMs, table, runs, systems, bill, tags, traffic } = inputs
  const { fromMs, untilMs } = periodOf(record)
  const estimate = estimateRecord(record, nowMs, table, traffic)
  const factors = billFactors(estimate, bill)
  const sideInputs = { record, table, systems, factors }
  const results = runs.map(({ result }) => result)
  const messages = messagesOf(results)
  const isBilled = isWhole(bill)
  const totalUsd = isBilled ? bill.totalUsd! : estimate.totalUsd
  return {
    schemaVersion: 1,
    experiment: experimentId,
    region: record.region,
    currency: 'USD',
    madeAt: new Date(nowMs).toISOString(),
    from: new Date(fromMs).toISOString(),
    until: untilMs === null ? null : new Date(untilMs).toISOString(),
    prices: sourcesOf(estimate, table),
    estimate: {
      totalUsd: estimate.totalUsd,
      perHourUsd: pricePerHour(record, table).totalUsd,
      unknown: [...estimate.unknown],
      isBound: estimate.isBound,
      lines: merged(estimate.lines).map(lineOf),
    },
    bill,
    difference:
      bill.totalUsd === null
        ? null
        : {
            usd: bill.totalUsd - estimate.totalUsd,
            share: differenceShare(bill.totalUsd, estimate.totalUsd),
          },
    services: rowsOf(estimate, bill, 'service'),
    roles: rowsOf(estimate, bill, 'role'),
    sides: runs.flatMap((run) => runSideCosts(run, sideInputs)),
    messages,
    perMillion: {
      billing: isBilled ? 'billed' : 'estimated',
      publishedUsd: aMillion(totalUsd, messages.published),
      deliveredUsd: aMillion(totalUsd, messages.delivered),
    },
    tags: [...tags],
    notes: notesOf(estimate, runs.length),
  }
}

/** The part of it that the reports of the runs show. Pure. */
export function wholeCosts(costs: CostsFile): WholeCosts {
  const { experiment, from, until, estimate, bill, services, roles, perMillion, notes, prices } = costs
  const row = ({ name, estimatedUsd, billedUsd }: CostRow): WholeCostRow => ({
    ...{ name, estimated: estimatedUsd, billed: billedUsd },
  })
  return {
    ...{ experiment, from, until, estimated: estimate.totalUsd, billed: bill.totalUsd, billState: bill.why },
    services: services.map(row),
    roles: roles.map(row),
    perMillion: { published: perMillion.publishedUsd, delivered: perMillion.deliveredUsd },
    notes: [...notes, ...prices.map((source) => `prices ${sourceText(source)}`)],
  }
}

/** `of 2026-09-19: AWS Price List API… (https://…)`. */
export function sourceText({ what, url, date, read }: CostsFile['prices'][number]): string {
  return `${date === null ? `without a date, read ${read}` : `of ${date}`}: ${what} (${url})`
}

/** All usage is on it: nothing of the last day is missing. */
function isWhole({ state }: BillSummary): boolean {
  return state === 'open' || state === 'final'
}

/** Billed for each dollar estimated, by role; null without a whole bill. */
function billFactors({ lines }: Estimate, bill: BillSummary): BillFactors | null {
  if (!isWhole(bill)) return null
  const billed = billedBy(bill, 'role')
  const factors = sumsBy(lines, 'role').flatMap(({ name, usd }) => {
    const own = billed.get(name)
    return own === undefined || !usd ? [] : [[name, own / usd] as const]
  })
  return new Map(factors)
}

function billedBy({ rows }: BillSummary, key: 'role' | 'service'): Map<string, number> {
  const sums = new Map<string, number>()
  for (const { service, group, usd } of rows) {
    const name = key === 'service' ? service : group
    sums.set(name, (sums.get(name) ?? 0) + usd)
  }
  return sums
}

/** Everything that was estimated or billed. A bill that is known says 0 of what it does not name. */
function rowsOf({ lines }: Estimate, bill: BillSummary, key: 'role' | 'service'): CostRow[] {
  const billed = billedBy(bill, key)
  const estimated = new Map(sumsBy(lines, key).map(({ name, usd }) => [name, usd]))
  const names = [...new Set([...estimated.keys(), ...billed.keys()])]
  return names.map((name) => {
    const estimatedUsd = estimated.get(name) ?? null
    const billedUsd = bill.totalUsd === null ? null : (billed.get(name) ?? 0)
    const both = estimatedUsd !== null && billedUsd !== null
    return {
      name: name === '' ? 'without a role' : name,
      ...{ estimatedUsd, billedUsd },
      differenceUsd: both ? billedUsd - estimatedUsd : null,
      differenceShare: both ? differenceShare(billedUsd, estimatedUsd) : null,
    }
  })
}

/** Lines of instances that differ in nothing but their time are one. */
function merged(lines: readonly CostLine[]): CostLine[] {
  const groups = Map.groupBy(lines, ({ role, service, what, unit }) => [role, service, what, unit].join('\0'))
  return [...groups.values()].map((own) => {
    const quantity = own.reduce((sum, line) => sum + line.quantity, 0)
    const { price } = own[0]!
    return { ...own[0]!, quantity, usd: price === null ? null : price.usd * quantity }
  })
}

function lineOf({ role, service, what, quantity, unit, price, usd }: CostLine) {
  const { usd: unitUsd = null, isBound = false, source = null } = price ?? {}
  return { role, service, what, quantity, unit, unitUsd, usd, isBound, source }
}

function sourcesOf({ lines }: Estimate, { sources }: PriceTable): CostsFile['prices'] {
  const names = new Set(lines.flatMap(({ price }) => (price === null ? [] : [price.source])))
  return [...names].flatMap((name) => {
    const source = sources[name]
    return source === undefined ? [] : [{ name, ...source }]
  })
}

function notesOf({ unknown, isBound }: Estimate, runs: number): string[] {
  const notes = [...NOT_ESTIMATED]
  if (unknown.length > 0)
    notes.push(`no price is known of ${unknown.join(', ')}: the estimate is without it (--prices FILE)`)
  if (isBound) notes.push('where the typical price of a spot instance is not known, the highest is taken')
  if (runs === 0) notes.push('no result lies in its folder: nothing is told by side or by message')
  return notes
}
