import { randomBytes } from 'node:crypto'

/** Everything of such a task may be ended by anybody afterwards (`bench reap`). */
const TTL_MS = 2 * 3_600_000

/** What short-lived resources of one task on images are found by. */
export interface ImageTask {
  /** Tag ExperimentID, e.g. `image-build-20261121-101500-3f9c`. */
  readonly id: string
  readonly tags: Readonly<Record<string, string>>
}

/** A task that begins at this wall time. */
export function taggedUntil(kind: string, wallMs: number): ImageTask {
  const [day, time] = new Date(wallMs).toISOString().split('T') as [string, string]
  const instant = `${day.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}`
  const id = `${kind}-${instant}-${randomBytes(2).toString('hex')}`
  const ttl = new Date(wallMs + TTL_MS).toISOString().replace(/\.\d{3}Z$/, 'Z')
  return { id, tags: { ExperimentID: id, Experiment: kind, TTL: ttl } }
}
