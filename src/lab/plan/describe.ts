import { describePlan } from '../../workload/describe-plan.ts'
import { formatDuration } from '../../workload/duration.ts'
import type { PlannedRun, PlannedTestPlan } from './resolve.ts'

/** A test plan in words and seconds. */
export interface TestPlanDescription {
  /** Without colours, indented with spaces. */
  readonly lines: readonly string[]
  readonly runs: readonly RunDescription[]
  /** Of all runs together; see `PlanDescription`. */
  readonly loadSeconds: number
  readonly totalSeconds: number
  readonly maximumSeconds: number
}

export interface RunDescription {
  readonly id: string
  readonly name: string
  readonly type: string
  readonly trials: number
  readonly loadSeconds: number
  readonly totalSeconds: number
  readonly maximumSeconds: number
}

/** Says what a test plan would run, and how long that takes. */
export function describeTestPlan({ name, description, runs }: PlannedTestPlan): TestPlanDescription {
  const described = runs.map((run) => ({ run, ...describePlan(run.plan) }))
  const sum = (of: (each: (typeof described)[number]) => number) =>
    described.reduce((total, each) => total + of(each), 0)
  const loadSeconds = sum((each) => each.loadSeconds)
  const totalSeconds = sum((each) => each.totalSeconds)
  const maximumSeconds = sum((each) => each.maximumSeconds)
  const labels = [...new Set(runs.flatMap(({ plan }) => plan.sides.map(({ label }) => label)))]
  const notes = new Set(runs.flatMap(({ plan }) => plan.notes))
  const lines = [
    `${name}: ${runs.length} test run${runs.length === 1 ? '' : 's'}, one after another, each on ${labels.join(', ')}`,
    ...(description === null ? [] : [`  ${description}`]),
    ...described.flatMap(({ run, lines, totalSeconds: seconds, trials }) => [
      `${run.name} (${run.type}, id ${run.id}): ${trialsText(run, trials)}, about ${formatDuration(seconds)}`,
      ...lines.slice(1, 4),
    ]),
    `time: about ${formatDuration(totalSeconds)}, of it ${formatDuration(loadSeconds)} of load; at most ${formatDuration(maximumSeconds)} when brokers start as usual`,
    ...[...notes].map((note) => `note: ${note}`),
  ]
  return {
    lines,
    runs: described.map(({ run: { id, name, type }, lines: _, messages: __, prospect: ___, ...seconds }) => ({
      id,
      name,
      type,
      ...seconds,
    })),
    loadSeconds,
    totalSeconds,
    maximumSeconds,
  }
}

function trialsText({ plan }: PlannedRun, trials: number): string {
  const { ratesHz, producerRateHz, messageBytes } = plan.workload
  const rates = (ratesHz ?? [producerRateHz]).map((rate) => rate.toLocaleString('en-US')).join(', ')
  const bytes = messageBytes.toLocaleString('en-US')
  return `${rates} messages/s of ${bytes} bytes, ${trials} trial${trials === 1 ? '' : 's'}`
}
