import { readdir, readFile, readlink, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError, messageOf } from '../errors/app-error.ts'
import { editDistance } from '../errors/nearest.ts'
import { writeFileAtomic } from './atomic-file.ts'
import { benchHome, EXPERIMENT_ID, experimentFolder } from './experiment-folder.ts'
import { parseResult } from './parse-result.ts'
import type { ExperimentResult } from './result.ts'

/** Ids offered when one is not found. */
const MAX_SUGGESTIONS = 3

/** Writes `result.json` of the experiment atomically; an older one stays intact on failure. Returns its path. */
export async function writeResult(result: ExperimentResult, home: string = benchHome()): Promise<string> {
  const { resultFile } = experimentFolder(result.id, home)
  await writeFileAtomic(resultFile, `${JSON.stringify(result, null, 1)}\n`)
  return resultFile
}

/** A result and the folder it lies in. */
export interface StoredResult {
  readonly result: ExperimentResult
  readonly directory: string
}

/**
 * Reads a result by experiment id, `latest`, or the path of a `result.json` or of its folder. Throws `AppError('CONFIG')`:
 * unknown id (naming the nearest ones), broken JSON (naming the place), a newer or unknown schema version, a field that
 * is missing or of the wrong type.
 */
export async function readResult(
  idOrLatestOrPath: string,
  home: string = benchHome(),
): Promise<StoredResult> {
  const directory = await resultDirectory(idOrLatestOrPath, home)
  const file = join(directory, 'result.json')
  let content: string
  try {
    content = await readFile(file, 'utf8')
  } catch (error) {
    throw new AppError('CONFIG', `expected a result in ${file}, got: ${messageOf(error)}`, {
      hint: 'the experiment may have ended before a result was written; its bench.log tells why',
      cause: error,
    })
  }
  return { result: parseResult(content, file), directory }
}

/** The folder that `readResult` reads from. Throws `AppError('CONFIG')` for an unknown id, naming the nearest ones. */
export async function resultDirectory(name: string, home: string = benchHome()): Promise<string> {
  if (name === 'latest') return latestDirectory(home)
  if (name.includes('/') || name === '.' || name === '..') {
    return name.endsWith('.json') ? join(name, '..') : name
  }
  const directory = join(home, name)
  if (await isDirectory(directory)) return directory
  if (await isDirectory(name)) return join('.', name)
  throw unknownId(name, home, await experimentIds(home))
}

async function latestDirectory(home: string): Promise<string> {
  const ids = await experimentIds(home)
  const target = await readlink(join(home, 'latest')).catch(() => null)
  const id = target !== null && ids.includes(target) ? target : ids[0]
  if (id === undefined) throw unknownId('latest', home, ids)
  return join(home, id)
}

function unknownId(name: string, home: string, ids: readonly string[]): AppError {
  const nearest = [...ids]
    .sort((a, b) => editDistance(name, a) - editDistance(name, b))
    .slice(0, MAX_SUGGESTIONS)
  return new AppError(
    'CONFIG',
    `expected an experiment in ${home}, got ${JSON.stringify(name)}, which is not there`,
    {
      hint:
        nearest.length === 0
          ? 'there is no experiment yet; make one with: ./bench run workloads/poc.yaml'
          : `nearest: ${nearest.join(', ')}; all: ./bench list`,
    },
  )
}

/** One line of `bench list`: a result that could be read, or why it could not. */
export type ListedExperiment =
  | { readonly id: string; readonly directory: string; readonly result: ExperimentResult }
  | { readonly id: string; readonly directory: string; readonly problem: string }

/** All experiments, newest first. Folders whose result is missing or broken are listed as such. */
export async function listExperiments(home: string = benchHome()): Promise<readonly ListedExperiment[]> {
  const listed: ListedExperiment[] = []
  for (const id of await experimentIds(home)) {
    const directory = join(home, id)
    try {
      listed.push({ id, directory, result: (await readResult(id, home)).result })
    } catch (error) {
      listed.push({ id, directory, problem: messageOf(error) })
    }
  }
  return listed
}

/** Ids of the folders that are there, newest first. */
export async function experimentIds(home: string): Promise<string[]> {
  const entries = await readdir(home, { withFileTypes: true }).catch(() => [])
  return entries
    .filter((entry) => entry.isDirectory() && EXPERIMENT_ID.test(entry.name))
    .map((entry) => entry.name)
    .sort(newestFirst)
}

const SECOND_PART_LENGTH = 'exp-20251005-143056'.length

function newestFirst(one: string, other: string): number {
  const [a, b] = [one.slice(0, SECOND_PART_LENGTH), other.slice(0, SECOND_PART_LENGTH)]
  if (a !== b) return a < b ? 1 : -1
  return Number(EXPERIMENT_ID.exec(other)?.[1] ?? 1) - Number(EXPERIMENT_ID.exec(one)?.[1] ?? 1)
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  )
}
