import type { IAMClient } from '@aws-sdk/client-iam'
import type { S3Client } from '@aws-sdk/client-s3'
import type { SSMClient } from '@aws-sdk/client-ssm'
import { failureKind } from '../failure.ts'
import { clientSettings, type LabContext } from '../settings.ts'
import type { OpenStages } from './ec2-kinds.ts'
import { EXPERIMENT_TAG, isOf, type Leftover, type ResourceKind } from './resource-kind.ts'

type IamSdk = typeof import('@aws-sdk/client-iam')
type S3Sdk = typeof import('@aws-sdk/client-s3')
type SsmSdk = typeof import('@aws-sdk/client-ssm')

type Tags = readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] | undefined

/** Rights, parameters and buckets of an experiment: nothing of the network depends on them, so they go last. */
export async function otherStages({ aws }: LabContext): Promise<OpenStages> {
  const [iamSdk, s3Sdk, ssmSdk] = await Promise.all([
    import('@aws-sdk/client-iam'),
    import('@aws-sdk/client-s3'),
    import('@aws-sdk/client-ssm'),
  ])
  const settings = clientSettings(aws)
  const iam = new iamSdk.IAMClient(settings)
  const s3 = new s3Sdk.S3Client({
    ...settings,
    forcePathStyle: aws.endpoint !== undefined,
    // Buckets of all regions are listed together.
    followRegionRedirects: true,
  })
  const ssm = new ssmSdk.SSMClient(settings)
  const stages = [
    [instanceProfiles(iamSdk, iam), parameters(ssmSdk, ssm), buckets(s3Sdk, s3)],
    [roles(iamSdk, iam)],
    [policies(iamSdk, iam)],
  ]
  const close = () => {
    for (const client of [iam, s3, ssm]) client.destroy()
  }
  return { stages, close }
}

/**
 * Where nothing is filtered by tag, each one is asked for its own. What vanishes meanwhile, or may not be asked, is not
 * ours: who could make it may read its tags.
 */
async function taggedOnes<T>(
  pages: AsyncIterable<readonly T[]>,
  tagsOf: (item: T) => Promise<Tags>,
  experimentId: string,
): Promise<T[]> {
  const found: T[] = []
  for await (const page of pages)
    for (const item of page) {
      const tags = await tagsOf(item).catch((error) => {
        if (['missing', 'denied'].includes(failureKind(error))) return undefined
        throw error
      })
      if (isOf(experimentId, tags)) found.push(item)
    }
  return found
}

function leftoversOf<T>(kind: string, items: readonly T[], id: (item: T) => string | undefined): Leftover[] {
  return items.map((item) => ({ kind, id: id(item)!, detail: '' }))
}

function instanceProfiles(sdk: IamSdk, client: IAMClient): ResourceKind {
  const kind = 'instance profile'
  async function* pages() {
    for await (const page of sdk.paginateListInstanceProfiles({ client }, {}))
      yield page.InstanceProfiles ?? []
  }
  return {
    kind,
    find: async (experimentId) => {
      const tagsOf = async ({ InstanceProfileName }: { InstanceProfileName?: string | undefined }) =>
        (await client.send(new sdk.GetInstanceProfileCommand({ InstanceProfileName }))).InstanceProfile?.Tags
      const items = await taggedOnes(pages(), tagsOf, experimentId)
      return leftoversOf(kind, items, (item) => item.InstanceProfileName)
    },
    remove: async ({ id: InstanceProfileName }) => {
      const { InstanceProfile } = await client.send(
        new sdk.GetInstanceProfileCommand({ InstanceProfileName }),
      )
      for (const { RoleName } of InstanceProfile?.Roles ?? [])
        await client.send(new sdk.RemoveRoleFromInstanceProfileCommand({ InstanceProfileName, RoleName }))
      await client.send(new sdk.DeleteInstanceProfileCommand({ InstanceProfileName }))
    },
  }
}

