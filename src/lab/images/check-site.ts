import type { EC2Client } from '@aws-sdk/client-ec2'
import type { IAMClient } from '@aws-sdk/client-iam'
import { AppError } from '../../errors/app-error.ts'
import { failureKind, passesByItself } from '../aws/failure.ts'
import { CALL_RETRIES, type RetryPolicy, withRetries } from '../aws/retry.ts'
import { clientSettings, type LabContext } from '../aws/settings.ts'
import type { OwnImage } from './find-images.ts'

/** An instance that is to be started for a look at its image. */
export interface CheckInstance {
  readonly image: OwnImage
  /** Name of its role, profile and group, and tag ExperimentID of all of it. */
  readonly name: string
  readonly tags: Readonly<Record<string, string>>
  /** Null: a subnet of the default VPC. */
  readonly subnetId: string | null
  /** Null: the smallest that does. */
  readonly instanceType: string | null
}

/** A new role is not known everywhere at once. */
const PROFILE_RETRIES: RetryPolicy = { ...CALL_RETRIES, attempts: 20, firstDelayMs: 1_000, limitMs: 120_000 }
const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'ec2.amazonaws.com' } }],
})
/** To take commands, as in terraform/modules/iam, and nothing else; these actions know no resources. */
const TAKE_COMMANDS = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'TakeCommands',
      Effect: 'Allow',
      Action: [
        'ssm:UpdateInstanceInformation',
        'ssmmessages:CreateControlChannel',
        'ssmmessages:CreateDataChannel',
        'ssmmessages:OpenControlChannel',
        'ssmmessages:OpenDataChannel',
        'ec2messages:AcknowledgeMessage',
        'ec2messages:DeleteMessage',
        'ec2messages:FailMessage',
        'ec2messages:GetEndpoint',
        'ec2messages:GetMessages',
        'ec2messages:SendReply',
      ],
      Resource: '*',
    },
  ],
})

/**
 * Starts the instance, with a role that lets it take commands and a group that lets nobody in; resolves with its id. All
 * of it carries the tags from its first moment, so that it is found whatever becomes of the caller.
 */
export async function startCheckInstance(
  instance: CheckInstance,
  context: LabContext,
  signal: AbortSignal,
): Promise<string> {
  const [ec2Sdk, iamSdk] = await Promise.all([import('@aws-sdk/client-ec2'), import('@aws-sdk/client-iam')])
  const ec2 = new ec2Sdk.EC2Client(clientSettings(context.aws))
  const iam = new iamSdk.IAMClient(clientSettings(context.aws))
  try {
    const subnet = await subnetOf(ec2, instance, context, signal)
    await makeProfile(iam, instance, context, signal)
    const groupId = await makeGroup(ec2, instance, subnet.vpcId, context, signal)
    return await run(ec2, instance, subnet.id, groupId, context, signal)
  } finally {
    ec2.destroy()
    iam.destroy()
  }
}

interface Subnet {
  readonly id: string
  readonly vpcId: string
}

async function subnetOf(
  ec2: EC2Client,
  { subnetId }: CheckInstance,
  context: LabContext,
  signal: AbortSignal,
): Promise<Subnet> {
  const { DescribeSubnetsCommand } = await import('@aws-sdk/client-ec2')
  const Filters = [
    subnetId === null
      ? { Name: 'default-for-az', Values: ['true'] }
      : { Name: 'subnet-id', Values: [subnetId] },
  ]
  const describe = () => ec2.send(new DescribeSubnetsCommand({ Filters }))
  const { Subnets = [] } = await withRetries(describe, { what: 'DescribeSubnets' }, context, signal)
  const [first] = Subnets.toSorted((a, b) => a.AvailabilityZone!.localeCompare(b.AvailabilityZone!))
  if (first !== undefined) return { id: first.SubnetId!, vpcId: first.VpcId! }
  throw new AppError(
    'PREPARE',
    subnetId === null
      ? `expected a default VPC in ${context.aws.region}, got none`
      : `expected the subnet ${subnetId} in ${context.aws.region}, got none`,
    { hint: 'name a subnet whose instances reach the internet: --subnet-id' },
  )
}

