import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { AppError } from '../errors/app-error.ts'
import { reportContents } from '../report/write-report.ts'
import { EXPERIMENT_ID } from '../result/experiment-folder.ts'
import type { ExperimentResult } from '../result/result.ts'
import { forEachBounded } from './bounded.ts'
import type { Destination, StoredFile } from './destination.ts'
import { MAX_STATE_BYTES } from './limits.ts'
import {
  type Manifest,
  manifestPath,
  PUBLISHED_SCHEMA_VERSION,
  parseManifest,
  stateText,
} from './manifest.ts'
import { type ForbiddenValue, redacted, refuseForbidden } from './redact.ts'
import { siteEntry } from './site-entry.ts'

/** What was done for one experiment. Paths are relative to the destination. */
export interface PublishedExperiment {
  readonly id: string
  /** The report's page. */
  readonly page: string
  readonly written: readonly string[]
  readonly unchanged: number
  /** Of an older version of bench, which nobody changed since. */
  readonly removed: readonly string[]
  readonly notes: readonly string[]
}

interface Artifacts {
  readonly manifest: Manifest
  /** Path below the destination → content. */
  readonly files: ReadonlyMap<string, Uint8Array>
}

/**
 * Everything that is published of an experiment, made from its result alone: what else lies in its folder (logs, files of a
 * driver) never is. Throws `AppError('CONFIG')` when a forbidden value is in it, or the id is none.
 */
export function artifactsOf(result: ExperimentResult, forbidden: readonly ForbiddenValue[]): Artifacts {
  if (!EXPERIMENT_ID.test(result.id)) {
    throw new AppError(
      'CONFIG',
      `expected the id of an experiment in the result, got ${JSON.stringify(result.id)}`,
    )
  }
  const safe = redacted(result)
  const files = new Map<string, Uint8Array>()
  const hashes: Record<string, string> = {}
  for (const [name, text] of reportContents(safe)) {
    const content = new TextEncoder().encode(text)
    refuseForbidden(`${result.id}/${name}`, content, forbidden)
    files.set(`${result.id}/${name}`, content)
    hashes[name] = md5(content)
  }
  const manifest: Manifest = {
    generator: 'bench publish',
    schemaVersion: PUBLISHED_SCHEMA_VERSION,
    complete: true,
    entry: siteEntry(safe),
    files: hashes,
  }
  // What could not be read back would be taken for somebody else's.
  if (parseManifest(stateText(manifest)) === null) {
    const what = `expected an ISO time of start in ${result.id}, got ${JSON.stringify(result.startedAt)}`
    throw new AppError('CONFIG', what, { hint: 'its result.json was changed by hand' })
  }
  return { manifest, files }
}

/**
 * Brings a destination to where it holds the artifacts: writes what is new or different, removes what an older manifest
 * lists and nobody changed, touches nothing else. Cut off, it goes on where it ended when it is called again.
 */
export async function publishExperiment(
  { manifest, files }: Artifacts,
  destination: Destination,
): Promise<PublishedExperiment> {
  const { id } = manifest.entry
  const older = await olderManifest(manifest, destination)
  const present = await destination.list(`${id}/`)
  const claimed = new Map(Object.entries(older?.files ?? {}).map(([name, hash]) => [`${id}/${name}`, hash]))
  const [changed, same] = await compared(files, present, destination)
  refuseForeign(changed, present, claimed, destination)
  const stale = [...claimed].filter(([path]) => present.has(path) && !files.has(path))
  const isDone = changed.length === 0 && stale.length === 0 && isDeepStrictEqual(older, manifest)
  const notes: string[] = []
  const removed: string[] = []
  if (!isDone) {
    const state = manifestPath(id)
    // Claimed before they are there: cut off in between, the next call knows them for its own.
    const claim = { ...manifest, complete: false, files: { ...older?.files, ...manifest.files } }
    await destination.write(state, stateText(claim))
    // The page last: it is the door to the others.
    const page = pageOf(id)
    await forEachBounded(
      changed.filter((path) => path !== page),
      (path) => destination.write(path, files.get(path)!),
    )
    if (changed.includes(page)) await destination.write(page, files.get(page)!)
    for (const [path, hash] of stale) {
      if (await isUnchanged(path, hash, destination)) {
        await destination.remove(path)
        removed.push(path)
      } else notes.push(`${path} is of an older publication and was changed since: left as it is`)
    }
    await destination.write(state, stateText(manifest))
  }
  return { id, page: pageOf(id), written: changed, unchanged: same, removed, notes }
}

/** Where the page of an experiment's report lies. */
export function pageOf(id: string): string {
  return `${id}/index.html`
}

async function olderManifest({ entry }: Manifest, destination: Destination): Promise<Manifest | null> {
  const path = manifestPath(entry.id)
  const content = await destination.read(path, MAX_STATE_BYTES)
  if (content === null) return null
  const older = parseManifest(content)
  if (older === null) {
    throw new AppError(
      'CONFIG',
      `expected a manifest of bench in ${destination.shown}/${path}, got another file`,
      {
        hint: 'it is of a newer bench, or of somebody else: choose another place with --to',
      },
    )
  }
  if (older.entry.startedAt !== entry.startedAt) {
    throw new AppError(
      'CONFIG',
      `expected ${entry.id} in ${destination.shown} to be this experiment, which started at ${entry.startedAt}; the one there started at ${older.entry.startedAt}`,
      { hint: 'two machines began one in the same second: publish this one to another place' },
    )
  }
  return older
}

async function compared(
  files: ReadonlyMap<string, Uint8Array>,
  present: ReadonlyMap<string, StoredFile>,
  destination: Destination,
): Promise<readonly [string[], number]> {
  const changed: string[] = []
  for (const [path, content] of files) {
    const file = present.get(path)
    if (file === undefined || !(await destination.holds(path, file, content))) changed.push(path)
  }
  return [changed, files.size - changed.length]
}

/** What bench did not write is not replaced either. */
function refuseForeign(
  changed: readonly string[],
  present: ReadonlyMap<string, StoredFile>,
  claimed: ReadonlyMap<string, string>,
  destination: Destination,
): void {
  const foreign = changed.find((path) => present.has(path) && !claimed.has(path))
  if (foreign === undefined) return
  throw new AppError(
    'CONFIG',
    `expected ${foreign} in ${destination.shown} to be absent or of bench publish, got a file that it did not write`,
    { hint: 'choose another place with --to, or remove the file' },
  )
}

async function isUnchanged(path: string, hash: string, destination: Destination): Promise<boolean> {
  const content = await destination.read(path, Number.POSITIVE_INFINITY)
  return content !== null && md5(content) === hash
}

function md5(content: Uint8Array): string {
  return createHash('md5').update(content).digest('hex')
}
