import { AppError } from '../errors/app-error.ts'

/** What a destination knows of a file without reading it. */
export interface StoredFile {
  readonly sizeBytes: number
  /** Changes whenever the content does: S3's ETag; time of change and size of a file. */
  readonly tag: string
}

/**
 * Where artifacts go: a folder, or a prefix of an S3 bucket. Paths are relative, with `/`. A file is replaced in one
 * step: a reader sees the older one or the new one. Methods throw `AppError('CONFIG')` for what the caller can set right
 * (no credentials, no bucket, no permission) and `AppError('STORAGE')` for what failed.
 */
export interface Destination {
  /** As it was given, for messages; holds no secret. */
  readonly shown: string
  /** Files at or below a path that ends in `/`, the whole tree. */
  list(below: string): Promise<ReadonlyMap<string, StoredFile>>
  /** Names of the folders directly below the destination. */
  folders(): Promise<ReadonlySet<string>>
  /** Content of a file, null when there is none. Throws when it is larger than `maxBytes`. */
  read(path: string, maxBytes: number): Promise<Uint8Array | null>
  /** Whether the file that is there (as listed) has this content. */
  holds(path: string, file: StoredFile, content: Uint8Array): Promise<boolean>
  write(path: string, content: Uint8Array): Promise<void>
  remove(path: string): Promise<void>
  /** Ends connections. */
  close(): void
}

/** A destination as written after `--to`. */
export type DestinationAddress =
  | { readonly kind: 'folder'; readonly path: string }
  /** `prefix` is empty or ends in `/`. */
  | { readonly kind: 's3'; readonly bucket: string; readonly prefix: string }

/** Amazon's rules for new buckets, which other services share. */
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/

/** Reads `DIR` or `s3://bucket/prefix`. Throws `AppError('USAGE')`. */
export function parseDestination(text: string): DestinationAddress {
  if (text === '') throw usage('expected a folder or s3://bucket/prefix after --to, got nothing')
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase()
  if (scheme === undefined) return { kind: 'folder', path: text }
  if (scheme !== 's3') throw usage(`expected a folder or s3://bucket/prefix after --to, got ${scheme}://`)
  const [bucket = '', ...parts] = text.slice('s3://'.length).split('/')
  if (bucket === '') throw usage('expected a bucket after s3://, got none')
  if (!BUCKET.test(bucket)) {
    throw usage(`expected the name of a bucket after s3://, got ${JSON.stringify(bucket)}`)
  }
  const names = parts.filter((part) => part !== '')
  if (names.some((name) => name === '.' || name === '..')) {
    throw usage(`expected a prefix without . and .. parts, got ${JSON.stringify(names.join('/'))}`)
  }
  return { kind: 's3', bucket, prefix: names.map((name) => `${name}/`).join('') }
}

function usage(message: string): AppError {
  return new AppError('USAGE', message, {
    hint: 'bench publish latest --to s3://my-bucket/benchmarks --site',
  })
}
