import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import type { DriverEntry } from '../drivers/registry.ts'
import { AppError } from '../errors/app-error.ts'
import { readDriverFile } from './driver-file.ts'
import { MAX_SIDES } from './limits.ts'
import type { Side } from './model.ts'
import { configError, didYouMean } from './problem.ts'
import { displayPath, SHIPPED_DRIVERS } from './product-folder.ts'
import { parseSideToken, type SideToken } from './side-token.ts'

/** A side as somebody wrote it, and where. */
export interface SideRequest {
  readonly text: string
  /** `--drivers`, or `file:line:col`. */
  readonly where: string
}

export interface SidesOptions {
  readonly registry: readonly DriverEntry[]
  /** Driver files are looked up beside it first. */
  readonly workloadFile: string
  readonly lenient?: boolean
}

/**
 * Resolves the sides of an experiment: driver files found and read, labels made unique. Throws `AppError('CONFIG')`
 * with the problems of all of them.
 */
export async function resolveSides(requests: readonly SideRequest[], options: SidesOptions): Promise<Side[]> {
  if (requests.length > MAX_SIDES) {
    const what = `expected at most ${MAX_SIDES} sides, got ${requests.length}`
    throw configError([{ where: requests[0]!.where, what }])
  }
  const secretPaths = options.registry.flatMap(({ secretKeys }) => secretKeys)
  const failures: AppError[] = []
  const found: { readonly token: SideToken; readonly side: Side; readonly where: string }[] = []
  for (const { text, where } of requests) {
    try {
      const token = parseSideToken(text, where, secretPaths)
      found.push({ token, where, side: await sideOf(token, where, options) })
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'CONFIG') throw error
      failures.push(error)
    }
  }
  if (failures.length > 0) throw new AppError('CONFIG', failures.map(({ message }) => message).join('\n'))
  return labelled(found)
}

async function sideOf(token: SideToken, where: string, options: SidesOptions): Promise<Side> {
  const origin = `${where} ${token.shown}`
  const file = displayPath(await findDriverFile(token, origin, options.workloadFile))
  const driver = await readDriverFile(file, options.registry, {
    lenient: options.lenient ?? false,
    client: token.client,
    overrides: token.overrides,
    origin,
  })
  if (driver.servers === null && driver.entry.localBroker === null) {
    const what = `expected servers, got none: ${driver.entry.name} has no local broker`
    throw configError([{ where: file, what, hint: 'add servers: [host:port]' }])
  }
  return {
    label: token.label ?? defaultLabel(token),
    driver: driver.entry.name,
    config: driver.config,
    servers: driver.servers,
    file,
    settings: driver.settings,
    ignored: driver.ignored,
  }
}

function defaultLabel({ name, client }: SideToken): string {
  const base = basename(name).replace(/\.ya?ml$/, '')
  return client === null ? base : `${base}:${client}`
}

/** A label that was asked for must be free; one that we made gets `#2`, `#3`… */
function labelled(
  found: readonly { readonly token: SideToken; readonly side: Side; readonly where: string }[],
): Side[] {
  const taken = new Set<string>()
  for (const { token, where } of found) {
    if (token.label === null) continue
    if (taken.has(token.label)) {
      const what = `expected labels that differ, got ${token.label} twice`
      throw configError([{ where: `${where} ${token.shown}`, what }])
    }
    taken.add(token.label)
  }
  return found.map(({ token, side }) => {
    if (token.label !== null) return side
    let label = side.label
    for (let number = 2; taken.has(label); number++) label = `${side.label}#${number}`
    taken.add(label)
    return { ...side, label }
  })
}

async function findDriverFile({ name }: SideToken, origin: string, workloadFile: string): Promise<string> {
  const besideWorkload = dirname(resolve(workloadFile))
  const isPath = name.includes('/') || /\.ya?ml$/.test(name)
  const folders = isPath
    ? [process.cwd(), besideWorkload]
    : [resolve(besideWorkload, 'drivers'), SHIPPED_DRIVERS]
  for (const folder of folders) {
    const file = resolve(folder, isPath ? name : `${name}.yaml`)
    if (
      await stat(file).then(
        (stats) => stats.isFile(),
        () => false,
      )
    )
      return file
  }
  const known = isPath ? [] : await driverNames(folders)
  const what = `expected a driver file, got no ${isPath ? name : `drivers/${name}.yaml`}`
  const hint =
    isPath || known.length === 0
      ? `looked in ${folders.map(displayPath).join(' and ')}`
      : didYouMean(name, known)
  throw configError([{ where: origin, what, hint }])
}

async function driverNames(folders: readonly string[]): Promise<string[]> {
  const lists = await Promise.all(folders.map((folder) => readdir(folder).catch(() => [])))
  const names = lists.flat().filter((name) => /\.ya?ml$/.test(name))
  return [...new Set(names.map((name) => name.replace(/\.ya?ml$/, '')))].sort()
}
