import { catchUpHz } from '../compare/backlog-rows.ts'
import { brokerTotals } from '../compare/broker-figures.ts'
import { curveOf } from '../compare/curve.ts'
import { experimentVerdict } from '../compare/experiment-verdict.ts'
import { FAIRNESS_KEYS, fairnessFact, fairnessOf } from '../compare/fairness.ts'
import { guaranteeRows } from '../compare/guarantees.ts'
import { AUDIT_FIGURES, auditTotal, MB, totalOf } from '../compare/rows.ts'
import { type Column, columnsOf } from '../compare/table.ts'
import { costPerMillion, type Took, tookOf } from '../compare/took.ts'
import { LATENCIES, type LatencyName } from '../engine/types.ts'
import { FLOOR_LATENCIES, nearFloor } from '../result/floor.ts'
import { plannedRateHz } from '../result/rates.ts'
import type { ExperimentResult, OtherBroker, TrialResult } from '../result/result.ts'
import { slosOf } from '../result/slo-outcomes.ts'
import { judgeSlo } from '../result/slo-value.ts'
import { customColumns } from './custom-columns.ts'

/** A table for a CSV template: units stand in the header, empty cells are null. */
export interface CsvTable {
  readonly header: readonly string[]
  readonly rows: readonly (readonly (string | number | boolean | null)[])[]
}

const QUANTILES = ['p50', 'p75', 'p95', 'p99', 'p999', 'p9999', 'max'] as const

type Cell = string | number | null
type Field = readonly [string, (trial: TrialResult, result: ExperimentResult) => Cell]

const TOOK: readonly (readonly [string, keyof Took])[] = [
  ['client_cpu_s', 'clientCpuS'],
  ['client_max_rss_bytes', 'clientRssBytes'],
  ['client_sent_bytes', 'clientSentBytes'],
  ['client_received_bytes', 'clientReceivedBytes'],
  ['broker_cpu_s', 'brokerCpuS'],
  ['broker_max_rss_bytes', 'brokerRssBytes'],
  ['broker_sent_bytes', 'brokerSentBytes'],
  ['broker_received_bytes', 'brokerReceivedBytes'],
  ['broker_disk_written_bytes', 'diskWrittenBytes'],
  ['broker_disk_growth_bytes', 'diskGrowthBytes'],
]

const FIELDS: readonly Field[] = [
  ['measurement', ({ verdict }) => verdict.measurement],
  ['integrity', ({ verdict }) => verdict.integrity],
  ['server_version', ({ server }) => server.version],
  ['client', ({ server }) => server.client],
  ['message_bytes', (_, { workload }) => workload.messageBytes],
  ['offered_msg_s', (trial, { workload }) => plannedRateHz(trial, workload)],
  ['measure_s', ({ phases }) => phases.measure.durationS],
  ['publish_msg_s', ({ phases }) => rounded(phases.measure.publishRateHz)],
  ['publish_mb_s', ({ phases }, result) => megabytes(phases.measure.publishRateHz, result)],
  ['consume_msg_s', ({ phases }) => rounded(phases.measure.consumeRateHz)],
  ['consume_mb_s', ({ phases }, result) => megabytes(phases.measure.consumeRateHz, result)],
  ['scheduled', ({ phases }) => phases.measure.counts.scheduled],
  ['acknowledged', ({ phases }) => phases.measure.counts.acknowledged],
  ['backlog_at_end', ({ backlogAtEnd }) => backlogAtEnd],
  ['publish_failures', ({ publishErrors }) => totalOf(publishErrors)],
  ['consume_failures', ({ consumeErrors }) => totalOf(consumeErrors)],
  ...LATENCIES.flatMap(latencyFields),
  ['end_to_end_clock_bound_us', ({ clockBoundUs }) => clockBoundUs],
  ...AUDIT_FIGURES.map(
    ({ key }): Field => [
      `audit_${snake(key)}`,
      (trial) => (trial.audits.length === 0 && key !== 'corrupted' ? null : auditTotal(trial, key)),
    ],
  ),
  ['broker_messages_in', (trial) => brokerTotals(trial).messagesIn],
  ['broker_messages_out', (trial) => brokerTotals(trial).messagesOut],
  ['broker_backlog', (trial) => brokerTotals(trial).backlog],
  ['broker_backlog_unit', (trial) => brokerTotals(trial).backlogUnit],
  ['broker_storage_bytes', (trial) => brokerTotals(trial).storageBytes],
  ...TOOK.map(([name, key]): Field => [name, (trial) => rounded(tookOf(trial)[key])]),
  ...FAIRNESS_KEYS.map(
    (key): Field => [`fair_${snake(key)}`, (trial, { workload }) => fairnessFact(key, trial, workload)],
  ),
  ['other_brokers_core_share', ({ otherBrokers = [] }) => rounded(sumOf(otherBrokers))],
]

