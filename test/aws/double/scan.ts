import {
  DescribeAddressesCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeInternetGatewaysCommand,
  DescribeKeyPairsCommand,
  DescribeLaunchTemplatesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSnapshotsCommand,
  DescribeSubnetsCommand,
  DescribeVolumesCommand,
  DescribeVpcsCommand,
} from '@aws-sdk/client-ec2'
import {
  GetInstanceProfileCommand,
  ListInstanceProfilesCommand,
  ListPoliciesCommand,
  ListPolicyTagsCommand,
  ListRolesCommand,
  ListRoleTagsCommand,
} from '@aws-sdk/client-iam'
import { GetBucketTaggingCommand, ListBucketsCommand } from '@aws-sdk/client-s3'
import { DescribeParametersCommand, ListTagsForResourceCommand } from '@aws-sdk/client-ssm'
import type { Clients } from './clients.ts'
import type { AwsDouble } from './double.ts'
import { scanAdditions } from './scan-additions.ts'

/** Something in the account. */
export interface Thing {
  /** `ec2/subnet`, `iam/role`, … */
  readonly kind: string
  readonly id: string
  readonly tags: Readonly<Record<string, string>>
}

/** Tags as AWS gives them. */
export type Tagging =
  | readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[]
  | undefined

/**
 * Everything that stands in the account, of every service that the lab uses, with or without a tag; past the double's
 * faults. Instances that have ended do not stand, though AWS shows them for a while, with their tags.
 */
export async function scan(double: AwsDouble): Promise<Thing[]> {
  const { behind } = double
  const own = [
    ...double.openSpotRequests().map((id) => thing('ec2/spot-request', id, undefined)),
    ...double.placementGroups().map((id) => thing('ec2/placement-group', id, undefined)),
  ]
  return [
    ...own,
    ...(await scanCompute(behind)),
    ...(await scanNetwork(behind)),
    ...(await scanAdditions(behind)),
    ...(await scanRest(behind)),
  ]
}

/** What `after` has and `before` has not. */
export function addedSince(before: readonly Thing[], after: readonly Thing[]): Thing[] {
  const known = new Set(before.map(({ kind, id }) => `${kind} ${id}`))
  return after.filter(({ kind, id }) => !known.has(`${kind} ${id}`))
}

/** Those with a tag. */
export function withTag(things: readonly Thing[], key: string, value: string): Thing[] {
  return things.filter(({ tags }) => tags[key] === value)
}

/** Something of AWS as a thing. */
export function thing(kind: string, id: string | undefined, tags: Tagging): Thing {
  return {
    kind,
    id: id!,
    tags: Object.fromEntries((tags ?? []).map(({ Key, Value }) => [Key!, Value ?? ''])),
  }
}

async function scanCompute({ ec2 }: Clients): Promise<Thing[]> {
  const self = { OwnerIds: ['self'] }
  const [instances, volumes, templates, keys, images, snapshots] = await Promise.all([
    ec2.send(new DescribeInstancesCommand({})),
    ec2.send(new DescribeVolumesCommand({})),
    ec2.send(new DescribeLaunchTemplatesCommand({})),
    ec2.send(new DescribeKeyPairsCommand({})),
    ec2.send(new DescribeImagesCommand({ Owners: ['self'] })),
    ec2.send(new DescribeSnapshotsCommand(self)),
  ])
  const running = (instances.Reservations ?? [])
    .flatMap((each) => each.Instances ?? [])
    .filter((each) => each.State?.Name !== 'terminated')
  return [
    ...running.map((each) => thing('ec2/instance', each.InstanceId, each.Tags)),
    ...(volumes.Volumes ?? []).map((each) => thing('ec2/volume', each.VolumeId, each.Tags)),
    ...(templates.LaunchTemplates ?? []).map((each) =>
      thing('ec2/launch-template', each.LaunchTemplateId, each.Tags),
    ),
    ...(keys.KeyPairs ?? []).map((each) => thing('ec2/key-pair', each.KeyPairId, each.Tags)),
    ...(images.Images ?? []).map((each) => thing('ec2/image', each.ImageId, each.Tags)),
    ...(snapshots.Snapshots ?? []).map((each) => thing('ec2/snapshot', each.SnapshotId, each.Tags)),
  ]
}

