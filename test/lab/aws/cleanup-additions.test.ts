// Goal: what a hand adds to an experiment with its tag goes too, in the order in which AWS lets it go, and the same things of
// a neighbour in the same account stay; images stay unless they carry the tag. Method: the test double with AWS's own
// refusals; one of each kind of ours and of a neighbour's are planted, and the whole account is compared before and after.
import { afterAll, expect, test } from 'bun:test'
import {
  AllocateAddressCommand,
  CreateDhcpOptionsCommand,
  CreateEgressOnlyInternetGatewayCommand,
  CreateFleetCommand,
  CreateFlowLogsCommand,
  CreateKeyPairCommand,
  CreateLaunchTemplateCommand,
  CreateManagedPrefixListCommand,
  CreateNatGatewayCommand,
  CreateNetworkAclCommand,
  CreateNetworkInterfaceCommand,
  CreateTagsCommand,
  CreateVpcEndpointCommand,
  CreateVpcPeeringConnectionCommand,
  DeleteVpcCommand,
  ReleaseAddressCommand,
} from '@aws-sdk/client-ec2'
import { cleanUp } from '../../../src/lab/aws/cleanup/cleanup.ts'
import { additionalKinds } from '../../../src/lab/aws/cleanup/ec2-additions.ts'
import { anyImage, makeSite, type Site, type Tags, tagged, tagList } from '../../aws/double/account.ts'
import { type Clients, clientsOf } from '../../aws/double/clients.ts'
import { type AwsDouble, startAwsDouble } from '../../aws/double/double.ts'
import { DENIED } from '../../aws/double/faults.ts'
import { awsTools } from '../../aws/double/moto.ts'
import { makeOwnImages } from '../../aws/double/own-images.ts'
import { addedSince, scan, type Thing } from '../../aws/double/scan.ts'
import { fastClock } from '../../aws/double/test-clocks.ts'
import { skipLoudly } from '../../support/skip.ts'
import { contextOf } from './support.ts'

const LIMIT_MS = 180_000
const SPEED = 50
const never = new AbortController().signal
const tools = await awsTools(console.log)

interface Bench {
  readonly double: AwsDouble
  readonly clients: Clients
}

async function openBench(): Promise<Bench | null> {
  if (typeof tools === 'string') return null
  const double = await startAwsDouble({ tools, executes: false }, never)
  return { double, clients: clientsOf(double.endpoint) }
}

const opened = await openBench()
const skips = opened === null && skipLoudly(`the AWS test double needs ${tools}`)
const bench = opened as Bench
afterAll(async () => {
  opened?.clients.destroy()
  await opened?.double.close()
}, LIMIT_MS)

/** One of each kind, in a network of its own; the id of its address and the network. */
async function addEverything(
  name: string,
  cidr: string,
  tags: Tags,
): Promise<{ site: Site; addressId: string }> {
  const { clients } = bench
  const { ec2 } = clients
  const site = await makeSite(clients, name, tags, cidr)
  const { vpcId: VpcId, subnetId: SubnetId } = site
  const address = new AllocateAddressCommand({ Domain: 'vpc', ...tagged('elastic-ip', tags) })
  const { AllocationId } = await ec2.send(address)
  await ec2.send(new CreateNatGatewayCommand({ SubnetId, AllocationId, ...tagged('natgateway', tags) }))
  const endpoint = { VpcId, ...tagged('vpc-endpoint', tags) }
  const ssm = { VpcEndpointType: 'Interface' as const, SubnetIds: [SubnetId] }
  const service = 'com.amazonaws.us-west-2'
  await ec2.send(new CreateVpcEndpointCommand({ ...endpoint, ...ssm, ServiceName: `${service}.ssm` }))
  const s3 = { VpcEndpointType: 'Gateway' as const, ServiceName: `${service}.s3` }
  await ec2.send(new CreateVpcEndpointCommand({ ...endpoint, ...s3 }))
  const flow = { ResourceType: 'VPC' as const, ResourceIds: [VpcId], TrafficType: 'ALL' as const }
  const to = { LogGroupName: name, DeliverLogsPermissionArn: 'arn:aws:iam::123456789012:role/logs' }
  await ec2.send(new CreateFlowLogsCommand({ ...flow, ...to, ...tagged('vpc-flow-log', tags) }))
  await ec2.send(new CreateNetworkAclCommand({ VpcId, ...tagged('network-acl', tags) }))
  const egress = { VpcId, ...tagged('egress-only-internet-gateway', tags) }
  await ec2.send(new CreateEgressOnlyInternetGatewayCommand(egress))
  const own = await makeSite(clients, `${name}-peer`, tags, cidr.replace(/^(\d+\.\d+)/, '10.99'))
  const peering = { VpcId, PeerVpcId: own.vpcId, ...tagged('vpc-peering-connection', tags) }
  await ec2.send(new CreateVpcPeeringConnectionCommand(peering))
  await ec2.send(new CreateNetworkInterfaceCommand({ SubnetId, ...tagged('network-interface', tags) }))
  await ec2.send(new CreateKeyPairCommand({ KeyName: name, ...tagged('key-pair', tags) }))
  const list = { PrefixListName: name, MaxEntries: 2, AddressFamily: 'IPv4', ...tagged('prefix-list', tags) }
  await ec2.send(new CreateManagedPrefixListCommand(list))
  await addOptions(tags)
  await addFleet(name, tags)
  return { site, addressId: AllocationId! }
}

