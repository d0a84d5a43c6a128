import type { LatencyName } from '../engine/types.ts'
import { countText, msFigure, percentText } from '../result/figures.ts'
import { corruptedIn } from '../result/integrity.ts'
import type { ExperimentResult, LatencySummary, Quantile, TrialResult } from '../result/result.ts'
import { type BrokerTotals, brokerTotals } from './broker-figures.ts'

/** Bytes of a MB, here and in every export: the decimal one. */
export const MB = 1_000_000

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
  /** The side's label; with the trial's number where a side has several. */
  readonly label: string
  readonly side: string
  /** 1 … n. */
  readonly trialNumber: number
  readonly trial: TrialResult | null
  /** Latencies are overload figures (saturated) or not to be trusted (invalid): shown, never ranked. */
  readonly ranked: boolean
}

export interface Cell {
  readonly text: string
  /** `best` is only given where values of ranked columns differ as printed; `muted` cells are not to be ranked. */
  readonly mark: 'best' | 'muted' | 'bad' | null
}

export interface Row {
  readonly title: string
  readonly unit: string
  readonly cells: readonly Cell[]
}

export interface RowGroup {
  readonly title: string
  readonly rows: readonly Row[]
}

/** The side-by-side table as pure data: every view (HTML, terminal) prints the same one. */
export interface Comparison {
  readonly columns: readonly Column[]
  readonly groups: readonly RowGroup[]
  /** What a reader must know of marks in the table. */
  readonly footnotes: readonly string[]
}

const DASH: Cell = { text: '–', mark: null }

/** One column a trial, in the order of the sides. */
export function columnsOf(result: Pick<ExperimentResult, 'sides'>): readonly Column[] {
  return result.sides.flatMap((side): Column[] => {
    if (side.trials.length === 0) {
      return [{ label: side.label, side: side.label, trialNumber: 1, trial: null, ranked: false }]
    }
    return side.trials.map((trial, index) => ({
      label: side.trials.length === 1 ? side.label : `${side.label} #${index + 1}`,
      side: side.label,
      trialNumber: index + 1,
      trial,
      ranked: isRanked(trial),
    }))
  })
}

/** Whether a trial's latencies may be ranked: measured validly, and no integrity promise broken. */
export function isRanked(trial: TrialResult): boolean {
  return trial.verdict.measurement === 'valid' && trial.verdict.integrity !== 'violated'
}

/** Builds the table. Pure. */
export function compare(result: ExperimentResult): Comparison {
  const columns = columnsOf(result)
  const row = (title: string, unit: string, cell: (trial: TrialResult) => Cell): Row => ({
    title,
    unit,
    cells: columns.map(({ trial }) => (trial === null ? DASH : cell(trial))),
  })
  const bytes = result.workload.messageBytes
  const groups: RowGroup[] = [
    {
      title: 'Verdict',
      rows: [
        row('measurement', '', ({ verdict }) => ({
          text: verdict.measurement,
          mark: verdict.measurement === 'invalid' ? 'bad' : null,
        })),
        row('integrity', '', ({ verdict }) => ({
          text: verdict.integrity,
          mark: verdict.integrity === 'violated' ? 'bad' : null,
        })),
      ],
    },
    {
      title: 'Throughput',
      rows: [
        row('published', 'msg/s', (trial) => plain(countText(trial.phases.measure.publishRateHz))),
        row('published', 'MB/s', (trial) => plain(megabytes(trial.phases.measure.publishRateHz * bytes))),
        row('consumed', 'msg/s', (trial) => plain(countText(trial.phases.measure.consumeRateHz))),
        row('consumed', 'MB/s', (trial) => plain(megabytes(trial.phases.measure.consumeRateHz * bytes))),
        row('acknowledged of scheduled', '', acknowledgedCell),
        row('backlog at the end', 'msg', (trial) => plain(countText(trial.backlogAtEnd))),
      ],
    },
    ...COMPARED_LATENCIES.map(({ name, title }) => ({
      title,
      rows: COMPARED_QUANTILES.map(({ key, title: quantile }) => latencyRow(columns, name, key, quantile)),
    })),
    { title: 'Failures', rows: failureRows(row) },
    { title: 'Audit', rows: auditRows(row) },
    ...brokerGroup(columns, row),
    { title: 'Resources during measure', rows: resourceRows(row) },
  ]
  return { columns, groups, footnotes: footnotesOf(columns) }
}

