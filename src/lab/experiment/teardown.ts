import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../../errors/app-error.ts'
import { EXIT, type ExitCode } from '../../errors/exit-codes.ts'
import { endByTag } from './ending.ts'
import type { LabEnvironment } from './environment.ts'
import { type FoundExperiment, readRecord } from './folder.ts'
import { type Life, takeUp } from './life.ts'
import { openTerraform, requireTerraform } from './terraform.ts'

/**
 * Ends an experiment: Terraform destroys it, then all that still carries its tag is removed, whatever became of that. Again
 * and again is fine. Exit code 0 when nothing is left, else 9. Throws `AppError('USAGE')` when a process works on it.
 */
export async function tearDown(
  found: FoundExperiment,
  environment: LabEnvironment,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { folder } = found
  const record = (await readRecord(folder)) ?? found.record
  if (record.state === 'ended') {
    environment.print(`${folder.id} has ended already`)
    return EXIT.ok
  }
  const life = await takeUp(found, 'tearingDown', environment)
  try {
    return await endLife(life, signal)
  } catch (error) {
    await life.release('left').catch(() => {})
    throw error
  }
}

/** As `tearDown`, of an experiment that is in work already; releases it. */
export async function endLife(life: Life, signal: AbortSignal): Promise<ExitCode> {
  await life.update({ state: 'tearingDown' })
  try {
    await destroy(life, signal)
  } catch (error) {
    signal.throwIfAborted()
    life.log.tell(
      `terraform could not destroy it: ${messageOf(error).split('\n')[0]}; what is left goes by its tag`,
    )
  }
  const code = await endByTag(life, signal)
  await life.release(code === EXIT.ok ? 'ended' : 'left')
  return code
}

async function destroy(life: Life, signal: AbortSignal): Promise<void> {
  const { folder, environment, log } = life
  const hasState = await stat(join(folder.terraformDirectory, 'terraform.tfstate')).then(
    () => true,
    () => false,
  )
  if (!hasState) return log.tell('no Terraform state: nothing to destroy by it')
  await life.step('terraform destroy', async () => {
    const command = await requireTerraform(environment.variables, signal)
    const terraform = openTerraform({
      ...{ command, folder, log, environment: environment.variables },
      secrets: {},
    })
    const isInitialised = await stat(join(folder.terraformDirectory, '.terraform')).catch(() => null)
    if (isInitialised === null) await terraform.init(signal)
    await terraform.destroy(signal)
  })
}
