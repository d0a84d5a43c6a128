import { createHash } from 'node:crypto'

const MAX_SLUG_LENGTH = 60
const HASH_LENGTH = 8

/**
 * The id of a run by its name alone, so that it stays when runs are added or moved: letters, digits and `. _ -`, at most
 * 69. A name that is such a word is its own id; any other gets a hash, so that different names have different ids.
 */
export function runId(name: string): string {
  const slug = name
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, MAX_SLUG_LENGTH)
    .replace(/[^A-Za-z0-9]+$/, '')
  if (slug === name) return name
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_LENGTH)
  return slug === '' ? `run-${hash}` : `${slug}-${hash}`
}
