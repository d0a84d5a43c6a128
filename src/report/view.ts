import { floorText } from '../compare/floor-notes.ts'
import { type Headline, headlineOf } from '../compare/headline.ts'
import { atRatesFound } from '../compare/search/found-trials.ts'
import { stepRows } from '../compare/search/step-rows.ts'
import { settingsTable } from '../compare/settings.ts'
import { COMPARED_LATENCIES, type Comparison, columnsOf, compare, type SideColumn } from '../compare/table.ts'
import { countText } from '../result/figures.ts'
import type { NoiseFloor } from '../result/floor.ts'
import { plannedRatesHz } from '../result/rates.ts'
import type { ExperimentResult } from '../result/result.ts'
import { scheduleText } from '../workload/schedule-text.ts'
import { type Charts, chartsOf } from './charts.ts'
import { faultsView } from './faults.ts'
import { sentenceParts, settingText, sourceText, unbroken, utc } from './text.ts'
import { costNote, wholeCostsView } from './view-costs.ts'
import { auditTable, failureTable, sideNotes, trialTable } from './view-trials.ts'

/** Colours of the page's palette; further sides begin again, their names and dashes still tell them apart. */
const PALETTE_SIZE = 6

/** With more columns than these two tables don't fit beside one another. */
const WIDE_COLUMNS = 2

const LATENCY_TITLES = new Set(COMPARED_LATENCIES.map(({ title }) => title))
const AUDIT_TITLES = new Set(['Audit', 'Counted by the broker, after the drain'])
const COST_TITLES = new Set(['Resources during measure', 'What it took during measure'])

type ColorOf = (side: string) => number

/** What `report.html.hbs` shows. Every field it names is there: the template is strict. Pure. */
export function htmlView(result: ExperimentResult) {
  const shown = atRatesFound(result)
  const comparison = compare(shown)
  const sideNumbers = new Map(result.sides.map((side, index) => [side.label, index % PALETTE_SIZE]))
  const colorOf = (side: string) => sideNumbers.get(side) ?? 0
  const sides = result.sides.map(({ label }) => ({ label, color: colorOf(label) }))
  const trials = columnsOf(shown)
  return {
    title: result.workload.name,
    id: result.id,
    started: utc(result.startedAt),
    benchVersion: result.benchVersion,
    summary: workloadSummary(result),
    ...verdictView(headlineOf(result), colorOf),
    several: trials.length > sides.length,
    marksBest: sides.length > 1 && trials.length === sides.length,
    sides,
    searches: stepRows(result).map((side) => ({ ...side, color: colorOf(side.label) })),
    ...tablesView(comparison, colorOf),
    ...chartsView(chartsOf(result), comparison, sides),
    audits: auditTable(trials, colorOf),
    failures: failureTable(trials, colorOf),
    costNote: costNote(result.costs),
    wholeCosts: wholeCostsView(result.costs),
    faulty: faultsView(trials, colorOf),
    settings: settingsTable(result).map((group) => ({
      ...group,
      rows: group.rows.map((row) => ({
        ...row,
        values: row.values.map((value) => (value === null ? null : settingText(value))),
      })),
      span: result.sides.length + 2,
    })),
    sideNotes: result.sides.map(sideNotes).filter(({ notes }) => notes.length > 0),
    environment: environmentOf(result),
    trialTable: trialTable(trials, colorOf),
    notes: result.notes,
    workloadSource: sourceText(result.workloadSource),
    command: result.command.join(' '),
  }
}

function verdictView({ tone, first, headToHead, sides }: Headline, colorOf: ColorOf) {
  return {
    tone,
    first: unbroken(first),
    said: headToHead.map(({ title, lines, fixedWidth }) => ({
      title,
      fixedWidth,
      lines: lines.map((line) => (fixedWidth ? [{ text: line, small: false }] : sentenceParts(line))),
    })),
    verdicts: sides.map((side) => ({
      ...side,
      sentence: unbroken(side.sentence),
      reasons: side.reasons.map(unbroken),
      color: colorOf(side.label),
    })),
  }
}

/** The side-by-side table, its parts in the sections that they belong to. */
function tablesView(comparison: Comparison, colorOf: ColorOf) {
  const groups = comparison.groups.map((group) => ({ ...group, span: comparison.columns.length + 1 }))
  const named = (titles: ReadonlySet<string>) => groups.filter(({ title }) => titles.has(title))
  const apart = new Set([...LATENCY_TITLES, ...AUDIT_TITLES, ...COST_TITLES])
  const others = groups.filter(({ title }) => !apart.has(title))
  const latencies = named(LATENCY_TITLES)
  const isWide = comparison.columns.length > WIDE_COLUMNS
  return {
    head: tableHead(comparison.columns, colorOf),
    tablesLayout: isWide ? 'stacked' : 'beside',
    tables: isWide
      ? [{ name: 'Rates, failures and latencies', groups: [...others, ...latencies] }]
      : [
          { name: 'Rates and failures', groups: others },
          { name: 'Latencies', groups: latencies },
        ],
    auditGroups: named(AUDIT_TITLES),
    costGroups: named(COST_TITLES),
    footnotes: comparison.footnotes,
  }
}

