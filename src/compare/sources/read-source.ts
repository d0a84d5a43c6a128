import { createHash } from 'node:crypto'
import type { Stats } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError, messageOf } from '../../errors/app-error.ts'
import { EXPERIMENT_ID } from '../../result/experiment-folder.ts'
import { checkResult, parseJson } from '../../result/parse-result.ts'
import { resultDirectory } from '../../result/store.ts'
import { MAX_TRIALS_PER_SIDE } from '../statistics/index.ts'
import { benchSource } from './bench-source.ts'
import { looksLikeOmb, parseOmbRun } from './omb-result.ts'
import { type OmbFile, ombSource } from './omb-source.ts'
import type { Source } from './source.ts'

/** Largest file that is read: a result of hours is tenths of it, and its text, tree and checks fit into memory. */
const MAX_FILE_BYTES = 256 * 1024 * 1024
/** Files of one source. */
const MAX_FILES = MAX_TRIALS_PER_SIDE * 10
/** Text has no zero byte, and a binary file has one soon. */
const BINARY_PROBE_BYTES = 1024

const HINT =
  'give an experiment id, latest, a folder, a result.json, or result files of the OpenMessaging Benchmark'

/**
 * Reads what an argument of `bench compare` names: an experiment id, `latest`, the folder of an experiment, a
 * `result.json`, a result file of the OpenMessaging Benchmark, several of these with commas, or a folder of them.
 * Throws `AppError('CONFIG')` naming the file, and the place in it.
 */
export async function readSource(argument: string, name: string, home: string): Promise<Source> {
  const files = await filesOf(argument, home)
  const digests = new Map<string, string>()
  const runs: OmbFile[] = []
  for (const file of files) {
    const bytes = await bytesOf(file)
    const digest = createHash('sha256').update(bytes).digest('hex')
    const twin = digests.get(digest)
    if (twin !== undefined) {
      throw new AppError('CONFIG', `expected a run in each file, got the same bytes in ${twin} and ${file}`, {
        hint: 'a run counts once: leave one of them out',
      })
    }
    digests.set(digest, file)
    const raw = parseJson(bytes.toString('utf8'), file)
    if (looksLikeOmb(raw)) {
      runs.push({ file, run: parseOmbRun(raw, file) })
      continue
    }
    if (files.length > 1) {
      throw new AppError(
        'CONFIG',
        `expected a result of the OpenMessaging Benchmark in ${file}, got another JSON`,
        {
          hint: 'only such results are taken together as trials; bench repeats by itself: bench run … --repeat 7',
        },
      )
    }
    return benchSource(checkResult(raw, file), name, [file], digest)
  }
  return ombSource(runs, name, [...digests.keys()].sort().join(' '))
}

async function filesOf(argument: string, home: string): Promise<string[]> {
  if (argument === '')
    throw new AppError('USAGE', 'expected something to compare, got an empty text', { hint: HINT })
  if (argument === 'latest' || EXPERIMENT_ID.test(argument)) return experimentFile(argument, home)
  const entry = await statOf(argument)
  if (entry === null) {
    if (argument.includes(',')) return listedFiles(argument)
    if (argument.includes('/') || argument.endsWith('.json')) throw absent(argument)
    return experimentFile(argument, home)
  }
  if (!entry.isDirectory()) return [argument]
  if ((await statOf(join(argument, 'result.json'))) !== null) return [join(argument, 'result.json')]
  const names = (await readdir(argument))
    .filter((file) => file.endsWith('.json') && !file.startsWith('.'))
    .sort()
  if (names.length === 0) {
    throw new AppError(
      'CONFIG',
      `expected a result.json or other results in the folder ${argument}, got no JSON file`,
      {
        hint: HINT,
      },
    )
  }
  return bounded(
    names.map((file) => join(argument, file)),
    argument,
  )
}

async function experimentFile(id: string, home: string): Promise<string[]> {
  return [join(await resultDirectory(id, home), 'result.json')]
}

async function listedFiles(argument: string): Promise<string[]> {
  const files = argument.split(',').map((file) => file.trim())
  for (const file of files) {
    if (file === '' || (await statOf(file)) === null) throw absent(file)
  }
  return bounded(files, argument)
}

function bounded(files: string[], argument: string): string[] {
  if (files.length <= MAX_FILES) return files
  throw new AppError('CONFIG', `expected at most ${MAX_FILES} files in ${argument}, got ${files.length}`, {
    hint: 'put the runs of one workload into a folder of their own',
  })
}

function absent(file: string): AppError {
  return new AppError(
    'CONFIG',
    `expected a file or folder, got ${JSON.stringify(file)}, which is not there`,
    {
      hint: HINT,
    },
  )
}

async function bytesOf(file: string): Promise<Buffer> {
  const refused = (got: string, hint = HINT) =>
    new AppError('CONFIG', `expected a result in ${file}, got ${got}`, { hint })
  const entry = await statOf(file)
  if (entry === null) {
    throw refused(
      'nothing there',
      'the experiment may have ended before a result was written; its bench.log tells why',
    )
  }
  if (!entry.isFile()) throw refused(entry.isDirectory() ? 'a folder' : 'something that is no file')
  if (entry.size > MAX_FILE_BYTES) {
    throw refused(
      `${Math.ceil(entry.size / 1e6)} MB; at most ${Math.floor(MAX_FILE_BYTES / 1e6)} MB are read`,
    )
  }
  let bytes: Buffer
  try {
    bytes = await readFile(file)
  } catch (error) {
    throw refused(messageOf(error), 'check that the file may be read')
  }
  if (bytes.subarray(0, BINARY_PROBE_BYTES).includes(0)) throw refused('a binary file')
  return bytes
}

/** Null where nothing is. */
async function statOf(path: string): Promise<Stats | null> {
  return stat(path).catch((error: { code?: string }) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
    throw new AppError('CONFIG', `expected a file or folder, got: ${messageOf(error)}`, {
      hint: HINT,
      cause: error,
    })
  })
}
