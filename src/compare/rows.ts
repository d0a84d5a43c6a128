import { countText, percentText } from '../result/figures.ts'
import { corruptedIn } from '../result/integrity.ts'
import type { TrialResult } from '../result/result.ts'
import { type BrokerTotals, brokerTotals } from './broker-figures.ts'
import { type Cell, medianCell, type Read, sumCell, type TrialsCell } from './cells.ts'
import { perMessage, type Took, tookOf } from './took.ts'

/** Bytes of a MB, here and in every export: the decimal one. */
export const MB = 1_000_000

/** One figure of every side. */
export interface Row {
  readonly title: string
  readonly unit: string
  readonly cells: readonly Cell[]
}

/** Rows under a title of their own. */
export interface RowGroup {
  readonly title: string
  readonly rows: readonly Row[]
}

/** Makes a row with a cell for every side. */
export type RowMaker = (title: string, unit: string, cell: TrialsCell) => Row

const megabytes = (bytes: number): string => (bytes / MB).toFixed(bytes >= 10 * MB ? 1 : 2)

/** Rates and what was left over; `bytes` is the size of a message. */
export function throughputRows(row: RowMaker, bytes: number): Row[] {
  const published = ({ phases }: TrialResult) => phases.measure.publishRateHz
  const consumed = ({ phases }: TrialResult) => phases.measure.consumeRateHz
  const inMegabytes = (rateHz: number) => megabytes(rateHz * bytes)
  return [
    row('published', 'msg/s', medianCell(published, countText)),
    row('published', 'MB/s', medianCell(published, inMegabytes)),
    row('consumed', 'msg/s', medianCell(consumed, countText)),
    row('consumed', 'MB/s', medianCell(consumed, inMegabytes)),
    row('acknowledged of scheduled', '', medianCell(acknowledgedShare, percentText)),
    row(
      'backlog at the end',
      'msg',
      medianCell(({ backlogAtEnd }) => backlogAtEnd, countText),
    ),
  ]
}

function acknowledgedShare({ phases }: TrialResult): number | null {
  const { acknowledged, scheduled } = phases.measure.counts
  return scheduled === 0 ? null : acknowledged / scheduled
}

/** Sum of failures by kind. */
export function totalOf(errors: Readonly<Record<string, number>>): number {
  return Object.values(errors).reduce((sum, count) => sum + count, 0)
}

/** Operations that failed. */
export function failureRows(row: RowMaker): Row[] {
  return [
    row(
      'publish failures',
      'msg',
      sumCell(({ publishErrors }) => totalOf(publishErrors), countText, true),
    ),
    row(
      'consume failures',
      '',
      sumCell(({ consumeErrors }) => totalOf(consumeErrors), countText, true),
    ),
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

/** What the audit found. */
export function auditRows(row: RowMaker): Row[] {
  return AUDIT_FIGURES.map(({ key, title, alarming }) => {
    const read = (trial: TrialResult) =>
      trial.audits.length === 0 && key !== 'corrupted' ? null : auditTotal(trial, key)
    return row(title, 'msg', sumCell(read, countText, alarming))
  })
}

/** What the brokers counted; no group where none of these trials has such a figure. */
export function brokerGroup(trials: readonly TrialResult[], row: RowMaker): RowGroup[] {
  const told = ({ brokerFigures }: TrialResult) => (brokerFigures?.topics.length ?? 0) > 0
  if (!trials.some(told)) return []
  const sum = (read: (totals: BrokerTotals) => number | null, text: (value: number) => string) =>
    sumCell((trial) => read(brokerTotals(trial)), text)
  const backlog: TrialsCell = (trials) => {
    const unit = brokerTotals(trials[0]!).backlogUnit
    return sum(
      (totals) => totals.backlog,
      (count) => `${countText(count)} ${unit}`,
    )(trials)
  }
  return [
    {
      title: 'Counted by the broker, after the drain',
      rows: [
        row(
          'taken from producers',
          'msg',
          sum(({ messagesIn }) => messagesIn, countText),
        ),
        row(
          'handed to consumers',
          'msg',
          sum(({ messagesOut }) => messagesOut, countText),
        ),
        row('not acknowledged by subscriptions', '', backlog),
        row(
          'in store',
          'MB',
          sum(({ storageBytes }) => storageBytes, megabytes),
        ),
      ],
    },
  ]
}

/** CPU, memory, bytes on the wire and on the disk, of load and broker. */
export function tookRows(row: RowMaker): Row[] {
  const tenths = (value: number) => value.toFixed(1)
  const whole = (bytes: number) => countText(bytes)
  const inMegabytes = (bytes: number) => countText(bytes / MB)
  const inAll =
    (key: keyof Took): Read =>
    (trial) =>
      tookOf(trial)[key]
  const each =
    (key: keyof Took, factor = 1): Read =>
    (trial) => {
      const figure = tookOf(trial)[key]
      return perMessage(figure === null ? null : figure * factor, trial)
    }
  const busiest: Read = ({ workers }) =>
    workers.length === 0 ? null : 100 * Math.max(...workers.map((worker) => worker.meanCoreShare))
  return [
    row('client CPU', 's', medianCell(inAll('clientCpuS'), tenths)),
    row('client CPU a message', 'µs', medianCell(each('clientCpuS', 1e6), tenths)),
    row('busiest worker', '% of a core', medianCell(busiest, tenths)),
    row('client memory, largest', 'MB', medianCell(inAll('clientRssBytes'), inMegabytes)),
    row('client sent a message', 'bytes', medianCell(each('clientSentBytes'), whole)),
    row('client received a message', 'bytes', medianCell(each('clientReceivedBytes'), whole)),
    row('broker CPU', 's', medianCell(inAll('brokerCpuS'), tenths)),
    row('broker CPU a message', 'µs', medianCell(each('brokerCpuS', 1e6), tenths)),
    row('broker memory, largest', 'MB', medianCell(inAll('brokerRssBytes'), inMegabytes)),
    row('broker sent a message', 'bytes', medianCell(each('brokerSentBytes'), whole)),
    row('broker received a message', 'bytes', medianCell(each('brokerReceivedBytes'), whole)),
    row('broker wrote to disk a message', 'bytes', medianCell(each('diskWrittenBytes'), whole)),
    row('left on disk a message', 'bytes', medianCell(each('diskGrowthBytes'), whole)),
  ]
}