function sumOf(brokers: readonly OtherBroker[]): number {
  return brokers.reduce((sum, { coreShare }) => sum + coreShare, 0)
}

/** The schedule delay is a floor itself. */
function hasFloor(name: LatencyName): boolean {
  return name !== 'scheduleDelay' && (FLOOR_LATENCIES as readonly string[]).includes(name)
}

function latencyFields(name: LatencyName): readonly Field[] {
  const of = (trial: TrialResult) => trial.phases.measure.latencies[name].summary
  return [
    [`${snake(name)}_count`, (trial) => of(trial).count],
    [`${snake(name)}_censored`, (trial) => of(trial).censored],
    [`${snake(name)}_negative`, (trial) => of(trial).negative],
    [`${snake(name)}_mean_us`, (trial) => rounded(of(trial).meanUs)],
    ...QUANTILES.map(
      (key): Field => [
        `${snake(name)}_${key}_us`,
        (trial) => (of(trial).count === 0 ? null : of(trial)[key].us),
      ],
    ),
    [`${snake(name)}_at_least`, (trial) => QUANTILES.filter((key) => of(trial)[key].atLeast).join(' ')],
    ...(hasFloor(name)
      ? [
          [
            `${snake(name)}_near_floor`,
            (trial, result) => nearFloor(result, name, of(trial)).join(' '),
          ] as Field,
        ]
      : []),
  ]
}

/** `metrics.csv`: one row a trial; a side that could not be run has a row without figures. */
export function metricsTable(result: ExperimentResult): CsvTable {
  const custom = customColumns(result)
  const drivers = new Map(result.sides.map((side) => [side.label, side.driver]))
  const row = ({ side, trialNumber, trial }: Column): (string | number | null)[] => [
    result.id,
    result.workload.name,
    side,
    drivers.get(side) ?? null,
    trialNumber,
    ...FIELDS.map(([name, read]) =>
      trial === null ? (name === 'measurement' ? 'not run' : null) : read(trial, result),
    ),
    ...custom.map(({ read }) => read(side, trialNumber)),
  ]
  return {
    header: [
      'experiment',
      'workload',
      'side',
      'driver',
      'trial',
      ...FIELDS.map(([name]) => name),
      ...custom.map(({ header }) => header),
    ],
    rows: columnsOf(result).map(row),
  }
}

/** The intervals of one trial as a table: a row a second, of messages of any phase. */
export function intervalsTable(trial: TrialResult): CsvTable {
  const latencies = ['publish', 'service', 'scheduleDelay', 'endToEnd'] as const
  const figures = ['count', 'p50Us', 'p99Us', 'p999Us', 'maxUs'] as const
  return {
    header: [
      'start_s',
      'end_s',
      'phase',
      'scheduled',
      'sent',
      'acknowledged',
      'rejected',
      'unknown',
      'received',
      ...latencies.flatMap((name) => figures.map((figure) => `${snake(name)}_${snake(figure)}`)),
    ],
    rows: trial.intervals.map(({ startS, endS, phase, counts, received, latencies: values }) => [
      rounded(startS),
      rounded(endS),
      phase,
      counts.scheduled,
      counts.sent,
      counts.acknowledged,
      counts.rejected,
      counts.unknown,
      received,
      ...latencies.flatMap((name) => figures.map((figure) => values[name]?.[figure] ?? null)),
    ]),
  }
}

/** Raised when a field of `metrics.json` changes its meaning or goes. */
export const METRICS_SCHEMA_VERSION = 1