const plain = (text: string): Cell => ({ text, mark: null })
const megabytes = (bytes: number): string => (bytes / MB).toFixed(bytes >= 10 * MB ? 1 : 2)

function acknowledgedCell(trial: TrialResult): Cell {
  const { acknowledged, scheduled } = trial.phases.measure.counts
  return scheduled === 0 ? DASH : plain(percentText(acknowledged / scheduled))
}

function latencyRow(
  columns: readonly Column[],
  name: LatencyName,
  key: (typeof COMPARED_QUANTILES)[number]['key'],
  title: string,
): Row {
  const quantiles = columns.map(({ trial }) => {
    const summary = trial?.phases.measure.latencies[name].summary
    return summary === undefined || summary.count === 0 ? null : summary[key]
  })
  // Only what a user waits for is ranked: the service time leaves out the wait, the schedule delay is no result.
  const best = name === 'publish' || name === 'endToEnd' ? bestOf(columns, quantiles) : null
  return {
    title,
    unit: 'ms',
    cells: quantiles.map((quantile, i): Cell => {
      if (quantile === null) return DASH
      const text = quantileFigure(quantile)
      if (!columns[i]!.ranked) return { text, mark: 'muted' }
      return { text, mark: quantile === best ? 'best' : null }
    }),
  }
}

/** A quantile in ms without its unit, `≥` where it is a lower bound. */
export function quantileFigure({ us, atLeast }: Quantile): string {
  return `${atLeast ? '≥\u00a0' : ''}${msFigure(us)}`
}

/** The one smallest value of ranked columns of at least two sides; null on a tie as printed, or when it is a lower bound. */
function bestOf(columns: readonly Column[], quantiles: readonly (Quantile | null)[]): Quantile | null {
  const candidates = quantiles.filter((quantile, i) => quantile !== null && columns[i]!.ranked) as Quantile[]
  const sides = new Set(
    columns.filter((column, i) => column.ranked && quantiles[i] !== null).map((c) => c.side),
  )
  if (sides.size < 2) return null
  const [first, second] = candidates.sort((a, b) => a.us - b.us)
  if (first!.atLeast || msFigure(first!.us) === msFigure(second!.us)) return null
  return first!
}

type RowMaker = (title: string, unit: string, cell: (trial: TrialResult) => Cell) => Row

/** Sum of failures by kind. */
export function totalOf(errors: Readonly<Record<string, number>>): number {
  return Object.values(errors).reduce((sum, count) => sum + count, 0)
}

function failureRows(row: RowMaker): Row[] {
  const alarmed = (count: number): Cell => ({ text: countText(count), mark: count > 0 ? 'bad' : null })
  return [
    row('publish failures', 'msg', (trial) => alarmed(totalOf(trial.publishErrors))),
    row('consume failures', '', (trial) => alarmed(totalOf(trial.consumeErrors))),
  ]
}

/** The audit's figures of all topics and subscriptions of a trial together. */
export const AUDIT_FIGURES = [
  { key: 'sent', title: 'sent', alarming: false },
  { key: 'acknowledged', title: 'acknowledged', alarming: false },
  { key: 'rejected', title: 'rejected', alarming: false },
  { key: 'unknown', title: 'unknown', alarming: false },
  { key: 'received', title: 'received', alarming: false },
  { key: 'distinct', title: 'received, distinct', alarming: false },
  { key: 'lost', title: 'lost', alarming: false },
  { key: 'acknowledgedLost', title: 'acknowledged but lost', alarming: true },
  { key: 'duplicated', title: 'duplicated', alarming: false },
  { key: 'redelivered', title: 'of these marked as redelivered', alarming: false },
  { key: 'outOfOrder', title: 'out of order', alarming: false },
  { key: 'corrupted', title: 'corrupted', alarming: true },
  { key: 'wrongPartition', title: 'from the wrong partition', alarming: true },
  { key: 'ghosts', title: 'delivered though rejected', alarming: false },
] as const

export type AuditFigure = (typeof AUDIT_FIGURES)[number]['key']

/** One figure over all audits of a trial; each subscription counts for itself. */
export function auditTotal(trial: TrialResult, key: AuditFigure): number {
  if (key === 'corrupted') return corruptedIn(trial)
  return trial.audits.reduce((sum, audit) => sum + audit[key], 0)
}

