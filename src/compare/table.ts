import type { LatencyName } from '../engine/types.ts'
import { countText, msFigure } from '../result/figures.ts'
import { isNearFloor, type NoiseFloor } from '../result/floor.ts'
import { plannedRateHz, plannedRatesHz } from '../result/rates.ts'
import type { Costs, ExperimentResult, LatencySummary, Quantile, TrialResult } from '../result/result.ts'
import { backlogGroup, backlogNotes } from './backlog-rows.ts'
import { type Cell, DASH, type TrialsCell, wordCell } from './cells.ts'
import { clockNotes } from './clock-notes.ts'
import { customGroup, customNotes } from './custom-figures.ts'
import { FLOOR_MARK, floorNotes } from './floor-notes.ts'
import { trialsByRate } from './loads.ts'
import {
  auditRows,
  brokerGroup,
  failureRows,
  type Row,
  type RowGroup,
  type RowMaker,
  throughputRows,
  tookRows,
} from './rows.ts'
import { isSearched } from './search/found-trials.ts'
import { sloGroup } from './slo-rows.ts'
import { stageGroup } from './stage-rows.ts'
import { median } from './statistics/index.ts'
import { costPerMillion } from './took.ts'
import { FIGURE_KINDS } from './verdict/index.ts'

/** The latencies that are compared; the two parts of the schedule delay stand in the details. */
export const COMPARED_LATENCIES: readonly { readonly name: LatencyName; readonly title: string }[] = [
  { name: 'publish', title: 'Publish latency' },
  { name: 'endToEnd', title: 'End-to-end latency' },
  { name: 'service', title: 'Service time' },
  { name: 'scheduleDelay', title: 'Schedule delay' },
]

/** The quantiles of every table. */
export const COMPARED_QUANTILES = [
  { key: 'p50', title: 'p50' },
  { key: 'p95', title: 'p95' },
  { key: 'p99', title: 'p99' },
  { key: 'p999', title: 'p99.9' },
  { key: 'max', title: 'max' },
] as const satisfies readonly { key: keyof LatencySummary; title: string }[]

/** One trial of one side; a side whose trials are none has one column with `trial: null`. */
export interface Column {
  /** The side's label; with the trial's number where a side has several, and its rate where there are several. */
  readonly label: string
  readonly side: string
  /** 1 … n. */
  readonly trialNumber: number
  readonly trial: TrialResult | null
  /** Latencies are overload figures (saturated) or not to be trusted (invalid): shown, never ranked. */
  readonly ranked: boolean
}

/** One side (at one rate) in the side-by-side table. */
export interface SideColumn {
  /** The side's label; with the rate where there are several. */
  readonly label: string
  readonly side: string
  /** Messages a second that were to be offered. */
  readonly rateHz: number
  /** Empty when the side could not be run. */
  readonly trials: readonly TrialResult[]
  /** Whether all trials may be ranked. */
  readonly ranked: boolean
}

/** The side-by-side table as pure data: every view (HTML, terminal) prints the same one. */
export interface Comparison {
  readonly columns: readonly SideColumn[]
  readonly groups: readonly RowGroup[]
  /** What a reader must know of marks in the table. */
  readonly footnotes: readonly string[]
}

/** One column a trial, for what is told trial by trial, in the order of the sides. */
export function columnsOf(result: Pick<ExperimentResult, 'sides' | 'workload'>): readonly Column[] {
  const rates = plannedRatesHz(result)
  return result.sides.flatMap((side): Column[] => {
    if (side.trials.length === 0) {
      return [{ label: side.label, side: side.label, trialNumber: 1, trial: null, ranked: false }]
    }
    return side.trials.map((trial, index) => ({
      label:
        (side.trials.length === 1 ? side.label : `${side.label} #${index + 1}`) +
        (rates.length === 1 ? '' : atRate(plannedRateHz(trial, result.workload))),
      side: side.label,
      trialNumber: index + 1,
      trial,
      ranked: isRanked(trial),
    }))
  })
}

function atRate(rateHz: number): string {
  return ` at ${countText(rateHz)}/s`
}

/** Whether a trial's latencies may be ranked: measured validly, and no integrity promise broken. */
export function isRanked(trial: TrialResult): boolean {
  return trial.verdict.measurement === 'valid' && trial.verdict.integrity !== 'violated'
}

