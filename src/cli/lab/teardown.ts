import type { ExitCode } from '../../errors/exit-codes.ts'
import { recoverCrashed } from '../../lab/experiment/crashed.ts'
import { findExperiment } from '../../lab/experiment/folder.ts'
import { tearDown } from '../../lab/experiment/teardown.ts'
import type { Output } from '../output.ts'
import { type LabFlags, labEnvironment } from './environment.ts'

/** `bench teardown`: ends an experiment; 9 when something of it is left. */
export async function runTeardown(
  experimentId: string,
  flags: LabFlags,
  out: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  const environment = labEnvironment(flags, out)
  const found = await findExperiment(experimentId, environment.home)
  const code = await tearDown(found, environment, signal)
  await recoverCrashed(environment, signal)
  if (flags.json) out.stdout(JSON.stringify({ experimentId: found.folder.id, exitCode: code }))
  return code
}
