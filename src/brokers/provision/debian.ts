import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../../errors/app-error.ts'
import {
  closure,
  type DebianPackage,
  download,
  installedPackages,
  noAptError,
  type PrivateApt,
  privateApt,
  refresh,
} from './apt.ts'
import { cacheDirectory, cacheEntry, type Log } from './cache.ts'
import { mustRun } from './command.ts'
import { pointLinksInto } from './links.ts'

export interface DebianOptions {
  /**
   * Packages to unpack even where the machine has them installed; default: those asked for by name. Everything else
   * in the closure is unpacked only where the machine lacks it.
   */
  readonly bundle?: RegExp
  /** Packages to leave out, because the caller brings what they are needed for. */
  readonly without?: RegExp
  /** Changes files that contain absolute paths, before the folder goes to its `final` place. Raise `revision` with it. */
  readonly adapt?: (root: string, finalRoot: string) => Promise<void>
  readonly revision?: number
}

export interface DebianRoot {
  /** Folder that stands for `/` of the unpacked packages. */
  readonly root: string
  /** Value for LD_LIBRARY_PATH; set it for single processes, never for bench itself. */
  readonly libraryPath: string
}

/**
 * Debian packages, unpacked into one folder of the cache: nothing is installed, no maintainer script runs, an ordinary
 * user can do it. Absolute links between the unpacked files point into the folder. Throws `AppError('MISSING_TOOL')`
 * where there is no apt-get, or the packages cannot be had.
 */
export async function debianPackages(
  names: readonly string[],
  log: Log,
  signal: AbortSignal,
  options: DebianOptions = {},
): Promise<DebianRoot> {
  if (Bun.which('apt-get') === null || Bun.which('dpkg-deb') === null) throw noAptError(names)
  // Files may contain the path of their folder, so a cache that moved is built anew.
  const identity = [
    ...names,
    options.bundle?.source ?? '',
    options.without?.source ?? '',
    options.revision ?? 0,
    process.arch,
    cacheDirectory(),
  ]
  const key = createHash('sha256').update(identity.join('\n')).digest('hex').slice(0, 12)
  const root = await cacheEntry(
    join('debian', `${names[0]}-${key}`),
    async (temporary, final) => {
      const folder = join(temporary, '.apt')
      await mkdir(folder)
      const archives = await fetchPackages(names, options, folder, log, signal)
      log(`unpacking ${archives.length} packages into ${final}`)
      for (const archive of archives) await unpack(archive, temporary, signal)
      await rm(folder, { recursive: true })
      await pointLinksInto(temporary)
      await options.adapt?.(temporary, final)
    },
    signal,
  )
  return { root, libraryPath: await libraryPath(root) }
}

async function fetchPackages(
  names: readonly string[],
  options: DebianOptions,
  folder: string,
  log: Log,
  signal: AbortSignal,
): Promise<string[]> {
  const apt = await privateApt(folder, log, signal)
  const archives = join(folder, 'archives')
  await mkdir(archives)
  const get = async () => {
    const needed = await neededPackages(apt, names, options, signal)
    log(`apt-get: downloading ${needed.map(({ name }) => name).join(' ')}`)
    return await download(apt, needed, archives, signal)
  }
  if (!(await get().catch(retryIfOld)) && !(await refreshThen(get))) {
    throw new AppError('MISSING_TOOL', `expected to download ${names.join(', ')} by apt-get, and could not`, {
      hint: `check the network, then: sudo apt-get update && sudo apt-get install ${names.join(' ')}`,
    })
  }
  return (await readdir(archives)).filter((name) => name.endsWith('.deb')).map((name) => join(archives, name))

  // Lists that are too old know wrong versions, or not the package at all: new ones are tried once.
  function retryIfOld(error: unknown): false {
    if (signal.aborted) throw error
    return false
  }
  async function refreshThen(again: () => Promise<boolean>): Promise<boolean> {
    await refresh(apt, log, signal)
    return await again()
  }
}

async function neededPackages(
  apt: PrivateApt,
  names: readonly string[],
  options: DebianOptions,
  signal: AbortSignal,
): Promise<DebianPackage[]> {
  const all = await closure(apt, names, signal)
  const installed = await installedPackages(signal)
  return all.filter(
    ({ name }) =>
      !options.without?.test(name) &&
      (names.includes(name) || options.bundle?.test(name) || !installed.has(name)),
  )
}

const UNPACK_LIMIT_MS = 120_000

async function unpack(archive: string, root: string, signal: AbortSignal): Promise<void> {
  const what = 'unpacking a package'
  const hint = 'free some space, or set BENCH_CACHE to a folder with more room'
  await mustRun(
    { command: 'dpkg-deb', args: ['-x', archive, root], limitMs: UNPACK_LIMIT_MS, what, hint },
    signal,
  )
}

async function libraryPath(root: string): Promise<string> {
  const folders: string[] = []
  for (const base of [join(root, 'usr', 'lib'), join(root, 'lib')]) {
    if (!existsSync(base)) continue
    const names = await readdir(base)
    folders.push(...names.filter((name) => /-linux-(gnu|musl)/.test(name)).map((name) => join(base, name)))
  }
  return folders.join(':')
}
