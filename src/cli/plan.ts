import { EXIT, type ExitCode } from '../errors/exit-codes.ts'
import { checkMetrics } from '../metrics/index.ts'
import { checkCapabilities } from '../workload/capability-check.ts'
import { describePlan } from '../workload/describe-plan.ts'
import type { Plan } from '../workload/model.ts'
import { makePlan } from '../workload/plan.ts'
import type { PlanOptions } from '../workload/plan-options.ts'
import type { Output } from './output.ts'

export interface PlanVerbOptions extends Omit<PlanOptions, 'workloadFile'> {
  readonly json?: boolean
}

/** `bench plan`: what a run would do and how long it takes, without a broker. Throws what `makePlan` throws. */
export async function runPlan(
  workloadFile: string,
  options: PlanVerbOptions,
  out: Pick<Output, 'stdout'>,
  signal: AbortSignal = new AbortController().signal,
): Promise<ExitCode> {
  const { json, ...planOptions } = options
  const made = await makePlan({ ...planOptions, workloadFile })
  if (made.metrics !== null) await checkMetrics(made.metrics, signal)
  const notes = await checkCapabilities(made, options.registry)
  const plan = { ...made, notes: [...made.notes, ...notes] }
  const text = json === true ? JSON.stringify(planJson(plan)) : describePlan(plan).lines.join('\n')
  out.stdout(text)
  return EXIT.ok
}

/** The plan as data: without the drivers' parsed settings, which hold secrets. */
function planJson(plan: Plan) {
  const { lines: _lines, ...description } = describePlan(plan)
  const sides = plan.sides.map(({ config: _config, ...side }) => side)
  return { ...plan, sides, ...description }
}
