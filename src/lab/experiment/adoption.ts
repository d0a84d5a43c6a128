import type { S3Client } from '@aws-sdk/client-s3'
import { EXPERIMENT_TAG } from '../aws/cleanup/resource-kind.ts'
import { describeFailure, failureKind } from '../aws/failure.ts'
import { withRetries } from '../aws/retry.ts'
import { clientSettings } from '../aws/settings.ts'
import type { Life } from './life.ts'

/** As terraform/modules/results cuts it. */
const NAME_LENGTH = 36
/** What Terraform puts behind a `bucket_prefix`. */
const SUFFIX = /^\d{26}$/
/** Clocks of this machine and of AWS. */
const SKEW_MS = 3_600_000

/**
 * A bucket is the one thing that Terraform makes first and tags afterwards: killed in between, it leaves one that no
 * clean-up by tag would ever find. One that has this experiment's own name, no tags at all, and was made since this
 * experiment began, gets its tag here. What cannot be looked at is told and left alone.
 */
export async function adoptBucket(life: Life, signal: AbortSignal): Promise<void> {
  const sdk = await import('@aws-sdk/client-s3')
  const { aws } = life.context
  const client = new sdk.S3Client({
    ...clientSettings(aws),
    forcePathStyle: aws.endpoint !== undefined,
    followRegionRedirects: true,
  })
  const adopt = async () => {
    for (const bucket of await strays(client, life)) {
      await client.send(
        new sdk.PutBucketTaggingCommand({ Bucket: bucket, Tagging: { TagSet: tagsOf(life) } }),
      )
      life.log.tell(`bucket ${bucket} was made by this experiment and not tagged yet: tagged now`)
    }
  }
  try {
    await withRetries(adopt, { what: 'a look for an untagged bucket' }, life.context, signal)
  } catch (error) {
    signal.throwIfAborted()
    life.log.tell(`whether there is an untagged bucket is not known: ${describeFailure(error)}`)
  } finally {
    client.destroy()
  }
}

async function strays(client: S3Client, life: Life): Promise<string[]> {
  const sdk = await import('@aws-sdk/client-s3')
  const { experimentId, startedMs } = life.record()
  const prefix = `${`bench-${experimentId}`.slice(0, NAME_LENGTH)}-`
  const { Buckets = [] } = await client.send(new sdk.ListBucketsCommand({}))
  const found: string[] = []
  for (const { Name = '', CreationDate } of Buckets) {
    if (!Name.startsWith(prefix) || !SUFFIX.test(Name.slice(prefix.length))) continue
    if (CreationDate === undefined || CreationDate.getTime() < startedMs - SKEW_MS) continue
    if (await isUntagged(client, Name)) found.push(Name)
  }
  return found
}

async function isUntagged(client: S3Client, Bucket: string): Promise<boolean> {
  const { GetBucketTaggingCommand } = await import('@aws-sdk/client-s3')
  try {
    const { TagSet = [] } = await client.send(new GetBucketTaggingCommand({ Bucket }))
    return TagSet.length === 0
  } catch (error) {
    if ((error as Error).name === 'NoSuchTagSet') return true
    // It vanished meanwhile, or is not ours to read.
    if (['missing', 'denied'].includes(failureKind(error))) return false
    throw error
  }
}

function tagsOf(life: Life): { Key: string; Value: string }[] {
  const { experimentId, project } = life.record()
  const tags = { [EXPERIMENT_TAG]: experimentId, Project: project, ManagedBy: 'terraform' }
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
}
