// Stands in for `terraform` where a test is about bench and not about Terraform: `apply` makes by the SDK what the small
// root beside it describes, one thing after another, and keeps their ids in `terraform.tfstate`; `destroy` removes them.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DeleteSecurityGroupCommand,
  DeleteSubnetCommand,
  DeleteVpcCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
  waitUntilInstanceTerminated,
} from '@aws-sdk/client-ec2'
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  DeleteInstanceProfileCommand,
  DeleteRoleCommand,
  RemoveRoleFromInstanceProfileCommand,
} from '@aws-sdk/client-iam'
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListObjectsV2Command,
  PutBucketTaggingCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { tagged, tagList } from '../../../aws/double/account.ts'
import { clientsOf } from '../../../aws/double/clients.ts'

const STATE = 'terraform.tfstate'
const ROLES = ['kafka', 'client']

interface State {
  vpcId?: string
  subnetId?: string
  groupId?: string
  profile?: string
  bucket?: string
  instances: { id: string; role: string }[]
}

// As patient as Terraform.
const clients = clientsOf(process.env.AWS_ENDPOINT_URL!, { maxAttempts: 10 })
const state: State = existsSync(STATE) ? JSON.parse(readFileSync(STATE, 'utf8')) : { instances: [] }
const keep = () => writeFileSync(STATE, JSON.stringify(state))
const created = (what: string) => {
  keep()
  console.log(`${what}: Creation complete after 0s`)
}

const variables = () => JSON.parse(readFileSync('terraform.tfvars.json', 'utf8'))

function tagsOf(own: Record<string, string> = {}) {
  const { experiment_id, experiment_name, project, expires_at, tags } = variables()
  const ours = { Project: project, ExperimentID: experiment_id, Experiment: experiment_name }
  return { ...tags, ...ours, ManagedBy: 'terraform', TTL: expires_at, ...own }
}

async function apply() {
  const { experiment_id, bench_archive, use_spot_instances } = variables()
  const { ec2, iam, s3 } = clients
  const name = `bench-${experiment_id}`
  const Tags = tagList(tagsOf())
  if (state.profile === undefined) {
    state.profile = name
    keep()
    await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: '{}', Tags }))
    await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: name, Tags }))
    await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: name, RoleName: name }))
    created('role')
  }
  if (state.bucket === undefined) {
    state.bucket = `${name}-results`
    keep()
    const Bucket = state.bucket
    const configuration = { LocationConstraint: 'us-west-2' } as const
    await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: configuration }))
    await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: Tags } }))
    const Body = readFileSync(bench_archive)
    await s3.send(new PutObjectCommand({ Bucket, Key: 'bench/bench.tar.gz', Body }))
    created('bucket')
  }
  if (state.vpcId === undefined) {
    const vpc = { CidrBlock: '10.0.0.0/16', ...tagged('vpc', tagsOf()) }
    state.vpcId = (await ec2.send(new CreateVpcCommand(vpc))).Vpc!.VpcId!
    created('vpc')
  }
  const VpcId = state.vpcId
  if (state.subnetId === undefined) {
    const subnet = { VpcId, CidrBlock: '10.0.1.0/24', ...tagged('subnet', tagsOf()) }
    state.subnetId = (await ec2.send(new CreateSubnetCommand(subnet))).Subnet!.SubnetId!
    const group = { VpcId, GroupName: name, Description: name, ...tagged('security-group', tagsOf()) }
    const GroupId = (await ec2.send(new CreateSecurityGroupCommand(group))).GroupId!
    state.groupId = GroupId
    const IpPermissions = [{ IpProtocol: '-1', UserIdGroupPairs: [{ GroupId }] }]
    await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }))
    created('subnet')
  }
  for (const role of ROLES.slice(state.instances.length)) {
    const own = tagsOf({ Role: role, Name: `${name}-${role}-1` })
    const userData = `#!/bin/bash\nBUCKET=${state.bucket} exec /usr/local/bin/small-boot ${role}\n`
    const instance = {
      ...{ ImageId: 'ami-0deb1a12000000001', InstanceType: 't3.small' as const, MinCount: 1, MaxCount: 1 },
      ...{ SubnetId: state.subnetId!, SecurityGroupIds: [state.groupId!] },
      ...{ IamInstanceProfile: { Name: name }, UserData: Buffer.from(userData).toString('base64') },
      ...(use_spot_instances && { InstanceMarketOptions: { MarketType: 'spot' as const } }),
      TagSpecifications: (['instance', 'volume'] as const).map((ResourceType) => ({
        ...{ ResourceType, Tags: tagList(own) },
      })),
    }
    const { Instances = [] } = await ec2.send(new RunInstancesCommand(instance))
    state.instances.push({ id: Instances[0]!.InstanceId!, role })
    created(`instance ${role}`)
  }
  console.log('Apply complete! Resources: 5 added, 0 changed, 0 destroyed.')
}

async function destroy() {
  const { ec2, iam, s3 } = clients
  const InstanceIds = state.instances.map(({ id }) => id)
  if (InstanceIds.length > 0) {
    await ec2.send(new TerminateInstancesCommand({ InstanceIds }))
    await waitUntilInstanceTerminated({ client: ec2, maxWaitTime: 60, minDelay: 1 }, { InstanceIds })
  }
  if (state.groupId) await ec2.send(new DeleteSecurityGroupCommand({ GroupId: state.groupId }))
  if (state.subnetId) await ec2.send(new DeleteSubnetCommand({ SubnetId: state.subnetId }))
  if (state.vpcId) await ec2.send(new DeleteVpcCommand({ VpcId: state.vpcId }))
  const Bucket = state.bucket
  if (Bucket) {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }))
    const Objects = Contents.map(({ Key }) => ({ Key }))
    if (Objects.length > 0) await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }))
    await s3.send(new DeleteBucketCommand({ Bucket }))
  }
  const RoleName = state.profile
  if (RoleName) {
    const of = { InstanceProfileName: RoleName }
    await iam.send(new RemoveRoleFromInstanceProfileCommand({ ...of, RoleName }))
    await iam.send(new DeleteInstanceProfileCommand(of))
    await iam.send(new DeleteRoleCommand({ RoleName }))
  }
  writeFileSync(STATE, JSON.stringify({ instances: [] }))
  console.log('Destroy complete! Resources: 5 destroyed.')
}

const VERBS: Readonly<Record<string, () => Promise<void> | void>> = {
  version: () => console.log('{"terraform_version": "1.11.4"}'),
  init: () => {},
  apply,
  destroy,
  output: () =>
    console.log(JSON.stringify({ bucket: { value: state.bucket }, instances: { value: state.instances } })),
}

try {
  await VERBS[process.argv[2]!]!()
} catch (error) {
  console.error(`Error: ${error}`)
  process.exitCode = 1
}