async function makeProfile(
  iam: IAMClient,
  { name, tags }: CheckInstance,
  context: LabContext,
  signal: AbortSignal,
): Promise<void> {
  const sdk = await import('@aws-sdk/client-iam')
  const Tags = tagList(tags)
  const call = (what: string, send: () => Promise<unknown>) =>
    // A call whose answer was lost has been carried out.
    withRetries(() => send().catch(unlessThereAlready), { what }, context, signal)
  const role = { RoleName: name, AssumeRolePolicyDocument: TRUST, Tags, Description: 'Check of an image' }
  const policy = { RoleName: name, PolicyName: name, PolicyDocument: TAKE_COMMANDS }
  const profile = { InstanceProfileName: name }
  await call('CreateRole', () => iam.send(new sdk.CreateRoleCommand(role)))
  await call('PutRolePolicy', () => iam.send(new sdk.PutRolePolicyCommand(policy)))
  await call('CreateInstanceProfile', () =>
    iam.send(new sdk.CreateInstanceProfileCommand({ ...profile, Tags })),
  )
  // An instance profile takes one role: a second call of the same exceeds this limit.
  await call('AddRoleToInstanceProfile', () =>
    iam.send(new sdk.AddRoleToInstanceProfileCommand({ ...profile, RoleName: name })),
  )
}

function unlessThereAlready(error: Error): void {
  const isThere = error.name === 'EntityAlreadyExistsException' || error.name === 'EntityAlreadyExists'
  if (!isThere && !/InstanceSessionsPerInstanceProfile/.test(error.message)) throw error
}

async function makeGroup(
  ec2: EC2Client,
  { name, tags }: CheckInstance,
  VpcId: string,
  context: LabContext,
  signal: AbortSignal,
): Promise<string> {
  const { CreateSecurityGroupCommand } = await import('@aws-sdk/client-ec2')
  const TagSpecifications = [{ ResourceType: 'security-group' as const, Tags: tagList(tags) }]
  const group = { GroupName: name, Description: 'Check of an image', VpcId, TagSpecifications }
  const create = () => ec2.send(new CreateSecurityGroupCommand(group))
  const { GroupId } = await withRetries(create, { what: 'CreateSecurityGroup' }, context, signal)
  return GroupId!
}

async function run(
  ec2: EC2Client,
  { image, name, tags, instanceType }: CheckInstance,
  SubnetId: string,
  groupId: string,
  context: LabContext,
  signal: AbortSignal,
): Promise<string> {
  const { RunInstancesCommand } = await import('@aws-sdk/client-ec2')
  const standard = image.architecture === 'arm64' ? 't4g.small' : 't3.small'
  const Tags = tagList({ ...tags, Name: name })
  const request = new RunInstancesCommand({
    ...{
      ImageId: image.id,
      InstanceType: (instanceType ?? standard) as 't3.small',
      MinCount: 1,
      MaxCount: 1,
    },
    ...{ SubnetId, SecurityGroupIds: [groupId], IamInstanceProfile: { Name: name } },
    MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
    InstanceInitiatedShutdownBehavior: 'terminate',
    TagSpecifications: (['instance', 'volume', 'network-interface'] as const).map((ResourceType) => ({
      ResourceType,
      Tags,
    })),
    // A call that is made again starts no second instance.
    ClientToken: name,
  })
  const isWorthIt = (error: unknown) => passesByItself(error) || isProfileUnknown(error)
  const onFailure = () => context.log('AWS does not know the new instance profile yet; again')
  const options = { what: 'RunInstances', policy: PROFILE_RETRIES, isWorthIt, onFailure }
  const { Instances = [] } = await withRetries(() => ec2.send(request), options, context, signal)
  return Instances[0]!.InstanceId!
}

function isProfileUnknown(error: unknown): boolean {
  const { name, message } = error as Error
  if (/^InvalidParameterValue$/.test(name) && /instance profile/i.test(message)) return true
  return failureKind(error) === 'missing' && /instance profile/i.test(message)
}

function tagList(tags: Readonly<Record<string, string>>): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
}
