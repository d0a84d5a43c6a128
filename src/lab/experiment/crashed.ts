import { messageOf } from '../../errors/app-error.ts'
import { EXIT } from '../../errors/exit-codes.ts'
import { endByTag } from './ending.ts'
import type { LabEnvironment } from './environment.ts'
import { type FoundExperiment, labExperiments } from './folder.ts'
import { driverState, takeUp } from './life.ts'

/** Experiments whose bench died before it was done with them. */
export async function crashedExperiments(home: string): Promise<FoundExperiment[]> {
  const listed = await labExperiments(home)
  return listed.flatMap((each) => ('record' in each && driverState(each.record) === 'dead' ? [each] : []))
}

/** One line each, for commands that change nothing. */
export async function tellCrashed(environment: LabEnvironment): Promise<void> {
  for (const { folder } of await crashedExperiments(environment.home))
    environment.print(
      `${folder.id}: its bench died before it was done; what it made may still run: bench reap ends it`,
    )
}

/**
 * Cleans up every experiment whose bench died (killed, or the machine went down), but for those that were to be kept. A
 * clean-up that fails is told, and does not keep the command from its own work. Rejects with the signal's reason.
 */
export async function recoverCrashed(
  environment: LabEnvironment,
  signal: AbortSignal,
  except: string | null = null,
): Promise<void> {
  for (const found of await crashedExperiments(environment.home)) {
    if (found.folder.id === except) continue
    try {
      await recover(found, environment, signal)
    } catch (error) {
      signal.throwIfAborted()
      environment.print(`${found.folder.id} could not be cleaned up: ${messageOf(error)}; try: bench reap`)
    }
  }
}

async function recover(
  found: FoundExperiment,
  environment: LabEnvironment,
  signal: AbortSignal,
): Promise<void> {
  const { driver, state, keepOnFailure } = found.record
  const life = await takeUp(found, 'tearingDown', environment)
  life.log.tell(
    `${found.folder.id}: bench (process ${driver?.pid}) died in state ${state}${keepOnFailure ? '; it is kept, as was asked for' : ': cleaning up'}`,
  )
  const steps = life.record().steps.map((each) =>
    each.outcome === 'running'
      ? {
          ...each,
          outcome: 'interrupted' as const,
          error: 'bench died',
          endedMs: environment.clock.wallMs(),
        }
      : each,
  )
  await life.update({ steps })
  if (keepOnFailure) return life.release('kept')
  try {
    const code = await endByTag(life, signal)
    await life.release(code === EXIT.ok ? 'ended' : 'left')
  } catch (error) {
    await life.release('left').catch(() => {})
    throw error
  }
}
