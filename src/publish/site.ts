import { AppError } from '../errors/app-error.ts'
import { forEachBounded } from './bounded.ts'
import type { Destination, StoredFile } from './destination.ts'
import { MAX_INDEX_BYTES, MAX_SITE_EXPERIMENTS, MAX_SITE_ROUNDS, MAX_STATE_BYTES } from './limits.ts'
import {
  INDEX_FILE,
  MANIFESTS,
  manifestPath,
  PUBLISHED_SCHEMA_VERSION,
  parseIndex,
  parseManifest,
  type SiteEntry,
  type SiteIndex,
  stateText,
} from './manifest.ts'
import { sitePages } from './site-pages.ts'

/** What was done for a site. */
export interface PublishedSite {
  readonly experiments: number
  readonly written: readonly string[]
  readonly unchanged: number
  readonly removed: readonly string[]
  readonly notes: readonly string[]
}

/** Whether there is a site of bench. */
export async function hasSite(destination: Destination): Promise<boolean> {
  const content = await destination.read(INDEX_FILE, MAX_STATE_BYTES)
  return content !== null && parseIndex(content) !== null
}

/** The index that is there, null without one. Throws `AppError('CONFIG')` for a file that bench did not write. */
async function presentIndex(destination: Destination): Promise<SiteIndex | null> {
  const content = await destination.read(INDEX_FILE, MAX_STATE_BYTES)
  if (content === null) return null
  const index = parseIndex(content)
  if (index === null) throw foreign(INDEX_FILE, destination)
  return index
}

/** Throws `AppError('CONFIG')` when a page of the site stands there that bench did not write. */
export async function refuseForeignPages(destination: Destination): Promise<void> {
  const index = await presentIndex(destination)
  for (const name of sitePages([]).keys()) {
    if (index?.pages.includes(name) === true) continue
    if ((await destination.read(name, Number.POSITIVE_INFINITY)) !== null) throw foreign(name, destination)
  }
}

/**
 * Makes the pages anew from the manifests that are there. Publishers at the same time do not harm each other: each looks
 * again after it has written, and writes once more when an experiment came meanwhile, so whoever ends last has seen all;
 * the same experiments give the same bytes. Pages are written after what they link to, `index.html` last.
 */
export async function publishSite(destination: Destination): Promise<PublishedSite> {
  const written = new Set<string>()
  const removed = new Set<string>()
  for (let round = 1; ; round++) {
    const seen = await destination.list(MANIFESTS)
    const found = await entriesOf(seen, destination)
    const done = await writeSite(found.entries, destination)
    for (const name of done.written) written.add(name)
    for (const name of done.removed) removed.add(name)
    const isSettled = isSameListing(seen, await destination.list(MANIFESTS))
    if (!isSettled && round < MAX_SITE_ROUNDS) continue
    const late = isSettled
      ? []
      : ['others were publishing all the while; publish again to be sure that the site tells of all']
    return {
      experiments: found.entries.length,
      written: [...written],
      unchanged: done.pages - written.size,
      removed: [...removed],
      notes: [...found.notes, ...late],
    }
  }
}

function isSameListing(
  one: ReadonlyMap<string, StoredFile>,
  other: ReadonlyMap<string, StoredFile>,
): boolean {
  if (one.size !== other.size) return false
  return [...one].every(([path, { tag }]) => other.has(path) && other.get(path)!.tag === tag)
}

/** Newest first; of an experiment whose folder was taken away nothing is told. */
async function entriesOf(
  listed: ReadonlyMap<string, StoredFile>,
  destination: Destination,
): Promise<{ readonly entries: readonly SiteEntry[]; readonly notes: readonly string[] }> {
  const folders = await destination.folders()
  const notes: string[] = []
  const ids = [...listed.keys()]
    .map((path) => path.slice(MANIFESTS.length).replace(/\.json$/, ''))
    .filter((id) => folders.has(id))
    .sort()
    .reverse()
  const entries = new Map<string, SiteEntry>()
  await forEachBounded(ids.slice(0, MAX_SITE_EXPERIMENTS), async (id) => {
    const content = await destination.read(manifestPath(id), MAX_STATE_BYTES)
    if (content === null) return
    const manifest = parseManifest(content)
    if (manifest === null || manifest.entry.id !== id)
      notes.push(`${manifestPath(id)} is not read: not of this bench`)
    else if (manifest.complete) entries.set(id, manifest.entry)
  })
  const told = newestWithin([...entries.values()].sort(newestFirst), MAX_INDEX_BYTES)
  const left = Math.max(0, ids.length - MAX_SITE_EXPERIMENTS) + entries.size - told.length
  if (left > 0) notes.push(`the site leaves out the ${left} oldest experiments: they are too many`)
  return { entries: told, notes: notes.sort() }
}

function newestWithin(entries: readonly SiteEntry[], maxBytes: number): readonly SiteEntry[] {
  let bytes = 0
  const end = entries.findIndex((entry) => {
    bytes += Buffer.byteLength(JSON.stringify(entry)) + 1
    return bytes > maxBytes
  })
  return end === -1 ? entries : entries.slice(0, end)
}

function newestFirst(a: SiteEntry, b: SiteEntry): number {
  if (a.startedAt !== b.startedAt) return a.startedAt < b.startedAt ? 1 : -1
  return a.id < b.id ? 1 : -1
}

async function writeSite(experiments: readonly SiteEntry[], destination: Destination) {
  const older = await presentIndex(destination)
  const pages = sitePages(experiments)
  const names = [...pages.keys()]
  const index: SiteIndex = {
    generator: 'bench publish',
    schemaVersion: PUBLISHED_SCHEMA_VERSION,
    pages: names,
    experiments: [...experiments],
  }
  const written: string[] = []
  const write = async (name: string, content: Uint8Array) => {
    const present = await destination.read(name, Number.POSITIVE_INFINITY)
    if (present !== null && Buffer.compare(present, content) === 0) return
    await destination.write(name, content)
    written.push(name)
  }
  await write(INDEX_FILE, stateText(index))
  for (const [name, html] of pages) await write(name, new TextEncoder().encode(html))
  const removed = (older?.pages ?? []).filter((name) => !pages.has(name))
  for (const name of removed) await destination.remove(name)
  return { written, removed, pages: pages.size + 1 }
}

function foreign(name: string, destination: Destination): AppError {
  return new AppError(
    'CONFIG',
    `expected ${name} in ${destination.shown} to be absent or of bench publish, got a file that it did not write`,
    { hint: 'choose another place with --to, or publish without --site' },
  )
}
