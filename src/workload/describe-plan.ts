import { buildSeconds, longestMeasureS } from './backlog.ts'
import { formatDuration } from './duration.ts'
import { faultText } from './faults.ts'
import { DRAIN_LIMIT_S, isClosedLoop, PREPARE_ESTIMATE_S } from './limits.ts'
import type { Plan, Side, Workload } from './model.ts'
import { type Prospect, prospectOf } from './prospect.ts'
import { ratesOf } from './rates.ts'
import { scheduleText } from './schedule-text.ts'
import type { SearchOptions } from './search.ts'

/** Trials whose order is printed, in whole rounds; `--json` holds all. */
const TRIALS_SHOWN = 36
/** Steps of a usual search, and what each takes beside its load, for the estimate only. */
const USUAL_SEARCH_STEPS = 20
const STEP_ESTIMATE_S = 5

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
  const { loadSeconds, totalSeconds, maximumSeconds } = secondsOf(plan)
  // A search is made once on each side: there is nothing to test.
  const prospect =
    workload.search === undefined ? prospectOf({ ...plan, rates: ratesOf(workload).length }) : null
  const messages = Math.floor(workload.producerRateHz * workload.durationS)
  const lines = [
    ...searchLines(workload),
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

function secondsOf({
  workload,
  order,
  sides,
}: Plan): Pick<PlanDescription, 'loadSeconds' | 'totalSeconds' | 'maximumSeconds'> {
  const { search, warmupS, durationS, backlog } = workload
  const trials = search === undefined ? order.length : sides.length * usualSteps(search)
  const buildS = backlog === undefined ? 0 : sum(order.map(({ rateHz }) => buildSeconds(backlog, rateHz)))
  const loadSeconds = trials * (warmupS + durationS) + buildS
  if (search !== undefined) {
    // The step under way when the time is over is made to its end.
    const lastStepS = PREPARE_ESTIMATE_S + warmupS + durationS + search.drainS
    const stepsS = search.maxSteps * lastStepS
    const maximumSeconds = sides.length * Math.min(stepsS, search.maxS + lastStepS)
    const totalSeconds = loadSeconds + trials * STEP_ESTIMATE_S + sides.length * PREPARE_ESTIMATE_S
    return { loadSeconds, totalSeconds: Math.min(totalSeconds, maximumSeconds), maximumSeconds }
  }
  const totalSeconds = loadSeconds + trials * PREPARE_ESTIMATE_S
  const backlogS = trials * (longestMeasureS(workload) - durationS) - buildS
  return { loadSeconds, totalSeconds, maximumSeconds: totalSeconds + backlogS + trials * DRAIN_LIMIT_S }
}

/** Nobody knows them beforehand: so many it took on models of many capacities. */
function usualSteps({ maxSteps }: SearchOptions): number {
  return Math.min(maxSteps, USUAL_SEARCH_STEPS)
}

function searchLines({ search }: Workload): string[] {
  if (search === undefined) return []
  const slo = search.slos.length === 0 ? '' : `, with ${search.slos.join(' and ')}`
  return [
    `search for the sustainable rate, from ${count(search.startHz)} messages/s${slo}`,
    `  to within ${count(search.precision * 100)} %, confirmed by ${plural(search.confirmations, 'further step')}; on each side at most ${plural(search.maxSteps, 'step')} and ${formatDuration(search.maxS)}`,
    '  the rate and the messages below are those of the first step',
  ]
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
    isClosedLoop(workload.producerRateHz)
      ? `${workload.name}: messages of ${count(messageBytes)} bytes as fast as each side takes them (closed loop): latencies are shown, not ranked`
      : `${workload.name}: ${rates.map(count).join(', ')} messages/s of ${count(messageBytes)} bytes (${megabytes} MB/s)`,
    `  ${warmupText(workload)}, then ${formatDuration(workload.durationS)} measured${isClosedLoop(workload.producerRateHz) ? '' : `: ${count(messages)} messages on each side${most}`}`,
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