function roles(sdk: IamSdk, client: IAMClient): ResourceKind {
  const kind = 'role'
  async function* pages() {
    for await (const page of sdk.paginateListRoles({ client }, {})) yield page.Roles ?? []
  }
  return {
    kind,
    find: async (experimentId) => {
      const tagsOf = async ({ RoleName }: { RoleName?: string | undefined }) =>
        (await client.send(new sdk.ListRoleTagsCommand({ RoleName }))).Tags
      const items = await taggedOnes(pages(), tagsOf, experimentId)
      return leftoversOf(kind, items, (item) => item.RoleName)
    },
    remove: async ({ id: RoleName }) => {
      for await (const { AttachedPolicies = [] } of sdk.paginateListAttachedRolePolicies(
        { client },
        { RoleName },
      ))
        for (const { PolicyArn } of AttachedPolicies)
          await client.send(new sdk.DetachRolePolicyCommand({ RoleName, PolicyArn }))
      for await (const { PolicyNames = [] } of sdk.paginateListRolePolicies({ client }, { RoleName }))
        for (const PolicyName of PolicyNames)
          await client.send(new sdk.DeleteRolePolicyCommand({ RoleName, PolicyName }))
      await client.send(new sdk.DeleteRoleCommand({ RoleName }))
    },
  }
}

function policies(sdk: IamSdk, client: IAMClient): ResourceKind {
  const kind = 'policy'
  async function* pages() {
    for await (const page of sdk.paginateListPolicies({ client }, { Scope: 'Local' }))
      yield page.Policies ?? []
  }
  return {
    kind,
    find: async (experimentId) => {
      const tagsOf = async ({ Arn }: { Arn?: string | undefined }) =>
        (await client.send(new sdk.ListPolicyTagsCommand({ PolicyArn: Arn }))).Tags
      const items = await taggedOnes(pages(), tagsOf, experimentId)
      return leftoversOf(kind, items, (item) => item.Arn)
    },
    remove: async ({ id: PolicyArn }) => {
      const { Versions = [] } = await client.send(new sdk.ListPolicyVersionsCommand({ PolicyArn }))
      for (const { VersionId } of Versions.filter((version) => !version.IsDefaultVersion))
        await client.send(new sdk.DeletePolicyVersionCommand({ PolicyArn, VersionId }))
      await client.send(new sdk.DeletePolicyCommand({ PolicyArn }))
    },
  }
}

function parameters(sdk: SsmSdk, client: SSMClient): ResourceKind {
  const kind = 'parameter'
  return {
    kind,
    find: async (experimentId) => {
      const ParameterFilters = [{ Key: `tag:${EXPERIMENT_TAG}`, Option: 'Equals', Values: [experimentId] }]
      const found: Leftover[] = []
      for await (const page of sdk.paginateDescribeParameters({ client }, { ParameterFilters }))
        for (const { Name } of page.Parameters ?? []) {
          const of = { ResourceType: 'Parameter' as const, ResourceId: Name }
          const { TagList } = await client.send(new sdk.ListTagsForResourceCommand(of))
          if (isOf(experimentId, TagList)) found.push({ kind, id: Name!, detail: '' })
        }
      return found
    },
    remove: async ({ id: Name }) => void (await client.send(new sdk.DeleteParameterCommand({ Name }))),
  }
}

function buckets(sdk: S3Sdk, client: S3Client): ResourceKind {
  const kind = 'bucket'
  const find = async (experimentId: string) => {
    const { Buckets = [] } = await client.send(new sdk.ListBucketsCommand({}))
    const tagsOf = async ({ Name: Bucket }: { Name?: string | undefined }): Promise<Tags> =>
      (await client.send(new sdk.GetBucketTaggingCommand({ Bucket }))).TagSet
    async function* pages() {
      yield Buckets
    }
    const items = await taggedOnes(pages(), tagsOf, experimentId)
    return leftoversOf(kind, items, (item) => item.Name)
  }
  return {
    kind,
    find,
    remove: async ({ id: Bucket }) => {
      await empty(sdk, client, Bucket)
      await client.send(new sdk.DeleteBucketCommand({ Bucket }))
    },
  }
}

/** With the versions of its objects: a bucket that keeps them is empty only when they are gone too. */
async function empty(sdk: S3Sdk, client: S3Client, Bucket: string): Promise<void> {
  for (let isRest = true; isRest; ) {
    // From the start each time: what was listed before is deleted.
    const page = await client.send(new sdk.ListObjectVersionsCommand({ Bucket }))
    isRest = page.IsTruncated ?? false
    const all = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])]
    const Objects = all.map(({ Key, VersionId }) => ({ Key, VersionId }))
    if (Objects.length === 0) return
    const Delete = { Objects, Quiet: true }
    const { Errors = [] } = await client.send(new sdk.DeleteObjectsCommand({ Bucket, Delete }))
    if (Errors[0] !== undefined) throw Object.assign(new Error(Errors[0].Message), { name: Errors[0].Code })
  }
}
