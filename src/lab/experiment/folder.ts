import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError, messageOf } from '../../errors/app-error.ts'
import { nearest } from '../../errors/nearest.ts'
import { storageError, writeFileAtomic } from '../../result/atomic-file.ts'
import { createExperiment } from '../../result/experiment-folder.ts'
import { type ExperimentRecord, parseRecord, RECORD_FILE, recordText } from './record.ts'

/** Where everything of a cloud experiment lies, below `BENCH_HOME` as that of any other. Paths only. */
export interface LabFolder {
  readonly id: string
  readonly directory: string
  readonly recordFile: string
  /** Each step, and what tools said. */
  readonly logFile: string
  readonly archiveFile: string
  /** Where plain `terraform` works: root, variables and state. */
  readonly terraformDirectory: string
  /** A folder a run, as the load generator brought it, with its report. */
  readonly runsDirectory: string
}

/** The paths of the experiment `id` below `home`. */
export function labFolder(id: string, home: string): LabFolder {
  const directory = join(home, id)
  return {
    id,
    directory,
    recordFile: join(directory, RECORD_FILE),
    logFile: join(directory, 'experiment.log'),
    archiveFile: join(directory, 'bench.tar.gz'),
    terraformDirectory: join(directory, 'terraform', 'aws'),
    runsDirectory: join(directory, 'runs'),
  }
}

/**
 * Makes the folder of a new experiment and points `latest` at it; `asked` is the id that a configuration names, null for
 * one of date and time. Throws `AppError('CONFIG')` when an experiment has the asked id already.
 */
export async function createLabFolder(
  asked: string | null,
  wallMs: number,
  home: string,
): Promise<LabFolder> {
  if (asked === null) return labFolder((await createExperiment(wallMs, home)).id, home)
  const folder = labFolder(asked, home)
  try {
    await mkdir(home, { recursive: true })
    await mkdir(folder.directory)
    const link = join(home, `.latest-${randomUUID().slice(0, 8)}`)
    await symlink(asked, link)
    await rename(link, join(home, 'latest'))
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST')
      throw await storageError(`make the folder of experiment ${asked}`, folder.directory, error)
    throw new AppError('CONFIG', `expected a new experiment.id, got ${asked}, which is in ${home} already`, {
      hint: `go on with it: bench setup --experiment-id ${asked}; or remove experiment.id from the configuration`,
    })
  }
  return folder
}

/** Writes the record so that it is never half there. */
export async function writeRecord(record: ExperimentRecord, folder: LabFolder): Promise<void> {
  await writeFileAtomic(folder.recordFile, recordText(record))
}

/** Reads the record of an experiment; null when the folder holds none. Throws `AppError('CONFIG')` for a broken one. */
export async function readRecord(folder: LabFolder): Promise<ExperimentRecord | null> {
  let content: string
  try {
    content = await readFile(folder.recordFile, 'utf8')
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw new AppError('CONFIG', `expected to read ${folder.recordFile}, got: ${messageOf(error)}`, {
      cause: error,
    })
  }
  return parseRecord(content, folder.recordFile)
}

/** A cloud experiment of this home: what is known of it, or why nothing is. */
export type ListedRecord =
  | { readonly folder: LabFolder; readonly record: ExperimentRecord }
  | { readonly folder: LabFolder; readonly problem: string }

/** All cloud experiments, newest first; those whose record is broken come last. */
export async function labExperiments(home: string): Promise<ListedRecord[]> {
  const entries = await readdir(home, { withFileTypes: true }).catch(() => [])
  const listed: ListedRecord[] = []
  for (const entry of entries.filter((each) => each.isDirectory())) {
    const folder = labFolder(entry.name, home)
    try {
      const record = await readRecord(folder)
      if (record !== null) listed.push({ folder, record })
    } catch (error) {
      listed.push({ folder, problem: messageOf(error) })
    }
  }
  const startedMs = (each: ListedRecord) => ('record' in each ? each.record.startedMs : -1)
  return listed.sort((one, other) => startedMs(other) - startedMs(one))
}

/** An experiment that was found. */
export interface FoundExperiment {
  readonly folder: LabFolder
  readonly record: ExperimentRecord
}

/** The cloud experiment of this id, or the newest for `latest`. Throws `AppError('USAGE')` when there is none. */
export async function findExperiment(idOrLatest: string, home: string): Promise<FoundExperiment> {
  const listed = await labExperiments(home)
  const found = idOrLatest === 'latest' ? listed[0] : listed.find(({ folder }) => folder.id === idOrLatest)
  if (found !== undefined && 'record' in found) return found
  if (found !== undefined) throw new AppError('CONFIG', found.problem)
  const ids = listed.map(({ folder }) => folder.id)
  const near = nearest(idOrLatest, ids) ?? ids[0]
  throw new AppError(
    'USAGE',
    `--experiment-id: expected a cloud experiment of ${home}, got ${JSON.stringify(idOrLatest)}`,
    {
      hint:
        near === undefined
          ? 'there is none yet; make one with: bench setup'
          : `did you mean ${near}? all: bench list`,
    },
  )
}

/** Removes what Terraform can bring again: hundreds of megabytes of providers. */
export async function removeProviders({ terraformDirectory }: LabFolder): Promise<void> {
  await rm(join(terraformDirectory, '.terraform'), { recursive: true, force: true })
}
