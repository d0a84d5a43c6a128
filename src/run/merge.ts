import type { LocalBroker } from '../brokers/broker.ts'
import { auditInputOf, mergeAudit } from '../engine/audit-merge.ts'
import { addErrorKinds } from '../engine/error-kinds.ts'
import { mergeHistograms } from '../engine/histogram.ts'
import {
  type EncodedHistogram,
  type EngineReport,
  LATENCIES,
  type LatencyName,
  type Phase,
  type ProducerCounts,
} from '../engine/types.ts'
import type {
  LatencyResult,
  OtherBroker,
  PhaseResult,
  TrialResult,
  WireBytes,
  WorkerResult,
} from '../result/result.ts'
import { summarise } from '../result/summary.ts'
import { judgeTrial } from '../result/verdict.ts'
import type { Workload } from '../workload/model.ts'
import type { CrewMember } from './crew.ts'
import { faultResults } from './faults/fault-results.ts'
import { knownTerms } from './guarantees.ts'
import { addCounts, mergeIntervals, NO_COUNTS } from './merge-intervals.ts'
import { salvageReport } from './salvage.ts'
import type { TrialRecord } from './trial.ts'

export interface MergeOptions {
  readonly record: TrialRecord
  readonly workload: Workload
  /** The local broker, or null when the servers were given. */
  readonly broker: LocalBroker | null
  readonly servers: readonly string[]
  /** How this machine runs the broker's processes, for the settings of the server. */
  readonly machine: Readonly<Record<string, string>>
  readonly usage: TrialResult['server']['usage']
  /** Of all workers; null or left out where it was not measured. */
  readonly clientWire?: WireBytes | null
  /** Brokers that were up and not under test; default: none. */
  readonly otherBrokers?: readonly OtherBroker[]
}

/** Joins what all workers reported into the result of the trial, verdict included. Pure. */
export function makeTrialResult(options: MergeOptions): TrialResult {
  const { record, broker, clientWire = null, otherBrokers = [] } = options
  const workload = { ...options.workload, ...record.timing }
  const { capabilities, server } = record.opened
  const known = knownTerms(record, broker)
  const reports = record.reports.map((report, i) =>
    typeof report === 'string' ? salvageReport(record.members[i]!.intervals, workload, record.endUs) : report,
  )
  const subscriptions = record.assignment.topics.flatMap((topic) =>
    topic.subscriptions.map((subscription) => ({ topic: topic.name, subscription })),
  )
  const audit = mergeAudit(auditInputOf(reports, subscriptions, record.endUs))
  const intervals = mergeIntervals(record.members, workload)
  const phase = (name: Phase): PhaseResult => {
    const durationS = name === 'warmup' ? workload.warmupS : workload.durationS
    const own = intervals.filter((interval) => interval.phase === name)
    const seconds = own.reduce((sum, interval) => sum + interval.endS - interval.startS, 0)
    const rate = (count: number) => (seconds === 0 ? 0 : count / seconds)
    return {
      durationS,
      counts: reports.reduce<ProducerCounts>(
        (sum, report) => addCounts(sum, report.producerCounts[name]),
        NO_COUNTS,
      ),
      delivered: audit.delivered[name],
      publishRateHz: rate(own.reduce((sum, interval) => sum + interval.counts.acknowledged, 0)),
      consumeRateHz: rate(own.reduce((sum, interval) => sum + interval.received, 0)),
      latencies: latenciesOf(name, reports, audit.censoredEndToEnd[name]),
    }
  }
  const facts: Omit<TrialResult, 'verdict'> = {
    startedAt: new Date(record.startedAtMs).toISOString(),
    rateHz: workload.producerRateHz,
    server: {
      version: server.version === 'unknown' && broker !== null ? broker.version : server.version,
      client: server.client,
      runtime: broker?.runtime ?? 'given',
      addresses: options.servers,
      settings: { ...broker?.settings, ...options.machine, ...server.settings },
      notes: [...server.notes, ...known.notes],
      guarantees: known.guarantees,
      terms: known.terms,
      usage: options.usage,
    },
    promise: {
      delivery: capabilities.delivery,
      orderDomain: capabilities.orderDomain,
      sharedStreams: capabilities.sharedStreams,
      partitions: capabilities.partitions,
      ...(capabilities.violationKinds === undefined ? {} : { violationKinds: capabilities.violationKinds }),
    },
    phases: { warmup: phase('warmup'), measure: phase('measure') },
    intervals,
    audits: audit.audits,
    publishErrors: addErrorKinds(reports.map((report) => report.publishErrors)),
    consumeErrors: addErrorKinds(reports.map((report) => report.consumeErrors)),
    consumerCounts: {
      received: sum(reports, (report) => report.consumerCounts.received),
      corrupted: sum(reports, (report) => report.consumerCounts.corrupted),
      foreign: sum(reports, (report) => report.consumerCounts.foreign),
    },
    contractBreaches: reports.flatMap((report) => report.contractBreaches),
    workers: record.members.map((member, i) => workerResult(member, record.reports[i]!, workload)),
    ...(clientWire !== null && { clientWire }),
    clockBoundUs: record.clockBoundUs,
    ...(record.warmup !== null && { warmup: record.warmup }),
    ...(record.backlog !== null && { backlog: record.backlog }),
    ...(record.clocks.length > 0 && { clocks: record.clocks }),
    drain: record.drain,
    backlogAtEnd: backlogAtEnd(record.members, workload),
    interrupted: record.interrupted,
    ...(record.brokerFigures !== null && { brokerFigures: record.brokerFigures }),
    ...(otherBrokers.length > 0 && { otherBrokers }),
    ...faultResults({ records: record.faults, reports: record.reports, intervals, workload }),
    ...(audit.breakdown.producers.length > 0 && { auditBreakdown: audit.breakdown }),
  }
  return { ...facts, verdict: judgeTrial(facts) }
}

