import { EXIT, type ExitCode } from '../../errors/exit-codes.ts'
import { readLabConfig } from '../../lab/config/lab-config.ts'
import { recoverCrashed } from '../../lab/experiment/crashed.ts'
import { requireAffordable } from '../../lab/experiment/prices.ts'
import { setUp } from '../../lab/experiment/setup.ts'
import type { Output } from '../output.ts'
import { tellDryRun } from './dry-run.ts'
import { type LabFlags, labEnvironment, withPrices } from './environment.ts'

export interface SetupFlags extends LabFlags {
  readonly config: string
  readonly tags: readonly string[]
  readonly experimentId: string | null
  readonly keepOnFailure: boolean
  readonly maxCostUsd: number | null
  /** `--prices`; null: none given. */
  readonly pricesFile: string | null
  readonly dryRun: boolean
}

/** `bench setup`: makes an experiment on AWS, or goes on with one, and leaves it running. */
export async function runSetup(flags: SetupFlags, out: Output, signal: AbortSignal): Promise<ExitCode> {
  const environment = await withPrices(labEnvironment(flags, out), flags)
  const config = await readLabConfig(flags.config, { tags: flags.tags })
  for (const note of config.notes) environment.print(`note: ${note}`)
  if (flags.dryRun) return tellDryRun(config, null, environment.prices, flags, out)
  // How long it will stand nobody knows; a limit needs prices all the same.
  requireAffordable(config, 0, flags.maxCostUsd, environment.prices)
  await recoverCrashed(environment, signal, flags.experimentId)
  const life = await setUp({ ...flags, config }, environment, signal)
  await life.release('ready')
  const { experimentId, expiresAtMs, applyToReadyMs } = life.record()
  if (flags.json) out.stdout(JSON.stringify({ experimentId, expiresAtMs, applyToReadyMs }))
  else out.stdout(experimentId)
  environment.print(
    `anybody may end it after ${new Date(expiresAtMs).toISOString()}; end it yourself: bench teardown --experiment-id ${experimentId}`,
  )
  return EXIT.ok
}
