import { experimentVerdict } from '../compare/experiment-verdict.ts'
import { headlineOf } from '../compare/headline.ts'
import { median } from '../compare/statistics/index.ts'
import { isRanked, medianQuantile } from '../compare/table.ts'
import { countText, plural } from '../result/figures.ts'
import { plannedRateHz } from '../result/rates.ts'
import type { ExperimentResult, SideResult, TrialResult } from '../result/result.ts'
import type { Workload } from '../workload/model.ts'
import { MAX_ENTRY_LOADS, MAX_ENTRY_SIDES, MAX_NAME_LENGTH, MAX_SENTENCE_LENGTH } from './limits.ts'
import type { SiteEntry, SiteLoad, SiteSide } from './manifest.ts'

/** What an index says of an experiment: a few hundred bytes, whatever its size. Pure. */
export function siteEntry(result: ExperimentResult): SiteEntry {
  const { id, startedAt, benchVersion, workload, host, partial, sides } = result
  const headline = headlineOf(result)
  // Of one trial each the figures themselves say as much.
  const better = experimentVerdict(result) === null ? undefined : headline.headToHead[0]?.lines[0]
  return {
    id,
    startedAt,
    benchVersion: name(benchVersion),
    workload: name(workload.name),
    load: name(loadText(workload)),
    host: name(`${host.cpus} × ${host.cpuModel}, ${host.os}`),
    partial: partial === null ? null : sentence(partial),
    tone: headline.tone,
    first: sentence(headline.first),
    headToHead: better === undefined ? null : sentence(better),
    sides: sides.slice(0, MAX_ENTRY_SIDES).map((side, i) => {
      const { verdict, tone } = headline.sides[i]!
      return { ...sideEntry(side, workload), verdict: name(verdict), tone }
    }),
    moreSides: Math.max(0, sides.length - MAX_ENTRY_SIDES),
  }
}

/** Everything that figures must have in common to be put on one line over time, all but the rate. */
function loadText(workload: Workload): string {
  const keys = workload.keyDistributor === 'NO_KEY' ? [] : [workload.keyDistributor]
  const payload = workload.payload.kind === 'fixed' ? [] : [`${workload.payload.kind} payload`]
  const drained = workload.consumerRateHz
  return [
    `${countText(workload.messageBytes)} bytes`,
    `${plural(workload.topics, 'topic')} × ${plural(workload.partitionsPerTopic, 'partition')}`,
    `${plural(workload.producersPerTopic, 'producer')}`,
    `${workload.subscriptionsPerTopic} × ${plural(workload.consumersPerSubscription, 'consumer')}`,
    ...(drained === null ? [] : [`consumed at ${countText(drained)} msg/s`]),
    ...keys,
    ...payload,
  ].join(', ')
}

function sideEntry(
  { label, driver, trials }: SideResult,
  workload: Workload,
): Omit<SiteSide, 'verdict' | 'tone'> {
  const last = trials.at(-1)
  const rates = new Map<number, TrialResult[]>()
  for (const trial of trials) {
    const rateHz = plannedRateHz(trial, workload)
    rates.set(rateHz, [...(rates.get(rateHz) ?? []), trial])
  }
  return {
    label: name(label),
    driver: name(driver),
    version: name(last?.server.version ?? ''),
    client: name(last?.server.client ?? ''),
    loads: [...rates].slice(0, MAX_ENTRY_LOADS).map(([rateHz, ofRate]) => loadEntry(rateHz, ofRate)),
  }
}

function loadEntry(rateHz: number, trials: readonly TrialResult[]): SiteLoad {
  const publish = medianQuantile(trials, 'publish', 'p99')
  const endToEnd = medianQuantile(trials, 'endToEnd', 'p99')
  return {
    rateHz,
    trials: trials.length,
    held: trials.every(({ verdict }) => verdict.measurement === 'valid'),
    ranked: trials.every(isRanked),
    publishedHz: rounded(median(trials.map(({ phases }) => phases.measure.publishRateHz))),
    publishP99Us: publish === null ? null : publish.us,
    endToEndP99Us: endToEnd === null ? null : endToEnd.us,
    atLeast: [publish?.atLeast ?? false, endToEnd?.atLeast ?? false],
    cpuPerMessageUs: cpuPerMessage(trials),
  }
}

function cpuPerMessage(trials: readonly TrialResult[]): number | null {
  const known = trials.flatMap(({ server, phases }) => {
    const { acknowledged } = phases.measure.counts
    return server.usage === null || acknowledged === 0 ? [] : (server.usage.cpuS * 1e6) / acknowledged
  })
  return known.length === 0 ? null : rounded(median(known))
}

function rounded(value: number): number {
  return Math.round(value * 1e3) / 1e3
}

const name = (text: string): string => short(text, MAX_NAME_LENGTH)
const sentence = (text: string): string => short(text, MAX_SENTENCE_LENGTH)

function short(text: string, maxLength: number): string {
  const line = text.toWellFormed().replaceAll(/\p{Cc}+/gu, ' ')
  return line.length <= maxLength ? line : `${line.slice(0, maxLength - 1).toWellFormed()}…`
}
