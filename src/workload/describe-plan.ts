import { formatDuration } from './duration.ts'
import { DRAIN_LIMIT_S, PREPARE_ESTIMATE_S } from './limits.ts'
import type { Plan, Side, Workload } from './model.ts'

/** A plan in words and seconds. */
export interface PlanDescription {
  /** Without colours, indented with spaces. */
  readonly lines: readonly string[]
  /** Warm-up and measured time of all sides: exact. */
  readonly loadSeconds: number
  /** With an estimate for starting, preparing and stopping each side. */
  readonly totalSeconds: number
  /** As `totalSeconds`, when every drain takes all of its limit. */
  readonly maximumSeconds: number
  /** Messages measured on each side. */
  readonly messages: number
}

/** Says what a run of the plan would do, and how long it takes. */
export function describePlan(plan: Plan): PlanDescription {
  const { workload, sides } = plan
  const loadSeconds = sides.length * (workload.warmupS + workload.durationS)
  const totalSeconds = loadSeconds + sides.length * PREPARE_ESTIMATE_S
  const maximumSeconds = totalSeconds + sides.length * DRAIN_LIMIT_S
  const messages = Math.floor(workload.producerRateHz * workload.durationS)
  const lines = [
    ...workloadLines(workload, messages),
    `${plural(plan.workers, 'producer process', 'es')} and ${plural(plan.workers, 'consumer process', 'es')}`,
    `${plural(sides.length, 'side')}, one after another:`,
    ...sides.flatMap((side) => sideLines(side, plan)),
    `time: about ${formatDuration(totalSeconds)}, of it ${formatDuration(loadSeconds)} of load; at most ${formatDuration(maximumSeconds)} when brokers start as usual`,
    ...plan.notes.map((note) => `note: ${note}`),
  ]
  return { lines, loadSeconds, totalSeconds, maximumSeconds, messages }
}

function workloadLines(workload: Workload, messages: number): string[] {
  const { producerRateHz, messageBytes, topics, subscriptionsPerTopic, consumerRateHz } = workload
  const megabytes = (producerRateHz * messageBytes) / 1e6
  const limit = consumerRateHz === null ? '' : `, consumers limited to ${count(consumerRateHz)}/s`
  return [
    `${workload.name}: ${count(producerRateHz)} messages/s of ${count(messageBytes)} bytes (${count(megabytes)} MB/s)`,
    `  ${formatDuration(workload.warmupS)} of warm-up, then ${formatDuration(workload.durationS)} measured: ${count(messages)} messages on each side`,
    `  ${plural(topics, 'topic')} of ${plural(workload.partitionsPerTopic, 'partition')}, ${plural(topics * workload.producersPerTopic, 'producer')}`,
    `  ${plural(subscriptionsPerTopic, 'subscription')} of each topic with ${plural(workload.consumersPerSubscription, 'consumer')} each${limit}`,
    `  ${payloadText(workload)}; keys: ${workload.keyDistributor}`,
  ]
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

function count(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 1 })
}

function plural(value: number, noun: string, ending = 's'): string {
  return `${count(value)} ${noun}${value === 1 ? '' : ending}`
}