/** `metrics.json`: everything that can be told in figures and sentences, without histograms and intervals. */
export function metricsModel(result: ExperimentResult) {
  const { id, startedAt, endedAt, benchVersion, host, workload, workers, partial, notes } = result
  return {
    schemaVersion: METRICS_SCHEMA_VERSION,
    units: { latencies: 'microseconds', rates: 'messages a second', megabyte: MB },
    id,
    startedAt,
    endedAt,
    benchVersion,
    host,
    workload,
    workers,
    partial,
    notes,
    trialPlan: result.trialPlan ?? null,
    guarantees: guaranteeRows(result),
    fairness: fairnessOf(result),
    costs: result.costs,
    headToHead: experimentVerdict(result),
    curve: curveOf(result),
    floor: result.floor ?? null,
    customFigures: result.customFigures ?? null,
    sides: result.sides.map(
      ({ label, driver, settings, ignoredSettings, error, failedTrials, trials, customFigures }) => ({
        label,
        driver,
        settings,
        ignoredSettings,
        error,
        failedTrials: failedTrials ?? [],
        trials: trials.map((trial) => ({
          ...trialModel(trial, result),
          costPerMillion: costPerMillion(trial, label, result.costs),
        })),
        customFigures: customFigures ?? [],
      }),
    ),
  }
}

/** `costs.json`: what each side cost and what a million messages cost in each of its trials, or that nobody was charged. */
export function costsModel({ id, costs, sides }: ExperimentResult) {
  if (costs.billing === 'not billed') {
    const scope = 'brokers and load ran on machines that bench neither rented nor was charged for'
    return { billing: costs.billing, scope, experiment: id }
  }
  return {
    billing: costs.billing,
    currency: costs.currency,
    experiment: id,
    sides: sides.map(({ label, trials }) => ({
      side: label,
      perHour: costs.sides.find(({ side }) => side === label)?.perHour ?? null,
      perMillionMessages: trials.map((trial) => rounded(costPerMillion(trial, label, costs))),
    })),
    ...(costs.whole !== undefined && { whole: costs.whole }),
  }
}

function trialModel(trial: TrialResult, result: ExperimentResult) {
  const { measure } = trial.phases
  return {
    startedAt: trial.startedAt,
    place: trial.place ?? null,
    rateHz: plannedRateHz(trial, result.workload),
    verdict: trial.verdict,
    server: trial.server,
    promise: trial.promise,
    durationS: measure.durationS,
    counts: measure.counts,
    delivered: measure.delivered,
    publishRateHz: measure.publishRateHz,
    publishMbS: megabytes(measure.publishRateHz, result),
    consumeRateHz: measure.consumeRateHz,
    consumeMbS: megabytes(measure.consumeRateHz, result),
    latencies: Object.fromEntries(
      LATENCIES.map((name) => {
        const { summary } = measure.latencies[name]
        return [name, { ...summary, nearFloor: nearFloor(result, name, summary) }]
      }),
    ),
    audits: trial.audits,
    publishErrors: trial.publishErrors,
    consumeErrors: trial.consumeErrors,
    consumerCounts: trial.consumerCounts,
    contractBreaches: trial.contractBreaches,
    clockBoundUs: trial.clockBoundUs,
    clocks: trial.clocks ?? [],
    warmup: { durationS: trial.phases.warmup.durationS, ...trial.warmup },
    backlog:
      trial.backlog === undefined ? null : { ...trial.backlog, catchUpHz: rounded(catchUpHz(trial.backlog)) },
    objectives: objectivesOf(trial, result),
    drain: trial.drain,
    backlogAtEnd: trial.backlogAtEnd,
    interrupted: trial.interrupted,
    brokerFigures: trial.brokerFigures ?? null,
    otherBrokers: trial.otherBrokers ?? [],
    faults: trial.faults ?? [],
    acknowledgementGaps: trial.acknowledgementGaps ?? null,
    auditBreakdown: trial.auditBreakdown ?? null,
    workers: trial.workers,
    took: tookOf(trial),
    clientWire: trial.clientWire ?? null,
  }
}

/** How the trial met the objectives of the workload; empty without any, and of a trial that is invalid. */
function objectivesOf(trial: TrialResult, result: ExperimentResult) {
  if (trial.verdict.measurement === 'invalid') return []
  return slosOf(result).map((slo) => {
    const { held, value, atLeast } = judgeSlo(slo, trial)
    return { objective: slo.text, held, value: rounded(value), atLeast, unit: slo.unit }
  })
}

/** Six digits after the point: enough for any figure here, and no floating-point noise. */
function rounded(value: number): number
function rounded(value: number | null): number | null
function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1e6) / 1e6
}

const megabytes = (rateHz: number, { workload }: ExperimentResult): number =>
  rounded((rateHz * workload.messageBytes) / MB)

/** `endToEnd` → `end_to_end`, `p50Us` → `p50_us`. */
function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
