import { EXPERIMENT_TAG } from '../aws/cleanup/resource-kind.ts'
import { describeFailure, failureKind } from '../aws/failure.ts'
import { withRetries } from '../aws/retry.ts'
import { clientSettings, type LabContext } from '../aws/settings.ts'

/** Everything of an experiment is named so. */
const NAME_PREFIX = 'bench-'
const TTL_TAG = 'TTL'
const TAGS = [EXPERIMENT_TAG, TTL_TAG, 'Project', 'ManagedBy']

/** An experiment of which something stands in AWS. */
export interface StandingExperiment {
  readonly experimentId: string
  /** The latest of its TTL tags. */
  readonly expiresAtMs: number
}

type Tags = ReadonlyMap<string, string>

/**
 * Experiments of this project of which something carries the tags of bench, whoever made them: by what EC2 tags, and by
 * buckets and roles, which outlive a clean-up that was cut short. What lacks one of the tags is not looked at.
 */
export async function standingExperiments(
  project: string,
  context: LabContext,
  signal: AbortSignal,
): Promise<StandingExperiment[]> {
  const latest = new Map<string, number>()
  const take = (tags: Tags) => {
    const id = tags.get(EXPERIMENT_TAG)
    const expiresAtMs = Date.parse(tags.get(TTL_TAG) ?? '')
    if (id === undefined || Number.isNaN(expiresAtMs)) return
    if (tags.get('Project') !== project || tags.get('ManagedBy') !== 'terraform') return
    latest.set(id, Math.max(latest.get(id) ?? 0, expiresAtMs))
  }
  for (const look of [ec2Tags, bucketTags, roleTags]) {
    const found = await withRetries(
      () => look(context),
      { what: `list of ${look.name}` },
      context,
      signal,
    ).catch((error) => {
      signal.throwIfAborted()
      if (look === ec2Tags) throw error
      context.log(`${look.name} could not be read: ${describeFailure(error)}`)
      return []
    })
    for (const tags of found) take(tags)
  }
  return [...latest].map(([experimentId, expiresAtMs]) => ({ experimentId, expiresAtMs }))
}

async function ec2Tags({ aws }: LabContext): Promise<Tags[]> {
  const sdk = await import('@aws-sdk/client-ec2')
  const client = new sdk.EC2Client(clientSettings(aws))
  const tags = new Map<string, Map<string, string>>()
  try {
    const Filters = [{ Name: 'key', Values: TAGS }]
    for await (const page of sdk.paginateDescribeTags({ client }, { Filters }))
      for (const { ResourceId = '', Key = '', Value = '' } of page.Tags ?? []) {
        const own = tags.get(ResourceId) ?? new Map<string, string>()
        tags.set(ResourceId, own.set(Key, Value))
      }
    return [...tags.values()]
  } finally {
    client.destroy()
  }
}

async function bucketTags({ aws }: LabContext): Promise<Tags[]> {
  const sdk = await import('@aws-sdk/client-s3')
  const forcePathStyle = aws.endpoint !== undefined
  const client = new sdk.S3Client({ ...clientSettings(aws), forcePathStyle, followRegionRedirects: true })
  try {
    const { Buckets = [] } = await client.send(new sdk.ListBucketsCommand({}))
    const found: Tags[] = []
    for (const { Name = '' } of Buckets.filter((each) => each.Name?.startsWith(NAME_PREFIX))) {
      const request = new sdk.GetBucketTaggingCommand({ Bucket: Name })
      const { TagSet = [] } = await client.send(request).catch(untagged)
      found.push(new Map(TagSet.map(({ Key = '', Value = '' }) => [Key, Value])))
    }
    return found
  } finally {
    client.destroy()
  }
}

async function roleTags({ aws }: LabContext): Promise<Tags[]> {
  const sdk = await import('@aws-sdk/client-iam')
  const client = new sdk.IAMClient(clientSettings(aws))
  try {
    const found: Tags[] = []
    for await (const { Roles = [] } of sdk.paginateListRoles({ client }, {}))
      for (const { RoleName = '' } of Roles.filter((each) => each.RoleName?.startsWith(NAME_PREFIX))) {
        const { Tags = [] } = await client
          .send(new sdk.ListRoleTagsCommand({ RoleName }))
          .catch((error) => ({ Tags: untagged(error).TagSet }))
        found.push(new Map(Tags.map(({ Key = '', Value = '' }) => [Key, Value])))
      }
    return found
  } finally {
    client.destroy()
  }
}

/** It vanished meanwhile, has no tags, or may not be asked: then it is none of ours. */
function untagged(error: unknown): { TagSet: { Key?: string; Value?: string }[] } {
  if (['missing', 'denied'].includes(failureKind(error))) return { TagSet: [] }
  throw error
}
