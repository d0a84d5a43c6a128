import { createHash } from 'node:crypto'
import { AppError } from '../../errors/app-error.ts'
import type { ExperimentResult, TestRunMark } from '../../result/result.ts'
import type { Plan } from '../../workload/model.ts'
import { makePlan } from '../../workload/plan.ts'
import type { PlanOptions } from '../../workload/plan-options.ts'
import { readTestPlan, type TestRun } from './test-plan.ts'

/** A run with its sides: ready to be measured. */
export interface PlannedRun extends TestRun {
  readonly plan: Plan
  /** Goes into the result, and tells later that this run is done. */
  readonly mark: TestRunMark
}

export interface PlannedTestPlan {
  readonly file: string
  readonly name: string
  readonly description: string | null
  readonly runs: readonly PlannedRun[]
}

export interface TestPlanOptions extends Omit<PlanOptions, 'workloadFile' | 'workload'> {
  /** A test plan, or a workload. */
  readonly file: string
}

/**
 * What a test plan would run, without touching a broker. Options go over every run. Throws `AppError('USAGE')` for options
 * and `AppError('CONFIG')` for files.
 */
export async function planTestRuns({ file, ...options }: TestPlanOptions): Promise<PlannedTestPlan> {
  const { name, description, runs } = await readTestPlan(file, { lenient: options.lenient === true })
  const flag = options.rate === undefined ? options.rates && '--rates' : '--rate'
  if (flag && runs.length > 1) {
    throw new AppError(
      'USAGE',
      `expected no ${flag} with a test plan: its runs have rates of their own, got it`,
      {
        hint: 'change producer_rate in the plan',
      },
    )
  }
  const planned: PlannedRun[] = []
  for (const run of runs) {
    const plan = await makePlan({ ...options, workloadFile: file, workload: run.workload })
    planned.push({ ...run, plan, mark: { plan: name, run: run.id, digest: digestOf(plan) } })
  }
  return { file, name, description, runs: planned }
}

/** The same for two plans exactly when they ask for the same of the same sides, in whatever order it was written. */
export function digestOf(plan: Plan): string {
  const { workload, workers, topology, strict, repeat, seed } = plan
  const sides = plan.sides.map(({ label, driver, servers, settings }) => ({
    label,
    driver,
    servers,
    settings,
  }))
  const { drivers: _, ...asked } = workload
  const text = canonical({ workload: asked, sides, workers, topology, strict, repeat, seed })
  return createHash('sha256').update(text).digest('hex')
}

/** JSON with sorted keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner
    return Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  })
}

/** What is kept of an experiment to tell whether its run is done. */
export interface FinishedRun {
  readonly experimentId: string
  readonly mark: TestRunMark
  /** Every trial of every side was measured to its end. */
  readonly complete: boolean
}

/** Null for an experiment that was no run of a test plan. */
export function finishedRun({
  id,
  testRun,
  partial,
  sides,
  trialPlan,
}: ExperimentResult): FinishedRun | null {
  if (testRun === undefined) return null
  const planned = trialPlan?.order.length ?? sides.length
  const trials = sides.flatMap((side) => side.trials)
  const whole = trials.length >= planned && trials.every(({ interrupted }) => interrupted === null)
  return { experimentId: id, mark: testRun, complete: partial === null && planned > 0 && whole }
}

/** A run, and the experiment that did it already: the first in `finished`; null: it remains to be done. */
export interface RunState<Run> {
  readonly run: Run
  readonly doneBy: string | null
}

/**
 * Which runs remain. A run is done when a complete experiment has its id, of the plan of the same name, and was asked for
 * exactly the same (`digest`): a run that was changed, cut short or moved to other settings is run again.
 */
export function runStates<Run extends Pick<PlannedRun, 'mark'>>(
  runs: readonly Run[],
  finished: readonly FinishedRun[],
): RunState<Run>[] {
  return runs.map((run) => {
    const isSame = ({ complete, mark }: FinishedRun) =>
      complete && mark.plan === run.mark.plan && mark.run === run.mark.run && mark.digest === run.mark.digest
    return { run, doneBy: finished.find(isSame)?.experimentId ?? null }
  })
}