/** One column a side; with several rates one for each, all sides at a rate beside one another. */
export function sideColumnsOf(result: Pick<ExperimentResult, 'sides' | 'workload'>): readonly SideColumn[] {
  const rates = trialsByRate(result)
  // Each search finds a rate of its own, at which no other side was run.
  const isShown = ({ trials }: { trials: readonly TrialResult[] }) =>
    trials.length > 0 || rates.length === 1 || !isSearched(result)
  return rates.flatMap(({ rateHz, sides }) =>
    sides.filter(isShown).map(({ label, trials }) => ({
      label: rates.length === 1 ? label : label + atRate(rateHz),
      side: label,
      rateHz,
      trials,
      ranked: trials.length > 0 && trials.every(isRanked),
    })),
  )
}

/** Builds the table: a column a side, with medians and sums where it has several trials. Pure. */
export function compare(result: ExperimentResult): Comparison {
  const columns = sideColumnsOf(result)
  const row = (title: string, unit: string, cell: TrialsCell): Row => ({
    title,
    unit,
    cells: columns.map(({ trials }) => (trials.length === 0 ? DASH : cell(trials))),
  })
  const bytes = result.workload.messageBytes
  const groups: RowGroup[] = [
    {
      title: 'Verdict',
      rows: [
        row(
          'measurement',
          '',
          wordCell(({ verdict }) => verdict.measurement, 'invalid'),
        ),
        row(
          'integrity',
          '',
          wordCell(({ verdict }) => verdict.integrity, 'violated'),
        ),
      ],
    },
    ...sloGroup(result, columns),
    { title: 'Throughput', rows: throughputRows(row, bytes) },
    ...COMPARED_LATENCIES.map(({ name, title }) => ({
      title,
      rows: [
        ...COMPARED_QUANTILES.map(({ key, title: quantile }) =>
          latencyRow(columns, name, key, quantile, result.floor),
        ),
        ...(name === 'endToEnd' ? clockRows(columns, row) : []),
      ],
    })),
    ...stageGroup(result.workload.schedule, row),
    ...backlogGroup(
      columns.flatMap(({ trials }) => trials),
      row,
    ),
    { title: 'Failures', rows: failureRows(row) },
    { title: 'Audit', rows: auditRows(row) },
    ...brokerGroup(
      columns.flatMap(({ trials }) => trials),
      row,
    ),
    { title: 'What it took during measure', rows: [...tookRows(row), ...costRows(columns, result.costs)] },
    ...customGroup(result.sides, columns),
  ]
  const cells = groups.flatMap(({ rows }) => rows.flatMap((each) => each.cells))
  const isMarked = cells.some(({ text }) => text.endsWith(FLOOR_MARK))
  const footnotes = [
    ...footnotesOf(columns),
    ...floorNotes(result.floor, isMarked),
    ...clockNotes(columns),
    ...customNotes(result),
  ]
  return { columns, groups, footnotes }
}

/** Only where workers have clocks of their own. */
function clockRows(columns: readonly SideColumn[], row: RowMaker): Row[] {
  if (!columns.some(({ trials }) => trials.some(({ clocks }) => clocks !== undefined))) return []
  const worst: TrialsCell = (trials) => {
    const boundUs = Math.max(...trials.map(({ clockBoundUs }) => clockBoundUs))
    return { text: msFigure(boundUs), mark: null }
  }
  return [row('± clocks', 'ms', worst)]
}

/** Only where somebody is charged: a local run has no such row. */
function costRows(columns: readonly SideColumn[], costs: Costs): Row[] {
  if (costs.billing === 'not billed') return []
  const cells = columns.map(({ side, trials }) => {
    const known = trials.map((trial) => costPerMillion(trial, side, costs)).filter((cost) => cost !== null)
    return known.length === 0 ? DASH : { text: FIGURE_KINDS.costPerMillion.text(median(known)), mark: null }
  })
  return [{ title: `cost per million messages, ${costs.billing}`, unit: costs.currency, cells }]
}

function latencyRow(
  columns: readonly SideColumn[],
  name: LatencyName,
  key: (typeof COMPARED_QUANTILES)[number]['key'],
  title: string,
  floor: NoiseFloor | undefined,
): Row {
  const quantiles = columns.map(({ trials }) => medianQuantile(trials, name, key))
  // Only what a user waits for is ranked: the service time leaves out the wait, the schedule delay is no result.
  const best = name === 'publish' || name === 'endToEnd' ? bestOfEachRate(columns, quantiles) : []
  return {
    title,
    unit: 'ms',
    cells: quantiles.map((quantile, i): Cell => {
      if (quantile === null) return DASH
      const isMarked = isNearFloor(floor, name, key, quantile.us)
      const text = quantileFigure(quantile) + (isMarked ? `\u00a0${FLOOR_MARK}` : '')
      if (!columns[i]!.ranked) return { text, mark: 'muted' }
      return { text, mark: best.includes(quantile) ? 'best' : null }
    }),
  }
}

