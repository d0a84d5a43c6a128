import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { AppError } from '../../errors/app-error.ts'
import { storageError, writeFileAtomic } from '../../result/atomic-file.ts'
import type { ExperimentResult } from '../../result/result.ts'
import { readResult } from '../../result/store.ts'
import { withRetries } from '../aws/retry.ts'
import { clientSettings } from '../aws/settings.ts'
import type { CloudRun } from './cloud-plan.ts'
import type { Life } from './life.ts'

const MAX_OBJECTS = 5_000
const MAX_BYTES = 1024 * 1024 * 1024

/**
 * Brings what a run left in the bucket into its folder, which is replaced as a whole. Gives its result; null when there is
 * none. Throws what AWS and the file system refuse.
 */
export async function collectRun(
  run: CloudRun,
  /** Of the run on the load generator, and of its folder here. */
  name: string,
  life: Life,
  signal: AbortSignal,
): Promise<ExperimentResult | null> {
  const { bucket } = life.record()
  if (bucket === null) return null
  const directory = join(life.folder.runsDirectory, name)
  const temporary = `${directory}.new`
  await rm(temporary, { recursive: true, force: true })
  const names = await download({ bucket, prefix: `client/${name}/`, directory: temporary }, life, signal)
  life.log.tell(`${run.name}: ${names.length} files brought`)
  if (names.length === 0) return null
  try {
    await rm(directory, { recursive: true, force: true })
    await rename(temporary, directory)
  } catch (error) {
    throw await storageError(`put the files of ${run.name} into ${directory}`, directory, error)
  }
  if (!names.includes('result.json')) return null
  const { result } = await readResult(directory)
  const marked = { ...result, testRun: run.mark }
  await writeFileAtomic(join(directory, 'result.json'), `${JSON.stringify(marked, null, 1)}\n`)
  return marked
}

interface Source {
  readonly bucket: string
  readonly prefix: string
  readonly directory: string
}

async function download(
  { bucket, prefix, directory }: Source,
  life: Life,
  signal: AbortSignal,
): Promise<string[]> {
  const sdk = await import('@aws-sdk/client-s3')
  const { aws } = life.context
  const client = new sdk.S3Client({ ...clientSettings(aws), forcePathStyle: aws.endpoint !== undefined })
  const list = async () => {
    const found: { readonly key: string; readonly sizeBytes: number }[] = []
    for await (const { Contents = [] } of sdk.paginateListObjectsV2(
      { client },
      { Bucket: bucket, Prefix: prefix },
    ))
      for (const { Key, Size } of Contents) found.push({ key: Key!, sizeBytes: Size ?? 0 })
    return found
  }
  try {
    const objects = await withRetries(list, { what: `list of ${bucket}` }, life.context, signal)
    const sizeBytes = objects.reduce((sum, each) => sum + each.sizeBytes, 0)
    if (objects.length > MAX_OBJECTS || sizeBytes > MAX_BYTES)
      throw tooMuch(bucket, prefix, objects.length, sizeBytes)
    const names: string[] = []
    for (const { key } of objects) {
      const name = safeName(key.slice(prefix.length))
      if (name === null) {
        life.log.log(`not brought, for its name leads elsewhere: ${JSON.stringify(key)}`)
        continue
      }
      const file = join(directory, name)
      await mkdir(dirname(file), { recursive: true })
      const get = async () => {
        const request = new sdk.GetObjectCommand({ Bucket: bucket, Key: key })
        const { Body } = await client.send(request, { abortSignal: signal })
        await Bun.write(file, (await Body?.transformToByteArray()) ?? new Uint8Array())
      }
      await withRetries(get, { what: `s3://${bucket}/${key}` }, life.context, signal)
      names.push(name)
    }
    return names
  } finally {
    client.destroy()
  }
}

/** Instances write these names: none may leave the folder. */
function safeName(name: string): string | null {
  const parts = name.split('/')
  const isFine =
    name !== '' && parts.every((part) => part !== '' && part !== '.' && part !== '..' && !part.includes('\0'))
  return isFine ? name : null
}

function tooMuch(bucket: string, prefix: string, count: number, sizeBytes: number): AppError {
  return new AppError(
    'STORAGE',
    `expected at most ${MAX_OBJECTS} files and ${MAX_BYTES / 1024 ** 3} GiB of a run in s3://${bucket}/${prefix}, got ${count} files of ${sizeBytes} bytes`,
    { hint: 'bring them yourself before the experiment ends: aws s3 cp --recursive' },
  )
}
