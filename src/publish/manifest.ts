import { z } from 'zod'
import { EXPERIMENT_ID } from '../result/experiment-folder.ts'

/** Raised when a field changes its meaning or goes; a file of another version is nobody's to change. */
export const PUBLISHED_SCHEMA_VERSION = 1

const text = z.string()
const figure = z.number().nonnegative().nullable()

const load = z.object({
  rateHz: z.number().nonnegative(),
  trials: z.number().int().positive(),
  /** Held in all trials. */
  held: z.boolean(),
  /** Whether its latencies may be ranked. */
  ranked: z.boolean(),
  /** Median over trials, acknowledged messages a second. */
  publishedHz: figure,
  /** Medians over trials, µs. */
  publishP99Us: figure,
  endToEndP99Us: figure,
  /** Whether publish and end-to-end p99 are only known to be at least this. */
  atLeast: z.tuple([z.boolean(), z.boolean()]),
  /** CPU µs of the broker a message; null when it does not run on this machine. */
  cpuPerMessageUs: figure,
})

const side = z.object({
  label: text,
  driver: text,
  /** `valid · intact`. */
  verdict: text,
  tone: z.enum(['good', 'notice', 'bad']),
  /** Of the server; empty when it was never met. */
  version: text,
  client: text,
  /** One a rate that was offered. */
  loads: z.array(load),
})

const entry = z.object({
  id: text.regex(EXPERIMENT_ID),
  startedAt: z.iso.datetime(),
  benchVersion: text,
  workload: text,
  /** The load in words, all but the rate: what may be compared over time has the same. */
  load: text,
  host: text,
  partial: text.nullable(),
  tone: z.enum(['good', 'notice', 'bad']),
  /** The verdict's first line, and who was better in a sentence. */
  first: text,
  headToHead: text.nullable(),
  sides: z.array(side),
  /** Sides beyond those that are told. */
  moreSides: z.number().int().nonnegative(),
})

/** What an index says of one experiment. */
export type SiteEntry = z.infer<typeof entry>
export type SiteSide = z.infer<typeof side>
export type SiteLoad = z.infer<typeof load>

const manifest = z.object({
  generator: z.literal('bench publish'),
  schemaVersion: z.literal(PUBLISHED_SCHEMA_VERSION),
  /** False while files are on their way: what is listed may not all be there, and no index names it. */
  complete: z.boolean(),
  entry,
  /** MD5 of each file that was written below the experiment's folder, to know it again; no protection against anybody. */
  files: z.record(text, z.string().regex(/^[0-9a-f]{32}$/)),
})

/** `manifests/<id>.json`: what was published of an experiment. Only what it lists is ever replaced or removed. */
export type Manifest = z.infer<typeof manifest>

const index = z.object({
  generator: z.literal('bench publish'),
  schemaVersion: z.literal(PUBLISHED_SCHEMA_VERSION),
  /** Pages that bench wrote beside this file. */
  pages: z.array(z.string().regex(/^[a-z0-9-]+\.html$/)),
  /** Newest first. */
  experiments: z.array(entry),
})

/** `experiments.json`: everything that the pages of a site show. Made anew from the manifests that are there. */
export type SiteIndex = z.infer<typeof index>

export const MANIFESTS = 'manifests/'
export const INDEX_FILE = 'experiments.json'

/** Where the manifest of an experiment lies. */
export function manifestPath(id: string): string {
  return `${MANIFESTS}${id}.json`
}

/** The manifest, or null for anything that is none. */
export function parseManifest(content: Uint8Array): Manifest | null {
  return parsed(manifest, content)
}

/** The index, or null for anything that is none. */
export function parseIndex(content: Uint8Array): SiteIndex | null {
  return parsed(index, content)
}

function parsed<T>(schema: z.ZodType<T>, content: Uint8Array): T | null {
  try {
    return schema.safeParse(JSON.parse(new TextDecoder().decode(content))).data ?? null
  } catch {
    return null
  }
}

/** The file's content. */
export function stateText(state: Manifest | SiteIndex): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(state)}\n`)
}
