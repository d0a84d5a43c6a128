import { clockText } from '../compare/clock-notes.ts'
import type { Column } from '../compare/table.ts'
import { quantileFigure } from '../compare/table.ts'
import { countText, percentText } from '../result/figures.ts'
import type { LatencySummary, SideResult, TrialResult } from '../result/result.ts'
import { utc } from './text.ts'

/** Rows of a table that may be long; the page stays small, and the files have the rest. */
const MAX_ROWS = 120

type Labelled = { readonly label: string; readonly color: number }
type ColorOf = (side: string) => number

/** Rows that are shown, and how many are not. */
export interface Rows<T> {
  readonly rows: readonly T[]
  readonly more: number
}

function capped<T>(rows: readonly T[]): Rows<T> {
  return { rows: rows.slice(0, MAX_ROWS), more: Math.max(0, rows.length - MAX_ROWS) }
}

const FACTS: readonly (readonly [string, (trial: TrialResult) => string])[] = [
  ['started', (trial) => utc(trial.startedAt).replace(' UTC', '')],
  ['measurement', ({ verdict }) => verdict.measurement],
  ['integrity', ({ verdict }) => verdict.integrity],
  ['warm-up', warmupText],
  ['generator lateness p99', ({ phases }) => quantileOrDash(phases.measure.latencies.wokenLate.summary)],
  ['driver delay p99', ({ phases }) => quantileOrDash(phases.measure.latencies.driverDelay.summary)],
  ['clock bound', clockText],
  [
    'drain',
    ({ drain }) => `${(drain.durationMs / 1000).toFixed(1)} s, ${drain.complete ? 'complete' : 'cut off'}`,
  ],
  ['never acknowledged', ({ phases }) => countText(phases.measure.latencies.publish.summary.censored)],
  ['never delivered', ({ phases }) => countText(phases.measure.latencies.endToEnd.summary.censored)],
  ['before being due', ({ phases }) => countText(phases.measure.latencies.endToEnd.summary.negative)],
  ['of other runs', ({ consumerCounts }) => countText(consumerCounts.foreign)],
  [
    'other brokers that were up',
    ({ otherBrokers = [] }) =>
      otherBrokers.map(({ name, coreShare }) => `${name}: ${percentText(coreShare)} of a core`).join('; ') ||
      'none',
  ],
  ['cut short', ({ interrupted }) => interrupted ?? 'no'],
  ['workers', ({ workers }) => workers.map(workerText).join('; ')],
]

/** How each trial went: a row a trial, a column a fact. */
export function trialTable(columns: readonly Column[], colorOf: ColorOf) {
  const rows = columns.flatMap(({ label, side, trial }) =>
    trial === null
      ? []
      : { label, color: colorOf(side), values: FACTS.map(([name, read]) => ({ name, text: read(trial) })) },
  )
  return { facts: FACTS.map(([name]) => name), ...capped(rows) }
}

/** The audit of each topic and subscription, alarming ones first; none where the totals say it all. */
export function auditTable(columns: readonly Column[], colorOf: ColorOf): Rows<Labelled> {
  const all = columns.flatMap(({ label, side, trial }) =>
    (trial?.audits ?? []).map((audit) => ({ label, color: colorOf(side), ...audit })),
  )
  if (all.length <= columns.length) return { rows: [], more: 0 }
  const alarm = ({ acknowledgedLost, corrupted, lost, duplicated, outOfOrder }: (typeof all)[number]) =>
    acknowledgedLost + corrupted > 0 ? 2 : lost + duplicated + outOfOrder > 0 ? 1 : 0
  return capped(all.toSorted((a, b) => alarm(b) - alarm(a)))
}

/** Failures by kind, the most frequent first. */
export function failureTable(columns: readonly Column[], colorOf: ColorOf) {
  const rows = columns.flatMap(({ label, side, trial }) => {
    if (trial === null) return []
    const of = (where: string, errors: Readonly<Record<string, number>>) =>
      Object.entries(errors).map(([kind, count]) => ({ label, color: colorOf(side), where, kind, count }))
    return [...of('publish', trial.publishErrors), ...of('consume', trial.consumeErrors)]
  })
  const { rows: shown, more } = capped(rows.sort((a, b) => b.count - a.count))
  return { rows: shown.map((row) => ({ ...row, count: countText(row.count) })), more }
}

function quantileOrDash({ count, p99 }: LatencySummary): string {
  return count === 0 ? '–' : `${quantileFigure(p99)} ms`
}

function warmupText({ phases, warmup }: TrialResult): string {
  const length = `${phases.warmup.durationS} s`
  if (warmup === undefined) return length
  return `${length}, ${warmup.settled ? 'settled' : `not settled: ${warmup.reason}`}`
}

function workerText({
  role,
  index,
  meanCoreShare,
  maxRssBytes,
  failure,
}: TrialResult['workers'][number]): string {
  const end = failure === null ? '' : `, failed: ${failure}`
  return `${role} ${index}: ${percentText(meanCoreShare)} of a core, ${countText(maxRssBytes / 1e6)} MB${end}`
}

/** What else is to be known of a side; told once, however many trials say it. */
export function sideNotes({ label, error, ignoredSettings, trials }: SideResult) {
  return {
    label,
    notes: [
      ...(error === null
        ? []
        : [`Could not be run: ${error.message}`, ...(error.hint === null ? [] : [error.hint])]),
      ...new Set(trials.flatMap(({ server }) => server.notes)),
      ...new Set(
        trials.flatMap(({ brokerFigures }) =>
          (brokerFigures?.error ?? null) === null
            ? []
            : `The broker's own figures are missing: ${brokerFigures?.error}`,
        ),
      ),
      ...ignoredSettings.map((setting) => `Setting without meaning here: ${setting}`),
    ],
  }
}
