import { buildSeconds, longestMeasureS } from './backlog.ts'
import { formatDuration } from './duration.ts'
import { faultText } from './faults.ts'
import { DRAIN_LIMIT_S, PREPARE_ESTIMATE_S } from './limits.ts'
import type { Plan, Side, Workload } from './model.ts'
import { type Prospect, prospectOf } from './prospect.ts'
import { ratesOf } from './rates.ts'
import { scheduleText } from './schedule-text.ts'

/** Trials whose order is printed, in whole rounds; `--json` holds all. */
const TRIALS_SHOWN = 36

/** A plan in words and seconds. */
export interface PlanDescription {
  /** Without colours, indented with spaces. */
  readonly lines: readonly string[]
  /** Warm-up and measured time of all trials: exact, unless warm-up is automatic (then its longest) or a backlog is drained. */
  readonly loadSeconds: number
  /** With an estimate for starting, preparing and stopping at each trial. */
  readonly totalSeconds: number
  /** As `totalSeconds`, when every drain takes all of its limit. */
  readonly maximumSeconds: number
  readonly trials: number
  /** Messages measured in each trial, at the highest rate. */
  readonly messages: number
  /** What the report can show; null with fewer than two sides. */
  readonly prospect: Prospect | null
}

/** Says what a run of the plan would do, and how long it takes. */
export function describePlan(plan: Plan): PlanDescription {
  const { workload, sides, order } = plan
  const { warmupS, durationS, backlog } = workload
  const builds = order.map(({ rateHz }) => (backlog === undefined ? 0 : buildSeconds(backlog, rateHz)))
  const loadSeconds = order.length * (warmupS + durationS) + sum(builds)
  const totalSeconds = loadSeconds + order.length * PREPARE_ESTIMATE_S
  const longestSeconds = order.length * (longestMeasureS(workload) - durationS) - sum(builds)
  const maximumSeconds = totalSeconds + longestSeconds + order.length * DRAIN_LIMIT_S
  const prospect = prospectOf({ ...plan, rates: ratesOf(workload).length })
  const messages = Math.floor(workload.producerRateHz * workload.durationS)
  const lines = [
    ...workloadLines(workload, messages),
    processText(plan),
    `${plural(sides.length, 'side')}, one after another:`,
    ...sides.flatMap((side) => sideLines(side, plan)),
    ...trialLines(plan),
    ...(plan.metrics === null ? [] : [`custom figures from ${plan.metrics.shown}`]),
    ...(prospect === null ? [] : [`verdict: ${prospect.sentence}`]),
    `time: about ${formatDuration(totalSeconds)}, of it ${formatDuration(loadSeconds)} of load; at most ${formatDuration(maximumSeconds)} when brokers start as usual`,
    ...plan.notes.map((note) => `note: ${note}`),
  ]
  return { lines, loadSeconds, totalSeconds, maximumSeconds, trials: order.length, messages, prospect }
}

function processText({ workload, workers }: Plan): string {
  if (workload.endToEndClock === 'echo')
    return `${plural(workers, 'process', 'es')} that both send and receive`
  return `${plural(workers, 'producer process', 'es')} and ${plural(workers, 'consumer process', 'es')}`
}

function workloadLines(workload: Workload, messages: number): string[] {
  const { messageBytes, topics, subscriptionsPerTopic, consumerRateHz } = workload
  const rates = ratesOf(workload)
  const megabytes = rates.map((rateHz) => count((rateHz * messageBytes) / 1e6)).join(', ')
  const most = rates.length === 1 ? '' : ' at the highest rate'
  const limit = consumerRateHz === null ? '' : `, consumers limited to ${count(consumerRateHz)}/s`
  return [
    `${workload.name}: ${rates.map(count).join(', ')} messages/s of ${count(messageBytes)} bytes (${megabytes} MB/s)`,
    `  ${warmupText(workload)}, then ${formatDuration(workload.durationS)} measured: ${count(messages)} messages on each side${most}`,
    ...scheduleLines(workload.schedule),
    ...backlogLines(workload),
    ...(workload.slo ?? []).map((objective) => `  objective: ${objective}`),
    `  ${plural(topics, 'topic')} of ${plural(workload.partitionsPerTopic, 'partition')}, ${plural(topics * workload.producersPerTopic, 'producer')}`,
    `  ${plural(subscriptionsPerTopic, 'subscription')} of each topic with ${plural(workload.consumersPerSubscription, 'consumer')} each${limit}`,
    `  ${payloadText(workload)}; keys: ${workload.keyDistributor}`,
    ...(workload.faults ?? []).map(
      (fault) => `  fault at ${fault.atS} s for ${fault.forS} s: ${faultText(fault)}`,
    ),
  ]
}

function scheduleLines(schedule: Workload['schedule']): string[] {
  return schedule === undefined ? [] : [`  schedule: ${scheduleText(schedule)}`]
}

function warmupText({ warmup, warmupS }: Workload): string {
  const length = formatDuration(warmupS)
  return warmup === 'auto' ? `up to ${length} of warm-up, until the load has settled` : `${length} of warm-up`
}

function backlogLines({ backlog, producerRateHz }: Workload): string[] {
  if (backlog === undefined) return []
  const build = formatDuration(Math.round(buildSeconds(backlog, producerRateHz)))
  const most = formatDuration(backlog.maxDrainS)
  return [
    `  then a backlog of ${count(backlog.messages)} messages of each subscription, built in about ${build}, drained in at most ${most}`,
  ]
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function payloadText({ payload }: Workload): string {
  switch (payload.kind) {
    case 'fixed':
      return 'one fixed body'
    case 'random':
      return `bodies from a pool of ${count(payload.poolSize)}, ${Math.round(payload.randomRatio * 100)} % random`
    case 'file':
      return `body from ${payload.path}`
  }
}

function sideLines(side: Side, { topology }: Plan): string[] {
  const nodes = topology === 'cluster' ? 'a local cluster of three' : 'a local broker'
  const where = side.servers === null ? `${nodes}, started and stopped by bench` : side.servers.join(', ')
  return [
    `  ${side.label}: ${side.driver} at ${where} (${side.file})`,
    ...side.ignored.map((text) => `    ignored: ${text}`),
  ]
}

function trialLines({ workload, sides, repeat, order, seed }: Plan): string[] {
  const rates = ratesOf(workload).length
  if (repeat * rates === 1) return []
  const length = sides.length * rates
  const rounds = Array.from({ length: repeat }, (_, round) =>
    order
      .slice(round * length, (round + 1) * length)
      .map(({ side, rateHz }) => `${sides[side]!.label}${rates === 1 ? '' : ` ${count(rateHz)}/s`}`)
      .join(', '),
  )
  const shown = Math.max(1, Math.floor(TRIALS_SHOWN / length))
  const more = rounds.length - shown
  return [
    `${plural(repeat, 'trial')} of each side${rates === 1 ? '' : ` at each of ${rates} rates`}, ${count(order.length)} in all, each with ${freshness(sides)}`,
    `  order (seed ${seed}): ${rounds.slice(0, shown).join('; ')}${more > 0 ? `; and ${plural(more, 'round')} more` : ''}`,
  ]
}

/** Servers that were given are nobody's to start. */
function freshness(sides: readonly Side[]): string {
  const local = sides.filter(({ servers }) => servers === null).length
  const always = 'fresh topics and the whole warm-up'
  if (local === 0) return always
  return local === sides.length ? `a broker just started, ${always}` : `${always}, local brokers just started`
}

function count(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 1 })
}

function plural(value: number, noun: string, ending = 's'): string {
  return `${count(value)} ${noun}${value === 1 ? '' : ending}`
}
