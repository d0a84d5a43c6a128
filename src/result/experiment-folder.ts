import { mkdir, rename, rm, symlink } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { storageError } from './atomic-file.ts'

/** `exp-20251005-143056`, and `exp-20251005-143056-2` for the second experiment of a second. */
export const EXPERIMENT_ID = /^exp-\d{8}-\d{6}(?:-(\d+))?$/

/** Experiments that may start in one second; more means that something loops. */
const MAX_IN_ONE_SECOND = 1_000

/** Folder of all experiments: `BENCH_HOME`, else `~/.bench`. */
export function benchHome(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  return environment.BENCH_HOME || join(environment.HOME || homedir(), '.bench')
}

/** Where everything of one experiment lies. Paths only: nothing is made by asking. */
export interface ExperimentFolder {
  readonly id: string
  readonly directory: string
  readonly resultFile: string
  readonly logFile: string
  readonly workloadFile: string
  readonly reportDirectory: string
}

/** The paths of the experiment `id` below `home`. */
export function experimentFolder(id: string, home: string): ExperimentFolder {
  const directory = join(home, id)
  return {
    id,
    directory,
    resultFile: join(directory, 'result.json'),
    logFile: join(directory, 'bench.log'),
    workloadFile: join(directory, 'workload.yaml'),
    reportDirectory: join(directory, 'report'),
  }
}

/** The id of an experiment that starts at this wall time, UTC. */
export function experimentId(wallMs: number): string {
  const [day, time] = new Date(wallMs).toISOString().split('T') as [string, string]
  return `exp-${day.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}`
}

/**
 * Makes a new experiment's folder, never one that exists, and points `latest` at it. Throws `AppError('STORAGE')`
 * naming the path.
 */
export async function createExperiment(
  wallMs: number,
  home: string = benchHome(),
): Promise<ExperimentFolder> {
  const base = experimentId(wallMs)
  try {
    await mkdir(home, { recursive: true })
    for (let attempt = 1; attempt <= MAX_IN_ONE_SECOND; attempt++) {
      const folder = experimentFolder(attempt === 1 ? base : `${base}-${attempt}`, home)
      if (!(await madeNew(folder.directory))) continue
      await pointLatest(folder.id, home)
      return folder
    }
  } catch (error) {
    throw await storageError(`make the folder of experiment ${base}`, join(home, base), error)
  }
  throw await storageError(
    `make the folder of experiment ${base}`,
    join(home, base),
    new Error(`${MAX_IN_ONE_SECOND} experiments have this second already`),
  )
}

async function madeNew(directory: string): Promise<boolean> {
  try {
    await mkdir(directory)
    return true
  } catch (error) {
    if ((error as { code?: string }).code === 'EEXIST') return false
    throw error
  }
}

/** Replaces the link in one step: a reader finds the older experiment or the newer one, never none. */
async function pointLatest(id: string, home: string): Promise<void> {
  const temporary = join(home, `.latest-${id}`)
  await rm(temporary, { force: true })
  await symlink(id, temporary)
  await rename(temporary, join(home, 'latest'))
}
