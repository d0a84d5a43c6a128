import { randomBytes } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { AppError, messageOf } from '../../errors/app-error.ts'
import { isAlive } from '../process/identity.ts'

/** One line of progress for the person who waits. */
export type Log = (line: string) => void

/**
 * Where bench keeps what it brought: `$BENCH_CACHE`, else `$XDG_CACHE_HOME/bench`, else `~/.cache/bench`; without a
 * usable HOME a folder of the user's own below the temporary one. The launcher follows the same rule.
 */
export function cacheDirectory(): string {
  const { BENCH_CACHE, XDG_CACHE_HOME, HOME } = process.env
  if (BENCH_CACHE) return BENCH_CACHE
  if (XDG_CACHE_HOME) return join(XDG_CACHE_HOME, 'bench')
  if (HOME && isWritableFolder(HOME)) return join(HOME, '.cache', 'bench')
  return privateTemporaryFolder(join(tmpdir(), `bench-cache-${process.getuid?.() ?? 0}`))
}

function isWritableFolder(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

// The temporary folder is shared: programs are run from here, so nobody else may have made it.
function privateTemporaryFolder(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  const { uid } = statSync(path)
  if (process.getuid && uid !== process.getuid()) {
    throw new AppError('STORAGE', `expected ${path} to belong to this user, its owner is ${uid}`, {
      hint: 'set BENCH_CACHE to a folder of your own',
    })
  }
  return path
}

/**
 * A folder of the cache, built on first use. `build` fills a temporary folder beside the final one, which is then
 * renamed, so nobody ever sees half of it; of several builders at once the first wins and the others use its folder.
 * `build` also gets the final path, for files that must contain it. Returns the final path.
 */
export async function cacheEntry(
  name: string,
  build: (temporary: string, final: string) => Promise<void>,
  signal: AbortSignal,
): Promise<string> {
  signal.throwIfAborted()
  const final = join(cacheDirectory(), name)
  if (existsSync(final)) return final
  const temporary = `${final}.tmp-${process.pid}-${randomBytes(4).toString('hex')}`
  try {
    await mkdir(temporary, { recursive: true })
    await removeAbandoned(final)
    await build(temporary, final)
    signal.throwIfAborted()
    await renameUnlessThere(temporary, final)
  } catch (error) {
    throw asStorageError(error, final)
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
  return final
}

async function renameUnlessThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if (!existsSync(to)) throw error
  }
}

/** Removes what builders left that were killed: their process id is part of the name. */
async function removeAbandoned(final: string): Promise<void> {
  const prefix = `${basename(final)}.tmp-`
  for (const name of await readdir(dirname(final))) {
    if (!name.startsWith(prefix)) continue
    const pid = Number.parseInt(name.slice(prefix.length), 10)
    if (!isAlive(pid)) await rm(join(dirname(final), name), { recursive: true, force: true })
  }
}

const STORAGE_CODES = new Set(['ENOSPC', 'EACCES', 'EPERM', 'EROFS', 'EDQUOT'])

function asStorageError(error: unknown, path: string): unknown {
  const code = (error as { code?: string }).code ?? ''
  if (!STORAGE_CODES.has(code)) return error
  return new AppError('STORAGE', `expected to write below ${path}, got ${messageOf(error)}`, {
    hint: 'free some space, or set BENCH_CACHE to a folder that is writable',
    cause: error,
  })
}
