import { AppError } from '../../errors/app-error.ts'
import { EXIT, type ExitCode } from '../../errors/exit-codes.ts'
import type { LabConfig } from '../config/lab-config.ts'
import { type CloudPlan, requireTime } from './cloud-plan.ts'
import { afterFailure } from './ending.ts'
import { type LabEnvironment, labContext } from './environment.ts'
import { type FoundExperiment, findExperiment } from './folder.ts'
import { driverState, type Life, takeUp } from './life.ts'
import { NO_LOG } from './log.ts'
import { requireAws } from './preflight.ts'
import { requireAffordable } from './prices.ts'
import { runPlan } from './run-plan.ts'
import { type SetupOptions, setUp } from './setup.ts'
import { endLife } from './teardown.ts'
import { watching } from './watch.ts'

/** What a plan needs besides an experiment. */
export interface PlanRun {
  readonly plan: CloudPlan
  /** Disks of the roles, and what the plan costs. */
  readonly config: LabConfig
  readonly maxCostUsd: number | null
  readonly keepOnFailure: boolean
  /** Makes reports and costs of what is in the folder. That it fails ends no experiment. */
  readonly tellResults: (life: Life) => Promise<void>
}

export type FullOptions = PlanRun & SetupOptions

/**
 * From nothing to a report and back to nothing. Gives the gravest finding of the runs; 9 when something is left on AWS.
 * Throws what went wrong, after the failure policy had its way.
 */
export async function fullLife(
  options: FullOptions,
  environment: LabEnvironment,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { plan, config, maxCostUsd } = options
  const { experimentId } = options
  const going = experimentId === null ? null : (await findExperiment(experimentId, environment.home)).record
  const leftMs = going === null ? config.ttlS * 1000 : going.expiresAtMs - environment.clock.wallMs()
  requireTime(
    plan,
    leftMs,
    going === null ? `${config.file}: experiment.ttl` : `TTL of ${going.experimentId}`,
  )
  requireAffordable(config, plan.hours, maxCostUsd, environment.prices)
  const life = await setUp(options, environment, signal)
  const found = await runPlanOn(options, life, signal)
  await told(options, life)
  let left: ExitCode
  try {
    left = await endLife(life, signal)
  } catch (error) {
    // Ctrl-C while it ends must not leave it standing.
    await afterFailure(life, error)
    throw error
  }
  // Once more: now it is known what all of it cost.
  await told(options, life)
  return left === EXIT.ok ? found : left
}

/** Runs a plan on an experiment that stands, and leaves it standing. Gives and throws as `fullLife`. */
export async function runOnExperiment(
  experiment: FoundExperiment,
  options: PlanRun,
  environment: LabEnvironment,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { record, folder } = experiment
  const { plan, config, maxCostUsd, keepOnFailure } = options
  requireStanding(experiment)
  requireTime(plan, record.expiresAtMs - environment.clock.wallMs(), `TTL of ${folder.id}`)
  requireAffordable(config, plan.hours, maxCostUsd, environment.prices)
  await requireAws(labContext(record.region, environment, NO_LOG), signal)
  const life = await takeUp(experiment, 'running', environment)
  await life.update({ maxCostUsd: maxCostUsd ?? record.maxCostUsd, keepOnFailure })
  const found = await runPlanOn(options, life, signal)
  await life.release('ready')
  await told(options, life)
  life.log.tell(`${folder.id} goes on running; end it with: bench teardown --experiment-id ${folder.id}`)
  return found
}

/** When it fails the experiment ends as the failure policy says; what was measured until then is told. */
async function runPlanOn(options: PlanRun, life: Life, signal: AbortSignal): Promise<ExitCode> {
  const { plan, config } = options
  try {
    await life.update({ state: 'running' })
    return await watching(life, config, signal, (watch) => {
      watch.beginInstances()
      return runPlan(plan, life, watch.signal)
    })
  } catch (error) {
    await afterFailure(life, error)
    await told(options, life)
    throw error
  }
}

async function told({ tellResults }: PlanRun, life: Life): Promise<void> {
  try {
    await tellResults(life)
  } catch (error) {
    life.log.tell(`the report could not be made: ${(error as Error).message}`)
    life.log.tell(`try again: bench report --experiment-id ${life.folder.id}`)
  }
}

/** Throws `AppError('USAGE')` when runs cannot be done on it. */
export function requireStanding({ folder, record }: FoundExperiment): void {
  const { state } = record
  const isReady = state === 'ready' || (state === 'kept' && record.applyToReadyMs !== null)
  if (isReady || (state === 'running' && driverState(record) !== 'dead')) return
  throw new AppError('USAGE', `expected an experiment that is ready for runs, got ${folder.id}: ${state}`, {
    hint:
      state === 'ended' || state === 'left'
        ? 'make a new one: bench setup'
        : `finish it first: bench setup --experiment-id ${folder.id}`,
  })
}
