import { extname } from 'node:path'

/** Everything that is published has one of these endings. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.json': 'application/json',
  '.csv': 'text/csv; charset=utf-8',
  '.hgrm': 'text/plain; charset=utf-8',
  '.hlog': 'text/plain; charset=utf-8',
}

/** Media type of an artifact, so that a browser shows it instead of saving it. */
export function contentTypeOf(path: string): string {
  return TYPES[extname(path)] ?? 'application/octet-stream'
}

/**
 * How long a cache may keep it. All may change when something is published again, so browsers ask; raw data, which is large
 * and changes only with the version of bench, is kept for an hour.
 */
export function cacheControlOf(path: string): string {
  return path.includes('/raw_data/') ? 'public, max-age=3600' : 'no-cache'
}
