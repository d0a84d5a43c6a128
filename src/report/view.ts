import { headlineOf } from '../compare/headline.ts'
import type { RowGroup } from '../compare/rows.ts'
import { settingsTable } from '../compare/settings.ts'
import { COMPARED_LATENCIES, type Column, columnsOf, compare, quantileFigure } from '../compare/table.ts'
import { countText, msText, percentText } from '../result/figures.ts'
import { plannedRatesHz } from '../result/rates.ts'
import type { ExperimentResult, SideResult, TrialResult } from '../result/result.ts'
import { chartsOf } from './charts.ts'

/** Colours of the page's palette; further sides begin again, their names still tell them apart. */
const PALETTE_SIZE = 6

/** With more columns than these two tables don't fit beside one another. */
const WIDE_COLUMNS = 2

/** What `report.html.hbs` shows. Every field it names is there: the template is strict. Pure. */
export function htmlView(result: ExperimentResult) {
  const comparison = compare(result)
  const headline = headlineOf(result)
  const sideNumbers = new Map(result.sides.map((side, index) => [side.label, index % PALETTE_SIZE]))
  const colorOf = (side: string) => sideNumbers.get(side) ?? 0
  const columns = comparison.columns.map(({ label, side }) => ({ label, color: colorOf(side) }))
  const trials = columnsOf(result)
  const trialColumns = trials.map(({ label, side }) => ({ label, color: colorOf(side) }))
  const several = trials.length > columns.length
  const charts = chartsOf(result)
  const latencyTitles = new Set(COMPARED_LATENCIES.map(({ title }) => title))
  const groups = comparison.groups.map((group) => ({ ...group, span: comparison.columns.length + 1 }))
  return {
    title: result.workload.name,
    id: result.id,
    started: utc(result.startedAt),
    benchVersion: result.benchVersion,
    summary: workloadSummary(result),
    tone: headline.tone,
    first: headline.first,
    headToHead: headline.headToHead,
    several,
    verdicts: headline.sides.map((side, i) => ({ ...side, color: columns[i]?.color ?? 0 })),
    columns,
    tablesLayout: columns.length > WIDE_COLUMNS ? 'stacked' : 'beside',
    tables: [
      {
        name: 'Rates, failures and resources',
        groups: groups.filter(({ title }) => !latencyTitles.has(title) && title !== 'Audit'),
      },
      { name: 'Latencies', groups: groups.filter(({ title }) => latencyTitles.has(title)) },
    ],
    auditGroups: groups.filter(({ title }) => title === 'Audit'),
    audits: auditDetails(trials),
    footnotes: comparison.footnotes,
    percentileCharts: charts.percentiles.map((chart, index) => ({
      index,
      title: chart.title,
      description: percentileDescription(comparison.groups, chart.title, columns),
    })),
    timeCharts: charts.times.map((chart, index) => ({
      index,
      label: chart.label,
      color: trialColumns.find(({ label }) => label === chart.label)?.color ?? 0,
      step: chart.stepS > 1 ? `Each point stands for ${chart.stepS} s.` : '',
    })),
    chartData: {
      ...charts,
      colors: Object.fromEntries([...trialColumns, ...columns].map(({ label, color }) => [label, color])),
    },
    sides: result.sides.map((side) => side.label),
    settings: settingsTable(result).map((group) => ({ ...group, span: result.sides.length + 2 })),
    environment: environmentOf(result),
    trialColumns,
    trials: trialDetails(trials),
    failures: failuresOf(trials),
    notes: result.notes,
    sideNotes: result.sides.map(notesOf).filter(({ notes }) => notes.length > 0),
    workloadSource: result.workloadSource,
    command: result.command.join(' '),
  }
}

function workloadSummary(result: ExperimentResult): string {
  const { workload, workers } = result
  const plural = (count: number, noun: string) => `${countText(count)} ${noun}${count === 1 ? '' : 's'}`
  return [
    `${plannedRatesHz(result).map(countText).join(', ')} msg/s of ${countText(workload.messageBytes)} bytes`,
    `${plural(workload.topics, 'topic')} × ${plural(workload.partitionsPerTopic, 'partition')}`,
    `${plural(workload.producersPerTopic, 'producer')} and ${plural(workload.subscriptionsPerTopic, 'subscription')} a topic`,
    `warm-up ${workload.warmupS} s, measured ${workload.durationS} s`,
    `${plural(workers, 'producer process')}`.replace('processs', 'processes'),
  ].join(' · ')
}

