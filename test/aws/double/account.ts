import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeImagesCommand,
  type ResourceType,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2'
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
} from '@aws-sdk/client-iam'
import type { Clients } from './clients.ts'

export type Tags = Readonly<Record<string, string>>

/** What a test runs instances in. */
export interface Site {
  readonly vpcId: string
  readonly subnetId: string
  readonly groupId: string
  readonly profile: string
}

/** Tags in the form of EC2 and IAM. */
export function tagList(tags: Tags): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
}

/** Tags of a resource that is being made. */
export function tagged(type: ResourceType, tags: Tags) {
  const Tags = tagList(tags)
  return Tags.length === 0 ? {} : { TagSpecifications: [{ ResourceType: type, Tags }] }
}

/** A VPC with a subnet, a group whose members may reach each other, and an instance profile named `name`. */
export async function makeSite(
  clients: Clients,
  name: string,
  tags: Tags,
  cidr = '10.0.0.0/16',
): Promise<Site> {
  const { ec2 } = clients
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: cidr, ...tagged('vpc', tags) }))
  const vpcId = Vpc!.VpcId!
  const block = cidr.replace(/\.0\.0\/16$/, '.1.0/24')
  const { Subnet } = await ec2.send(
    new CreateSubnetCommand({ VpcId: vpcId, CidrBlock: block, ...tagged('subnet', tags) }),
  )
  const group = { VpcId: vpcId, GroupName: name, Description: name, ...tagged('security-group', tags) }
  const groupId = (await ec2.send(new CreateSecurityGroupCommand(group))).GroupId!
  const rule = { IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: groupId }] }
  await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: groupId, IpPermissions: [rule] }))
  await makeProfile(clients, name, tags)
  return { vpcId, subnetId: Subnet!.SubnetId!, groupId, profile: name }
}

const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'ec2.amazonaws.com' } }],
})

async function makeProfile({ iam }: Clients, name: string, tags: Tags): Promise<void> {
  const Tags = tagList(tags)
  await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: TRUST, Tags }))
  await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: name, Tags }))
  await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: name, RoleName: name }))
}

export interface FleetOptions {
  readonly count: number
  readonly tags: Tags
  readonly userData?: string
  readonly isSpot?: boolean
}

/** Runs instances in the site; their ids. */
export async function runInstances({ ec2 }: Clients, site: Site, options: FleetOptions): Promise<string[]> {
  const { count, tags, userData, isSpot = false } = options
  const { Instances = [] } = await ec2.send(
    new RunInstancesCommand({
      ...{ ImageId: await anyImage({ ec2 }), InstanceType: 't3.small', MinCount: count, MaxCount: count },
      ...{ SubnetId: site.subnetId, SecurityGroupIds: [site.groupId] },
      IamInstanceProfile: { Name: site.profile },
      ...(userData === undefined ? {} : { UserData: Buffer.from(userData).toString('base64') }),
      ...(isSpot ? { InstanceMarketOptions: { MarketType: 'spot' } } : {}),
      ...(Object.keys(tags).length === 0
        ? {}
        : {
            TagSpecifications: (['instance', 'volume'] as const).map((ResourceType) => ({
              ResourceType,
              Tags: tagList(tags),
            })),
          }),
    }),
  )
  return Instances.map((each) => each.InstanceId!)
}

/** Some image that the account may run. */
export async function anyImage({ ec2 }: Pick<Clients, 'ec2'>): Promise<string> {
  const { Images = [] } = await ec2.send(new DescribeImagesCommand({ Owners: ['amazon'] }))
  return Images[0]!.ImageId!
}