function auditRows(row: RowMaker): Row[] {
  return AUDIT_FIGURES.map(({ key, title, alarming }) =>
    row(title, 'msg', (trial) => {
      if (trial.audits.length === 0 && key !== 'corrupted') return DASH
      const count = auditTotal(trial, key)
      return { text: countText(count), mark: alarming && count > 0 ? 'bad' : null }
    }),
  )
}

/** Only where a broker told anything at all. */
function brokerGroup(columns: readonly Column[], row: RowMaker): RowGroup[] {
  if (columns.every(({ trial }) => (trial?.brokerFigures?.topics.length ?? 0) === 0)) return []
  const figure = (read: (totals: BrokerTotals) => string | null) => (trial: TrialResult) => {
    const text = read(brokerTotals(trial))
    return text === null ? DASH : plain(text)
  }
  const count = (value: number | null) => (value === null ? null : countText(value))
  return [
    {
      title: 'Counted by the broker, after the drain',
      rows: [
        row(
          'taken from producers',
          'msg',
          figure(({ messagesIn }) => count(messagesIn)),
        ),
        row(
          'handed to consumers',
          'msg',
          figure(({ messagesOut }) => count(messagesOut)),
        ),
        row(
          'not acknowledged by subscriptions',
          '',
          figure(({ backlog, backlogUnit }) =>
            backlog === null ? null : `${countText(backlog)} ${backlogUnit}`,
          ),
        ),
        row(
          'in store',
          'MB',
          figure(({ storageBytes }) => (storageBytes === null ? null : megabytes(storageBytes))),
        ),
      ],
    },
  ]
}

/** CPU seconds of all worker processes during measure. */
export function clientCpuS(trial: TrialResult): number {
  return trial.workers.reduce((sum, worker) => sum + worker.cpuS, 0)
}

function resourceRows(row: RowMaker): Row[] {
  const perMessage = (cpuS: number, trial: TrialResult): Cell => {
    const { acknowledged } = trial.phases.measure.counts
    return acknowledged === 0 ? DASH : plain(((cpuS * 1e6) / acknowledged).toFixed(1))
  }
  const ofBroker = (cell: (cpuS: number, rss: number) => Cell) => (trial: TrialResult) =>
    trial.server.usage === null ? DASH : cell(trial.server.usage.cpuS, trial.server.usage.maxRssBytes)
  return [
    row('client CPU', 's', (trial) => plain(clientCpuS(trial).toFixed(1))),
    row('client CPU a message', 'µs', (trial) => perMessage(clientCpuS(trial), trial)),
    row('busiest worker', '% of a core', (trial) =>
      trial.workers.length === 0
        ? DASH
        : plain((100 * Math.max(...trial.workers.map((w) => w.meanCoreShare))).toFixed(1)),
    ),
    row('broker CPU', 's', (trial) => ofBroker((cpuS) => plain(cpuS.toFixed(1)))(trial)),
    row('broker CPU a message', 'µs', (trial) => ofBroker((cpuS) => perMessage(cpuS, trial))(trial)),
    row(
      'broker memory, largest',
      'MB',
      ofBroker((_, rss) => plain(countText(rss / MB))),
    ),
  ]
}

function footnotesOf(columns: readonly Column[]): string[] {
  const named = (measurement: string) =>
    columns
      .filter((column) => column.trial?.verdict.measurement === measurement)
      .map((column) => column.label)
  const notes: string[] = []
  const saturated = named('saturated')
  if (saturated.length > 0)
    notes.push(`Latencies of ${list(saturated)} are overload figures: shown, not ranked.`)
  const invalid = named('invalid')
  if (invalid.length > 0) notes.push(`Figures of ${list(invalid)} are not to be trusted: shown, not ranked.`)
  const violated = columns
    .filter((column) => column.trial?.verdict.integrity === 'violated')
    .map((c) => c.label)
  if (violated.length > 0) notes.push(`${list(violated)} broke an integrity promise and is not ranked.`)
  notes.push('≥: messages that never came would change this quantile; the true one is at least this.')
  return notes
}

/** `a`, `a and b`, `a, b and c`. */
export function list(words: readonly string[]): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}
