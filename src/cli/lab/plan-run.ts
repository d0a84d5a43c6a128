import { type LabConfig, readLabConfig } from '../../lab/config/lab-config.ts'
import { type CloudPlan, cloudPlan } from '../../lab/experiment/cloud-plan.ts'
import type { Life } from '../../lab/experiment/life.ts'
import { checkCapabilities } from '../../workload/capability-check.ts'
import type { PlanFlags } from '../../workload/plan-options.ts'
import type { Output } from '../output.ts'
import { tellCosts } from './cost.ts'
import { linesOf, writeLabReports } from './report.ts'
import type { SetupFlags } from './setup.ts'

/** Options of commands that run a plan on a cloud experiment. */
export type PlanRunFlags = SetupFlags & {
  /** A test plan or a workload. */
  readonly file: string
  readonly plan: PlanFlags
}

/**
 * Reads configuration and plan, and holds them against each other: what is wrong is told before anything is made.
 * `systems` are those of an experiment that stands; null: those of the configuration.
 */
export async function preparePlan(
  flags: PlanRunFlags,
  systems: readonly string[] | null,
  out: Output,
): Promise<{ readonly config: LabConfig; readonly plan: CloudPlan }> {
  const config = await readLabConfig(flags.config, { tags: flags.tags })
  const names = systems ?? config.systems.map(({ name }) => name)
  const plan = await cloudPlan({ file: flags.file, systems: names, flags: flags.plan })
  for (const run of plan.runs) await checkCapabilities(run.plan)
  if (!flags.quiet) for (const note of config.notes) out.stderr(`note: ${note}`)
  return { config, plan }
}

/** Makes the reports of all runs that were brought; the first time, their tables are printed too. */
export function resultsTeller(
  plan: CloudPlan,
  flags: { readonly json: boolean; readonly quiet: boolean; readonly pricesFile: string | null },
  out: Output,
): (life: Life) => Promise<void> {
  const metrics = plan.runs[0]?.plan.metrics ?? null
  let isTold = false
  return async (life) => {
    const found = { folder: life.folder, record: life.record() }
    await tellCosts(found, flags.pricesFile, life)
    const { files, results } = await writeLabReports(found, metrics)
    if (isTold) return
    isTold = true
    if (!flags.json)
      for (const result of results) for (const line of linesOf(result, flags.quiet, out)) out.stdout(line)
    for (const file of files) life.log.tell(`report: ${file}`)
  }
}
