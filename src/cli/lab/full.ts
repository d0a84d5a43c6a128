import type { ExitCode } from '../../errors/exit-codes.ts'
import { requireTime } from '../../lab/experiment/cloud-plan.ts'
import { recoverCrashed } from '../../lab/experiment/crashed.ts'
import { findExperiment } from '../../lab/experiment/folder.ts'
import { fullLife, requireStanding, runOnExperiment } from '../../lab/experiment/full.ts'
import { benchHome } from '../../result/experiment-folder.ts'
import type { Output } from '../output.ts'
import { tellDryRun } from './dry-run.ts'
import { labEnvironment, withPrices } from './environment.ts'
import { type PlanRunFlags, preparePlan, resultsTeller } from './plan-run.ts'

/** `bench full`: sets up, runs, reports, tears down. */
export async function runFull(flags: PlanRunFlags, out: Output, signal: AbortSignal): Promise<ExitCode> {
  const environment = await withPrices(labEnvironment(flags, out), flags)
  const { config, plan } = await preparePlan(flags, null, out)
  if (flags.dryRun) {
    requireTime(plan, config.ttlS * 1000, `${config.file}: experiment.ttl`)
    return tellDryRun(config, plan, environment.prices, flags, out)
  }
  await recoverCrashed(environment, signal, flags.experimentId)
  const options = { ...flags, config, plan, tellResults: resultsTeller(plan, flags, out) }
  return await fullLife(options, environment, signal)
}

/** `bench run --experiment-id`: runs a plan on an experiment that stands, and leaves it standing. */
export async function runOnCloud(
  experimentId: string,
  asked: Omit<PlanRunFlags, 'config'> & { readonly config: string | null },
  out: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  const found = await findExperiment(experimentId, benchHome())
  const flags = { ...asked, config: asked.config ?? found.record.configFile }
  const environment = await withPrices(labEnvironment(flags, out), flags)
  const { config, plan } = await preparePlan(flags, found.record.systems, out)
  if (flags.dryRun) return tellDryRun(config, plan, environment.prices, flags, out)
  requireStanding(found)
  await recoverCrashed(environment, signal, found.folder.id)
  const options = { ...flags, config, plan, tellResults: resultsTeller(plan, flags, out) }
  return await runOnExperiment(found, options, environment, signal)
}