/** A quantile's median over the trials that have one; a lower bound where its lower bounds, taken as infinite, move it. */
export function medianQuantile(
  trials: readonly TrialResult[],
  name: LatencyName,
  key: (typeof COMPARED_QUANTILES)[number]['key'],
): Quantile | null {
  const known = trials
    .map(({ phases }) => phases.measure.latencies[name].summary)
    .filter(({ count }) => count > 0)
    .map((summary) => summary[key])
  if (known.length === 0) return null
  const us = median(known.map((quantile) => quantile.us))
  const most = median(known.map((quantile) => (quantile.atLeast ? Number.POSITIVE_INFINITY : quantile.us)))
  return { us, atLeast: most !== us }
}

/** A quantile in ms without its unit, `≥` where it is a lower bound. */
export function quantileFigure({ us, atLeast }: Quantile): string {
  return `${atLeast ? '≥\u00a0' : ''}${msFigure(us)}`
}

/** What is best at a rate says nothing of another one. */
function bestOfEachRate(
  columns: readonly SideColumn[],
  quantiles: readonly (Quantile | null)[],
): readonly Quantile[] {
  const rates = [...new Set(columns.map(({ rateHz }) => rateHz))]
  return rates.flatMap((rateHz) => {
    const isOwn = (_: unknown, i: number) => columns[i]!.rateHz === rateHz
    return bestOf(columns.filter(isOwn), quantiles.filter(isOwn)) ?? []
  })
}

/** The one smallest value of ranked columns of at least two sides; null on a tie as printed, or when it is a lower bound. */
function bestOf(columns: readonly SideColumn[], quantiles: readonly (Quantile | null)[]): Quantile | null {
  // Of several trials the verdict says what was shown; a mark on a median would say more than that.
  if (columns.some(({ trials }) => trials.length > 1)) return null
  const candidates = quantiles.filter((quantile, i) => quantile !== null && columns[i]!.ranked) as Quantile[]
  if (candidates.length < 2) return null
  const [first, second] = candidates.sort((a, b) => a.us - b.us)
  if (first!.atLeast || msFigure(first!.us) === msFigure(second!.us)) return null
  return first!
}

function footnotesOf(columns: readonly SideColumn[]): string[] {
  const having = (test: (trial: TrialResult) => boolean) =>
    columns.filter(({ trials }) => trials.some(test)).map(({ label }) => label)
  const notes: string[] = []
  if (columns.some(({ trials }) => trials.length > 1)) {
    notes.push(
      `Figures are medians over trials (${trialCounts(columns)}); failures, audit and what the broker counted are sums over them. ` +
        'They describe; the verdict tests.',
    )
  }
  const saturated = having(({ verdict }) => verdict.measurement === 'saturated')
  if (saturated.length > 0)
    notes.push(`Latencies of ${list(saturated)} are overload figures: shown, not ranked.`)
  const invalid = having(({ verdict }) => verdict.measurement === 'invalid')
  if (invalid.length > 0) notes.push(`Figures of ${list(invalid)} are not to be trusted: shown, not ranked.`)
  const violated = having(({ verdict }) => verdict.integrity === 'violated')
  if (violated.length > 0) notes.push(`${list(violated)} broke an integrity promise and is not ranked.`)
  notes.push(
    ...columns.flatMap(({ label, trials }) => [
      ...unsettledNotes(label, trials),
      ...backlogNotes(label, trials),
    ]),
  )
  notes.push('≥: messages that never came would change this quantile; the true one is at least this.')
  return notes
}

/** A measurement that began before the load had settled may show more of the begin than of the rest. */
function unsettledNotes(label: string, trials: readonly TrialResult[]): string[] {
  const open = trials.filter(({ warmup }) => warmup?.settled === false)
  const [first] = open
  if (first === undefined) return []
  const where = trials.length === 1 ? label : `${label}, ${open.length} of ${trials.length} trials,`
  return [
    `${where} had not settled when its warm-up of ${first.phases.warmup.durationS} s ended: ${first.warmup!.reason}.`,
  ]
}

/** Of each column; said once where it is the same for many. */
function trialCounts(columns: readonly SideColumn[]): string {
  const [first, ...others] = new Set(columns.map(({ trials }) => trials.length))
  const hasRates = new Set(columns.map(({ rateHz }) => rateHz)).size > 1
  if (hasRates && others.length === 0) return `${first} of each side at each rate`
  return list(columns.map(({ trials, label }) => `${trials.length} of ${label}`))
}

/** `a`, `a and b`, `a, b and c`. */
export function list(words: readonly string[]): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}