function latenciesOf(
  phase: Phase,
  reports: readonly EngineReport[],
  censoredEndToEnd: EncodedHistogram,
): Record<LatencyName, LatencyResult> {
  const nothing = mergeHistograms([])
  const censored = (name: LatencyName): EncodedHistogram => {
    if (name === 'endToEnd') return censoredEndToEnd
    if (name === 'publish') return mergeHistograms(reports.map((report) => report.censoredPublish[phase]))
    return nothing
  }
  const entries = LATENCIES.map((name): [LatencyName, LatencyResult] => {
    const completed = mergeHistograms(reports.flatMap((report) => report.histograms[phase][name] ?? []))
    const lowerBounds = censored(name)
    return [name, { completed, censored: lowerBounds, summary: summarise(completed, lowerBounds) }]
  })
  return Object.fromEntries(entries) as Record<LatencyName, LatencyResult>
}

function workerResult(member: CrewMember, report: EngineReport | string, workload: Workload): WorkerResult {
  const fromUs = workload.warmupS * 1e6
  const toUs = (workload.warmupS + workload.durationS) * 1e6
  let cpuUs = 0
  let spanUs = 0
  let maxCoreShare = 0
  let maxRssBytes = 0
  for (const interval of member.intervals) {
    maxRssBytes = Math.max(maxRssBytes, interval.rssBytes)
    const middleUs = (interval.startUs + interval.endUs) / 2
    if (middleUs < fromUs || middleUs > toUs) continue
    const ownUs = interval.endUs - interval.startUs
    cpuUs += interval.cpuUs
    spanUs += ownUs
    if (ownUs > 0) maxCoreShare = Math.max(maxCoreShare, interval.cpuUs / ownUs)
  }
  return {
    role: member.role,
    index: member.index,
    pid: member.handle.pid,
    cpuS: cpuUs / 1e6,
    maxCoreShare,
    meanCoreShare: spanUs === 0 ? 0 : cpuUs / spanUs,
    maxRssBytes,
    failure: typeof report === 'string' ? report : null,
  }
}

/** Due at the end of measure and not yet delivered, as messages of one subscription. */
function backlogAtEnd(members: readonly CrewMember[], workload: Workload): number {
  const endUs = (workload.warmupS + workload.durationS) * 1e6
  let due = 0
  let received = 0
  for (const member of members) {
    // The first interval that ends with measure or after it; of a dead worker the last it told.
    const last = member.intervals.find((interval) => interval.endUs >= endUs - 1) ?? member.intervals.at(-1)
    due += last?.producer.scheduled ?? 0
    received += last?.distinctReceived ?? 0
  }
  return Math.max(0, Math.round(due - received / workload.subscriptionsPerTopic))
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0)
}