/** moto takes no tags when it makes them. */
async function addOptions(tags: Tags): Promise<void> {
  const { ec2 } = bench.clients
  const DhcpConfigurations = [{ Key: 'domain-name', Values: ['bench.test'] }]
  const { DhcpOptions } = await ec2.send(new CreateDhcpOptionsCommand({ DhcpConfigurations }))
  const Resources = [DhcpOptions!.DhcpOptionsId!]
  if (Object.keys(tags).length > 0) await ec2.send(new CreateTagsCommand({ Resources, Tags: tagList(tags) }))
}

async function addFleet(name: string, tags: Tags): Promise<void> {
  const { ec2 } = bench.clients
  const ImageId = await anyImage({ ec2 })
  const template = {
    LaunchTemplateName: name,
    LaunchTemplateData: { ImageId, InstanceType: 't3.small' as const },
    ...tagged('launch-template', tags),
  }
  const { LaunchTemplate } = await ec2.send(new CreateLaunchTemplateCommand(template))
  const specification = { LaunchTemplateId: LaunchTemplate!.LaunchTemplateId, Version: '1' }
  await ec2.send(
    new CreateFleetCommand({
      LaunchTemplateConfigs: [{ LaunchTemplateSpecification: specification }],
      TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: 'on-demand' },
      Type: 'maintain',
      ...tagged('fleet', tags),
    }),
  )
}

async function clean(experimentId: string, executes: boolean) {
  const context = contextOf(bench.double, fastClock(SPEED))
  const report = await cleanUp({ experimentId, executes, waitLimitMs: 120_000 }, context, never)
  return { report, lines: context.lines }
}

const OURS = { ExperimentID: 'exp-1' }
const NEW_KINDS = [
  ...['fleet', 'NAT gateway', 'VPC endpoint', 'flow log', 'image', 'snapshot', 'network ACL'],
  ...['egress-only internet gateway', 'VPC peering connection', 'DHCP options', 'prefix list'],
  ...['elastic address', 'network interface', 'key pair'],
]

test.skipIf(skips)(
  'everything that was added to ours goes, in order; a neighbour keeps all of it',
  async () => {
    const { clients, double } = bench
    await addEverything('neighbour', '10.1.0.0/16', { ExperimentID: 'exp-2', Experiment: 'exp-1' })
    await addEverything('untagged', '10.2.0.0/16', {})
    const image = { software: 'kafka', version: '4.3.1' }
    await makeOwnImages(clients, [
      { ...image, name: 'for-everybody' },
      { ...image, name: 'of-the-neighbour', tags: { ExperimentID: 'exp-2' } },
    ])
    const before = await scan(double)
    const { site, addressId } = await addEverything('ours', '10.3.0.0/16', OURS)
    await makeOwnImages(clients, [{ ...image, name: 'made-for-the-experiment', tags: OURS }])

    // The double refuses what AWS refuses: in a wrong order nothing of this would go.
    const release = new ReleaseAddressCommand({ AllocationId: addressId })
    expect(await clients.ec2.send(release).catch((error) => error.name)).toBe('InvalidIPAddress.InUse')
    const leave = new DeleteVpcCommand({ VpcId: site.vpcId })
    expect(await clients.ec2.send(leave).catch((error) => error.name)).toBe('DependencyViolation')

    const added = addedSince(before, await scan(double)).filter(isTaggedOurs)
    const dry = await clean('exp-1', false)
    const kinds = new Set(dry.report.found.map(({ kind }) => kind))
    expect(NEW_KINDS.filter((kind) => !kinds.has(kind))).toEqual([])
    expect(dry.report.found.length).toBeGreaterThanOrEqual(added.length)
    expect(added.length).toBeGreaterThan(20)

    const { report } = await clean('exp-1', true)
    expect(report.kept).toEqual([])
    expect(report.exitCode).toBe(0)
    const after = await scan(double)
    expect(addedSince(before, after).filter(isTaggedOurs)).toEqual([])
    expect(addedSince(after, before)).toEqual([])
  },
  LIMIT_MS,
)

/** `makeOwnImages` leaves a site without tags. */
function isTaggedOurs({ tags }: Thing): boolean {
  return tags.ExperimentID === 'exp-1'
}

test('a call that succeeds and says in its answer that it did not is no success', async () => {
  const sdk = await import('@aws-sdk/client-ec2')
  const failed = [{ Error: { Code: 'OperationNotPermitted', Message: 'not by you' } }]
  // moto never answers so.
  const client = { send: async () => ({ Unsuccessful: failed, UnsuccessfulFleetDeletions: failed }) }
  const { vpcEndpoints, flowLogs, fleets } = additionalKinds(sdk, client as never)
  for (const kind of [vpcEndpoints, flowLogs, fleets]) {
    const removal = kind.remove({ kind: kind.kind, id: 'x-1', detail: '' })
    const { name, message } = await removal.then(
      () => new Error('removed'),
      (error: Error) => error,
    )
    expect([kind.kind, name, message]).toEqual([kind.kind, 'OperationNotPermitted', 'not by you'])
  }
})

test.skipIf(skips)(
  'a kind that may not be listed is named, and the rest goes',
  async () => {
    const { clients, double } = bench
    await makeSite(clients, 'exp-4', { ExperimentID: 'exp-4' }, '10.5.0.0/16')
    const denied = { error: DENIED.ec2, count: Number.POSITIVE_INFINITY }
    double.faults.add({ service: 'ec2', action: 'DescribeNatGateways', ...denied })
    const { report } = await clean('exp-4', true)
    expect(report.kept).toEqual([
      { kind: 'NAT gateway', id: null, reason: expect.stringContaining('Unauthorized') },
    ])
    expect(report.exitCode).toBe(9)
    double.faults.clear()
    expect((await clean('exp-4', true)).report).toMatchObject({ found: [], exitCode: 0 })
  },
  LIMIT_MS,
)