/** The chart in words, for those who cannot see it. */
function percentileDescription(
  groups: readonly RowGroup[],
  title: string,
  columns: readonly { readonly label: string }[],
): string {
  const rows = groups.find((group) => group.title === title)?.rows ?? []
  const sides = columns.map(
    ({ label }, i) => `${label}: ${rows.map((row) => `${row.title} ${row.cells[i]!.text}`).join(', ')}`,
  )
  return `${title} by percentile, in milliseconds. ${sides.join('; ')}.`
}

function auditDetails(columns: readonly Column[]) {
  const rows = columns.flatMap(({ label, trial }) =>
    (trial?.audits ?? []).map((audit) => ({ label, ...audit })),
  )
  return rows.length <= columns.length ? [] : rows
}

function environmentOf({ host, id, startedAt, endedAt, benchVersion, partial }: ExperimentResult) {
  return [
    ['experiment', id],
    ['started', utc(startedAt)],
    ['ended', utc(endedAt)],
    ['bench', benchVersion],
    ['runtime', `Bun ${host.bun}`],
    ['operating system', `${host.os}, kernel ${host.kernel}`],
    ['processor', `${countText(host.cpus)} × ${host.cpuModel}`],
    ['memory', `${countText(host.memoryBytes / 1e6)} MB`],
    ['load before the start', host.loadAverage.toFixed(2)],
    ['costs', 'not billed (local run)'],
    ['complete', partial === null ? 'yes' : `no: ${partial}`],
  ].map(([name, value]) => ({ name, value }))
}

/** How each trial went, a row a fact and a column a trial. */
function trialDetails(columns: readonly Column[]) {
  const facts: readonly (readonly [string, (trial: TrialResult) => string])[] = [
    ['started', (trial) => utc(trial.startedAt)],
    ['generator lateness p99', ({ phases }) => quantileOrDash(phases.measure.latencies.wokenLate.summary)],
    ['driver delay p99', ({ phases }) => quantileOrDash(phases.measure.latencies.driverDelay.summary)],
    ['clock bound', (trial) => msText(trial.clockBoundUs)],
    [
      'drain',
      ({ drain }) => `${(drain.durationMs / 1000).toFixed(1)} s, ${drain.complete ? 'complete' : 'cut off'}`,
    ],
    ['never acknowledged', ({ phases }) => countText(phases.measure.latencies.publish.summary.censored)],
    ['never delivered', ({ phases }) => countText(phases.measure.latencies.endToEnd.summary.censored)],
    [
      'arrived before being due',
      ({ phases }) => countText(phases.measure.latencies.endToEnd.summary.negative),
    ],
    ['messages of other runs', ({ consumerCounts }) => countText(consumerCounts.foreign)],
    ['workers', ({ workers }) => workers.map(workerText).join('\n')],
    [
      'other brokers that were up',
      ({ otherBrokers = [] }) =>
        otherBrokers
          .map(({ name, coreShare }) => `${name}: ${percentText(coreShare)} of a core`)
          .join('\n') || 'none',
    ],
    ['cut short', ({ interrupted }) => interrupted ?? 'no'],
  ]
  return facts.map(([name, read]) => ({
    name,
    values: columns.map(({ trial }) => (trial === null ? '–' : read(trial))),
  }))
}

function quantileOrDash({
  count,
  p99,
}: TrialResult['phases']['measure']['latencies']['publish']['summary']): string {
  return count === 0 ? '–' : `${quantileFigure(p99)} ms`
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

function failuresOf(columns: readonly Column[]) {
  return columns.flatMap(({ label, trial }) => {
    if (trial === null) return []
    const rows = (where: string, errors: Readonly<Record<string, number>>) =>
      Object.entries(errors).map(([kind, count]) => ({ label, where, kind, count: countText(count) }))
    return [...rows('publish', trial.publishErrors), ...rows('consume', trial.consumeErrors)]
  })
}

function notesOf({ label, error, ignoredSettings, trials }: SideResult) {
  return {
    label,
    notes: [
      ...(error === null
        ? []
        : [`Could not be run: ${error.message}`, ...(error.hint === null ? [] : [error.hint])]),
      ...new Set(trials.flatMap(({ server }) => server.notes)),
      ...trials.flatMap(({ brokerFigures }) =>
        (brokerFigures?.error ?? null) === null
          ? []
          : [`The broker's own figures are missing: ${brokerFigures?.error}`],
      ),
      ...ignoredSettings.map((setting) => `Setting without meaning here: ${setting}`),
    ],
  }
}

/** `2026-11-21 10:00:00 UTC`; what is no date stays as it is. */
function utc(iso: string): string {
  const date = new Date(iso)
  return Number.isNaN(date.getTime()) ? iso : `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`
}