async function scanNetwork({ ec2 }: Clients): Promise<Thing[]> {
  const [vpcs, subnets, groups, tables, gateways, interfaces, addresses] = await Promise.all([
    ec2.send(new DescribeVpcsCommand({})),
    ec2.send(new DescribeSubnetsCommand({})),
    ec2.send(new DescribeSecurityGroupsCommand({})),
    ec2.send(new DescribeRouteTablesCommand({})),
    ec2.send(new DescribeInternetGatewaysCommand({})),
    ec2.send(new DescribeNetworkInterfacesCommand({})),
    ec2.send(new DescribeAddressesCommand({})),
  ])
  // Interfaces of instances end with them; moto shows them for longer.
  const alone = (interfaces.NetworkInterfaces ?? []).filter(
    (each) => each.Attachment?.InstanceId === undefined,
  )
  return [
    ...(vpcs.Vpcs ?? []).map((each) => thing('ec2/vpc', each.VpcId, each.Tags)),
    ...(subnets.Subnets ?? []).map((each) => thing('ec2/subnet', each.SubnetId, each.Tags)),
    ...(groups.SecurityGroups ?? []).map((each) => thing('ec2/security-group', each.GroupId, each.Tags)),
    ...(tables.RouteTables ?? []).map((each) => thing('ec2/route-table', each.RouteTableId, each.Tags)),
    ...(gateways.InternetGateways ?? []).map((each) =>
      thing('ec2/internet-gateway', each.InternetGatewayId, each.Tags),
    ),
    ...alone.map((each) => thing('ec2/network-interface', each.NetworkInterfaceId, each.TagSet)),
    ...(addresses.Addresses ?? []).map((each) => thing('ec2/address', each.AllocationId, each.Tags)),
  ]
}

async function scanRest({ iam, s3, ssm }: Clients): Promise<Thing[]> {
  const [profiles, roles, policies, buckets, parameters] = await Promise.all([
    iam.send(new ListInstanceProfilesCommand({})),
    iam.send(new ListRolesCommand({})),
    iam.send(new ListPoliciesCommand({ Scope: 'Local' })),
    s3.send(new ListBucketsCommand({})),
    ssm.send(new DescribeParametersCommand({})),
  ])
  const things: Thing[] = []
  for (const { InstanceProfileName } of profiles.InstanceProfiles ?? []) {
    const { InstanceProfile } = await iam.send(new GetInstanceProfileCommand({ InstanceProfileName }))
    things.push(thing('iam/instance-profile', InstanceProfileName, InstanceProfile?.Tags))
  }
  for (const { RoleName } of roles.Roles ?? []) {
    const { Tags } = await iam.send(new ListRoleTagsCommand({ RoleName }))
    things.push(thing('iam/role', RoleName, Tags))
  }
  for (const { Arn } of policies.Policies ?? []) {
    const { Tags } = await iam.send(new ListPolicyTagsCommand({ PolicyArn: Arn }))
    things.push(thing('iam/policy', Arn, Tags))
  }
  for (const { Name } of buckets.Buckets ?? []) {
    const tagging = await s3.send(new GetBucketTaggingCommand({ Bucket: Name })).catch(() => ({ TagSet: [] }))
    things.push(thing('s3/bucket', Name, tagging.TagSet))
  }
  for (const { Name } of parameters.Parameters ?? []) {
    const of = { ResourceType: 'Parameter' as const, ResourceId: Name }
    const { TagList } = await ssm.send(new ListTagsForResourceCommand(of))
    things.push(thing('ssm/parameter', Name, TagList))
  }
  return things
}