/** Heads of the columns: the sides, and above them the rates where there are several. */
function tableHead(columns: readonly SideColumn[], colorOf: ColorOf) {
  const rates = [...new Set(columns.map(({ rateHz }) => rateHz))]
  return {
    rates:
      rates.length < 2
        ? []
        : rates.map((rateHz) => ({
            title: `${countText(rateHz)} msg/s`,
            span: columns.filter((column) => column.rateHz === rateHz).length,
          })),
    columns: columns.map(({ side }) => ({ label: side, color: colorOf(side) })),
  }
}

/** The charts, their controls, and words for those who cannot see them. */
function chartsView(
  charts: Charts,
  comparison: Comparison,
  sides: readonly { readonly label: string; readonly color: number }[],
) {
  const most = Math.max(0, ...comparison.columns.map(({ trials }) => trials.length))
  const drawn = charts.loads.flatMap(({ time }) => time.trials.map(({ trial }) => trial))
  const trialNumbers = [...new Set(drawn)].sort((a, b) => a - b)
  const leftOut = charts.loads.reduce((sum, { time }) => sum + time.leftOut, 0)
  return {
    controls: {
      loads: charts.loads.length > 1 ? charts.loads.map(({ title }, index) => ({ title, index })) : [],
      trials: trialNumbers.length > 1 ? trialNumbers : [],
      sides: sides.length > 1 ? sides.map((side, index) => ({ ...side, index })) : [],
    },
    pooled: most > 1,
    percentileCharts: (charts.loads[0]?.percentiles ?? []).map(({ title }, index) => ({
      index,
      title,
      description: percentileDescription(comparison, title),
    })),
    timeHint: timeHint(charts, leftOut),
    ratesLeftOut: charts.ratesLeftOut,
    curveCharts: charts.curves.map(({ title }, index) => ({
      index,
      title,
      description: `${title}, median and 99th percentile, against the rate offered. The figures are in the table.`,
    })),
    chartData: { sides, loads: charts.loads, curves: charts.curves },
  }
}

/** Says how much a point stands for: a page that hides that would look finer than it is. */
function timeHint({ loads }: Charts, leftOut: number): string {
  const steps = [...new Set(loads.map(({ time }) => time.stepS))]
  const stands = steps.map((stepS) => `${stepS} s`).join(' or ')
  const merged = steps.some((stepS) => stepS > 1)
    ? `Each point stands for ${stands}: quantiles and maximum of all messages in it.`
    : 'Each point stands for one second.'
  return leftOut === 0
    ? merged
    : `${merged} ${countText(leftOut)} further trials are not drawn, to keep the page small; their intervals lie in raw_data/.`
}

function workloadSummary(result: ExperimentResult): string {
  const { workload, workers } = result
  const plural = (count: number, noun: string) => `${countText(count)} ${noun}${count === 1 ? '' : 's'}`
  return [
    `${rateText(result)} msg/s of ${countText(workload.messageBytes)} bytes`,
    ...(workload.schedule === undefined ? [] : [`schedule: ${scheduleText(workload.schedule)}`]),
    `${plural(workload.topics, 'topic')} × ${plural(workload.partitionsPerTopic, 'partition')}`,
    `${plural(workload.producersPerTopic, 'producer')} and ${plural(workload.subscriptionsPerTopic, 'subscription')} a topic`,
    `warm-up ${workload.warmupS} s, measured ${workload.durationS} s`,
    `${plural(workers, 'producer process')}`.replace('processs', 'processes'),
  ].join(' · ')
}

function rateText(result: ExperimentResult): string {
  const { search } = result.workload
  if (search === undefined) return plannedRatesHz(result).map(countText).join(', ')
  const slo = search.slos.length === 0 ? '' : ` with ${search.slos.join(' and ')}`
  return `Search for the sustainable rate${slo}, from ${countText(search.startHz)}`
}

/** The chart in words, for those who cannot see it. */
function percentileDescription({ groups, columns }: Comparison, title: string): string {
  const rows = groups.find((group) => group.title === title)?.rows ?? []
  const sides = columns.map(
    ({ label }, i) =>
      `${label}: ${rows.map((row) => `${row.title} ${row.cells[i]?.text ?? '–'}`).join(', ')}`,
  )
  return `${title} by percentile, in milliseconds. ${sides.join('; ')}.`
}

function environmentOf({ host, id, startedAt, endedAt, benchVersion, partial, floor }: ExperimentResult) {
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
    ['noise floor', floor === undefined ? 'not measured: bench calibrate' : floorDetail(floor)],
    ['complete', partial === null ? 'yes' : `no: ${partial}`],
  ].map(([name, value]) => ({ name, value }))
}

function floorDetail(floor: NoiseFloor): string {
  const { kind, measuredAt, rateHz, messageBytes, stale } = floor
  const how = kind === 'full' ? 'bench calibrate' : 'a quick calibration'
  const load = `${countText(rateHz)} msg/s of ${countText(messageBytes)} bytes`
  return `${floorText(floor)}; ${how} at ${load}, ${utc(measuredAt)}${stale === null ? '' : `; stale: ${stale}`}`
}
