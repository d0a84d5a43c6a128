import { createHash } from 'node:crypto'
import type { S3Client } from '@aws-sdk/client-s3'
import { AppError } from '../errors/app-error.ts'
import { cacheControlOf, contentTypeOf } from './content-type.ts'
import type { Destination, DestinationAddress, StoredFile } from './destination.ts'
import { isMissing, s3Error } from './s3-errors.ts'

/** Tries of one request, the first included; the SDK waits between them, with jitter. */
const MAX_ATTEMPTS = 4
const CONNECT_LIMIT_MS = 10_000
/** Of one request, its answer included. */
const REQUEST_LIMIT_MS = 120_000
/** Pages of a listing, of 1,000 names each. */
const MAX_LIST_PAGES = 1_000

export interface S3Options {
  /** Of another service than Amazon's; default: what `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL` names. */
  readonly endpoint: string | undefined
  /** Default: `AWS_REGION`, `AWS_DEFAULT_REGION`, then the profile. */
  readonly region: string | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
}

type S3Address = Extract<DestinationAddress, { readonly kind: 's3' }>

/**
 * A prefix of a bucket. Credentials come from the SDK's chain: environment, profile, web identity (GitHub's OIDC), role of
 * the machine. Writes are whole objects; S3 shows the older one or the new one. Throws `AppError('USAGE')` for an
 * endpoint that is no URL.
 */
export async function s3Destination(
  address: S3Address,
  options: S3Options,
  signal: AbortSignal,
): Promise<Destination> {
  const sdk = await import('@aws-sdk/client-s3')
  const { bucket: Bucket, prefix } = address
  const endpoint = endpointOf(options)
  const region = regionOf(options, endpoint)
  const client = new sdk.S3Client({
    maxAttempts: MAX_ATTEMPTS,
    followRegionRedirects: true,
    // A service of one's own has one host for all buckets.
    forcePathStyle: endpoint !== undefined,
    requestHandler: { connectionTimeout: CONNECT_LIMIT_MS, requestTimeout: REQUEST_LIMIT_MS },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
  })
  const shown = `s3://${Bucket}/${prefix}`
  const attempt = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    signal.throwIfAborted()
    try {
      return await work()
    } catch (error) {
      if (signal.aborted) throw signal.reason
      if (error instanceof AppError) throw error
      throw s3Error(what, error, { bucket: Bucket, endpoint })
    }
  }
  const under = { abortSignal: signal }
  return {
    shown,
    close: () => client.destroy(),
    list: (below) =>
      attempt(`list ${shown}${below}`, async () => {
        const found = new Map<string, StoredFile>()
        for await (const page of pages(sdk, client, { Bucket, Prefix: prefix + below }, signal)) {
          for (const { Key, Size, ETag } of page.Contents ?? []) {
            if (Key === undefined) continue
            found.set(Key.slice(prefix.length), { sizeBytes: Size ?? 0, tag: ETag ?? '' })
          }
        }
        return found
      }),
    folders: () =>
      attempt(`list ${shown}`, async () => {
        const names = new Set<string>()
        for await (const page of pages(sdk, client, { Bucket, Prefix: prefix, Delimiter: '/' }, signal)) {
          for (const { Prefix } of page.CommonPrefixes ?? []) {
            names.add((Prefix ?? '').slice(prefix.length).replace(/\/$/, ''))
          }
        }
        return names
      }),
    read: (path, maxBytes) =>
      attempt(`read ${shown}${path}`, async () => {
        try {
          const answer = await client.send(new sdk.GetObjectCommand({ Bucket, Key: prefix + path }), under)
          const sizeBytes = answer.ContentLength ?? Number.POSITIVE_INFINITY
          if (sizeBytes > maxBytes) throw tooLarge(`${shown}${path}`, sizeBytes, maxBytes)
          return (await answer.Body?.transformToByteArray()) ?? new Uint8Array()
        } catch (error) {
          if (isMissing(error)) return null
          throw error
        }
      }),
    holds: async (_path, { sizeBytes, tag }, content) =>
      sizeBytes === content.length && tag.replaceAll('"', '') === md5(content),
    write: (path, content) =>
      attempt(`write ${shown}${path}`, async () => {
        await client.send(
          new sdk.PutObjectCommand({
            Bucket,
            Key: prefix + path,
            Body: content,
            ContentLength: content.length,
            ContentType: contentTypeOf(path),
            CacheControl: cacheControlOf(path),
          }),
          under,
        )
      }),
    remove: (path) =>
      attempt(`remove ${shown}${path}`, async () => {
        await client.send(new sdk.DeleteObjectCommand({ Bucket, Key: prefix + path }), under)
      }),
  }
}

async function* pages(
  { ListObjectsV2Command }: typeof import('@aws-sdk/client-s3'),
  client: S3Client,
  query: { readonly Bucket: string; readonly Prefix: string; readonly Delimiter?: string },
  signal: AbortSignal,
) {
  let token: string | undefined
  for (let count = 0; count < MAX_LIST_PAGES; count++) {
    const page = await client.send(
      new ListObjectsV2Command({ ...query, ...(token === undefined ? {} : { ContinuationToken: token }) }),
      { abortSignal: signal },
    )
    yield page
    token = page.NextContinuationToken
    if (page.IsTruncated !== true || token === undefined) return
  }
  throw new AppError('CONFIG', `expected at most ${MAX_LIST_PAGES * 1_000} objects below ${query.Prefix}`, {
    hint: 'publish to a prefix of its own',
  })
}

/**
 * The ETag of an object that was put in one piece, unless it is encrypted with a key of one's own: such objects are
 * written anew each time, with the same content.
 */
function md5(content: Uint8Array): string {
  return createHash('md5').update(content).digest('hex')
}

function endpointOf({ endpoint, environment }: S3Options): string | undefined {
  const text = endpoint ?? (environment.AWS_ENDPOINT_URL_S3 || environment.AWS_ENDPOINT_URL || undefined)
  if (text === undefined) return undefined
  const url = URL.parse(text)
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '')
    return text
  throw new AppError('USAGE', 'expected the endpoint as http(s)://host:port without user and password', {
    hint: 'credentials belong into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or into a profile',
  })
}

function regionOf({ region, environment }: S3Options, endpoint: string | undefined): string | undefined {
  const named = region ?? (environment.AWS_REGION || environment.AWS_DEFAULT_REGION || undefined)
  // Services of one's own ignore it, but the signature needs some name.
  return named ?? (endpoint === undefined ? undefined : 'us-east-1')
}

function tooLarge(path: string, sizeBytes: number, maxBytes: number): AppError {
  return new AppError('CONFIG', `expected at most ${maxBytes} bytes in ${path}, got ${sizeBytes}`, {
    hint: 'it is not an object that bench wrote: choose another prefix with --to',
  })
}
