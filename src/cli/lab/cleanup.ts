import { AppError } from '../../errors/app-error.ts'
import { EXIT, type ExitCode } from '../../errors/exit-codes.ts'
import { cleanUp } from '../../lab/aws/cleanup/cleanup.ts'
import { endByTag } from '../../lab/experiment/ending.ts'
import { labContext } from '../../lab/experiment/environment.ts'
import { type FoundExperiment, findExperiment, labFolder, readRecord } from '../../lab/experiment/folder.ts'
import { takeUp } from '../../lab/experiment/life.ts'
import { requireAws } from '../../lab/experiment/preflight.ts'
import type { Output } from '../output.ts'
import { type LabFlags, labEnvironment } from './environment.ts'

export interface CleanupAsked {
  /** Also of an experiment that nothing here knows of. */
  readonly experimentId: string
  /** Null: that of the experiment's record. */
  readonly region: string | null
  readonly executes: boolean
}

/** `bench cleanup`: what carries the experiment's tag; `--execute` removes it. 9 when something is left. */
export async function runCleanup(
  { experimentId, region, executes }: CleanupAsked,
  flags: LabFlags,
  out: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  const environment = labEnvironment(flags, out)
  const found = await foundOrNull(experimentId, environment.home)
  const where = region ?? found?.record.region ?? null
  if (where === null) {
    throw new AppError('USAGE', `expected --region: nothing is known here of ${experimentId}`, {
      hint: 'the region that it was made in, e.g. --region us-west-2',
    })
  }
  const log = { log: environment.print, tell: environment.print, hide: () => {} }
  const context = labContext(where, environment, log)
  await requireAws(context, signal)
  const id = found?.folder.id ?? experimentId
  if (executes && found !== null && where === found.record.region) {
    const life = await takeUp(found, 'tearingDown', environment, { isForced: true })
    try {
      const code = await endByTag(life, signal)
      await life.release(code === EXIT.ok ? 'ended' : 'left')
      return code
    } catch (error) {
      await life.release('left').catch(() => {})
      throw error
    }
  }
  const report = await cleanUp({ experimentId: id, executes }, context, signal)
  if (flags.json) out.stdout(JSON.stringify(report))
  else
    for (const { kind, id: name, detail } of executes ? report.removed : report.found)
      out.stdout(`${kind} ${name}${detail === '' ? '' : ` (${detail})`}`)
  if (!executes && report.found.length > 0)
    environment.print(`remove them: bench cleanup --experiment-id ${id} --execute`)
  return report.exitCode
}

async function foundOrNull(experimentId: string, home: string): Promise<FoundExperiment | null> {
  if (experimentId === 'latest') return await findExperiment(experimentId, home)
  const folder = labFolder(experimentId, home)
  // A record that is broken must not stand in the way.
  const record = await readRecord(folder).catch(() => null)
  return record === null ? null : { folder, record }
}
