import { EXIT, type ExitCode } from '../errors/exit-codes.ts'
import { describeTestPlan } from '../lab/plan/describe.ts'
import { planTestRuns } from '../lab/plan/resolve.ts'
import { isTestPlan } from '../lab/plan/test-plan.ts'
import { checkMetrics } from '../metrics/index.ts'
import { checkCapabilities } from '../workload/capability-check.ts'
import { describePlan } from '../workload/describe-plan.ts'
import type { Plan } from '../workload/model.ts'
import { makePlan } from '../workload/plan.ts'
import type { PlanOptions } from '../workload/plan-options.ts'
import { readYaml } from '../workload/yaml-source.ts'
import type { Output } from './output.ts'

export interface PlanVerbOptions extends Omit<PlanOptions, 'workloadFile' | 'workload'> {
  readonly json?: boolean
}

/**
 * `bench plan`: what a run of a workload or a test plan would do and how long it takes, without a broker. Throws what
 * `makePlan` and `planTestRuns` throw.
 */
export async function runPlan(
  file: string,
  options: PlanVerbOptions,
  out: Pick<Output, 'stdout'>,
  signal: AbortSignal = new AbortController().signal,
): Promise<ExitCode> {
  const { json, ...planOptions } = options
  if (isTestPlan(await readYaml(file))) return await showTestPlan(file, options, out, signal)
  const made = await makePlan({ ...planOptions, workloadFile: file })
  if (made.metrics !== null) await checkMetrics(made.metrics, signal)
  const notes = await checkCapabilities(made, options.registry)
  const plan = { ...made, notes: [...made.notes, ...notes] }
  const text = json === true ? JSON.stringify(planJson(plan)) : describePlan(plan).lines.join('\n')
  out.stdout(text)
  return EXIT.ok
}

async function showTestPlan(
  file: string,
  { json, ...options }: PlanVerbOptions,
  out: Pick<Output, 'stdout'>,
  signal: AbortSignal,
): Promise<ExitCode> {
  const made = await planTestRuns({ ...options, file })
  // The module is the same for all runs.
  const metrics = made.runs[0]?.plan.metrics ?? null
  if (metrics !== null) await checkMetrics(metrics, signal)
  const runs = []
  for (const run of made.runs) {
    const notes = await checkCapabilities(run.plan, options.registry)
    runs.push({ ...run, plan: { ...run.plan, notes: [...run.plan.notes, ...notes] } })
  }
  const description = describeTestPlan({ ...made, runs })
  out.stdout(
    json === true ? JSON.stringify(testPlanJson(made.name, runs, description)) : description.lines.join('\n'),
  )
  return EXIT.ok
}

function testPlanJson(
  name: string,
  planned: readonly { readonly plan: Plan }[],
  { lines: _lines, runs, ...seconds }: ReturnType<typeof describeTestPlan>,
) {
  return {
    name,
    runs: runs.map((run, index) => ({ ...run, plan: planJson(planned[index]!.plan) })),
    ...seconds,
  }
}

/** The plan as data: without the drivers' parsed settings, which hold secrets. */
function planJson(plan: Plan) {
  const { lines: _lines, ...description } = describePlan(plan)
  const sides = plan.sides.map(({ config: _config, ...side }) => side)
  return { ...plan, sides, ...description }
}
