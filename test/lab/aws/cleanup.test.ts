// Goal: whatever an experiment left is found by its tag and removed in the order of dependency, nothing of anybody else
// is touched, and what could not be removed is said. Method: the test double, which is as strict as AWS about what is in
// use; neighbours of three kinds stand in the account, and everything in it is compared before and after.
import { afterAll, afterEach, expect, test } from 'bun:test'
import {
  AssociateRouteTableCommand,
  AttachInternetGatewayCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateInternetGatewayCommand,
  CreateLaunchTemplateCommand,
  CreateNetworkInterfaceCommand,
  CreatePlacementGroupCommand,
  CreateRouteTableCommand,
  CreateSecurityGroupCommand,
  CreateVolumeCommand,
} from '@aws-sdk/client-ec2'
import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import {
  CreateBucketCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { PutParameterCommand } from '@aws-sdk/client-ssm'
import { type CleanupReport, cleanUp } from '../../../src/lab/aws/cleanup/cleanup.ts'
import { makeSite, runInstances, type Site, type Tags, tagged, tagList } from '../../aws/double/account.ts'
import { type Clients, clientsOf } from '../../aws/double/clients.ts'
import { type AwsDouble, startAwsDouble } from '../../aws/double/double.ts'
import { DENIED, THROTTLED } from '../../aws/double/faults.ts'
import { awsTools } from '../../aws/double/moto.ts'
import { addedSince, scan, type Thing, withTag } from '../../aws/double/scan.ts'
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
  /** What stands in the account before any test: AWS's own, and the neighbours'. */
  readonly before: readonly Thing[]
}

async function openBench(): Promise<Bench | null> {
  if (typeof tools === 'string') return null
  const double = await startAwsDouble({ tools, executes: false }, never)
  const clients = clientsOf(double.endpoint)
  for (const [name, tags] of Object.entries(NEIGHBOURS))
    await runInstances(clients, await makeSite(clients, name, tags), { count: 1, tags })
  return { double, clients, before: await scan(double) }
}

/** Who has another experiment's tag, none at all, or one that only looks like ours. */
const NEIGHBOURS: Readonly<Record<string, Tags>> = {
  'neighbour-other': { ExperimentID: 'exp-10' },
  'neighbour-none': {},
  'neighbour-near': { Experiment: 'exp-1', experimentid: 'exp-1', Name: 'ExperimentID' },
}

const opened = await openBench()
const skips = opened === null && skipLoudly(`the AWS test double needs ${tools}`)
const bench = opened as Bench

afterEach(() => {
  if (opened === null) return
  opened.double.faults.clear()
  opened.double.timing.endingMs = 0
})
afterAll(async () => {
  opened?.clients.destroy()
  await opened?.double.close()
}, LIMIT_MS)

const POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:PutObject', Resource: 'arn:aws:s3:::bucket/*' }],
})

/** Everything that an experiment may consist of. */
async function makeExperiment(id: string): Promise<Site> {
  const { clients } = bench
  const { ec2, iam, s3, ssm } = clients
  const tags = { ExperimentID: id, Role: 'broker' }
  const site = await makeSite(clients, id, tags)
  await nameEachOther(site, id, tags)
  const { InternetGateway } = await ec2.send(
    new CreateInternetGatewayCommand(tagged('internet-gateway', tags)),
  )
  const InternetGatewayId = InternetGateway?.InternetGatewayId
  await ec2.send(new AttachInternetGatewayCommand({ InternetGatewayId, VpcId: site.vpcId }))
  const { RouteTable } = await ec2.send(
    new CreateRouteTableCommand({ VpcId: site.vpcId, ...tagged('route-table', tags) }),
  )
  const association = { RouteTableId: RouteTable?.RouteTableId, SubnetId: site.subnetId }
  await ec2.send(new AssociateRouteTableCommand(association))
  const data = { InstanceType: 't3.small' as const }
  const template = { LaunchTemplateName: id, LaunchTemplateData: data, ...tagged('launch-template', tags) }
  await ec2.send(new CreateLaunchTemplateCommand(template))
  const volume = { AvailabilityZone: 'us-west-2a', Size: 20, ...tagged('volume', tags) }
  await ec2.send(new CreateVolumeCommand(volume))
  await ec2.send(new CreatePlacementGroupCommand({ GroupName: id, ...tagged('placement-group', tags) }))
  const inline = { RoleName: id, PolicyName: 'inline', PolicyDocument: POLICY }
  await iam.send(new PutRolePolicyCommand(inline))
  const Bucket = `bucket-${id}`
  await s3.send(new CreateBucketCommand({ Bucket }))
  await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: tagList(tags) } }))
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }))
  for (const Body of ['one', 'two']) await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body }))
  const secret = { Name: `/${id}/token`, Value: 'x', Type: 'SecureString' as const, Tags: tagList(tags) }
  await ssm.send(new PutParameterCommand(secret))
  await runInstances(clients, site, { count: 2, tags, isSpot: true })
  return site
}

async function nameEachOther(site: Site, id: string, tags: Tags): Promise<void> {
  const { ec2 } = bench.clients
  const group = {
    VpcId: site.vpcId,
    GroupName: `${id}-2`,
    Description: id,
    ...tagged('security-group', tags),
  }
  const { GroupId } = await ec2.send(new CreateSecurityGroupCommand(group))
  const allow = (to: string | undefined, from: string | undefined) => {
    const IpPermissions = [{ IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: from }] }]
    return ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: to, IpPermissions }))
  }
  await allow(GroupId, site.groupId)
  await allow(site.groupId, GroupId)
}

async function clean(experimentId: string, executes: boolean, waitLimitMs = 120_000) {
  const context = contextOf(bench.double, fastClock(SPEED))
  const report = await cleanUp({ experimentId, executes, waitLimitMs }, context, never)
  return { report, lines: context.lines, added: addedSince(bench.before, await scan(bench.double)) }
}

function kinds(report: CleanupReport, part: 'found' | 'removed'): string[] {
  return report[part].map(({ kind }) => kind)
}

const ORDER = [
  ...['instance', 'instance', 'volume', 'volume', 'volume', 'launch template', 'placement group'],
  ...['rules between security groups', 'rules between security groups', 'security group', 'security group'],
  ...['subnet', 'route table', 'internet gateway', 'VPC', 'instance profile', 'parameter', 'bucket', 'role'],
]

test.skipIf(skips)(
  'a dry run lists everything and removes nothing; then all goes, in order, and the neighbours stay',
  async () => {
    await makeExperiment('exp-1')
    const stood = await scan(bench.double)
    const dry = await clean('exp-1', false)
    expect(kinds(dry.report, 'found')).toEqual(ORDER)
    expect(dry.report).toMatchObject({ removed: [], kept: [], exitCode: 0 })
    expect(await scan(bench.double)).toEqual(stood)
    expect(dry.lines.filter((line) => line.startsWith('would remove')).length).toBe(ORDER.length)

    const { double } = bench
    double.timing.endingMs = 1_500
    const throttle = (action: string, service: 'ec2' | 'iam' | 's3' = 'ec2') =>
      double.faults.add({ service, action, count: 2, error: THROTTLED[service] })
    for (const action of ['TerminateInstances', 'DeleteSubnet', 'DescribeVpcs', 'DeleteVpc']) throttle(action)
    throttle('ListRoles', 'iam')
    throttle('DeleteObjects', 's3')
    const { report, lines, added } = await clean('exp-1', true)
    expect(report.kept).toEqual([])
    expect(report.exitCode).toBe(0)
    expect(added).toEqual([])
    expect(addedSince(await scan(double), bench.before)).toEqual([])
    expect(double.openSpotRequests()).toEqual([])
    const steps = lines.filter((line) => line.startsWith('removing ')).map((line) => line.slice(9))
    // Volumes of instances go with them.
    const longestFirst = ORDER.toSorted((a, b) => b.length - a.length)
    expect(steps.map((step) => longestFirst.find((kind) => step.startsWith(kind)) ?? step)).toEqual(
      ORDER.filter((kind, i) => kind !== 'volume' || ORDER.lastIndexOf(kind) === i),
    )
    expect(lines.some((line) => line.startsWith('waiting for instance'))).toBe(true)
    expect(lines.some((line) => line.includes('RequestLimitExceeded'))).toBe(true)
    expect(lines.at(-1)).toBe(`${report.removed.length} resources of exp-1 removed, 0 left`)

    const again = await clean('exp-1', true)
    expect(again.report).toEqual({ found: [], removed: [], kept: [], exitCode: 0 })
  },
  LIMIT_MS,
)

test.skipIf(skips)(
  'one resource that may not be removed, and one kind that may not be listed, do not stop the rest',
  async () => {
    await makeExperiment('exp-2')
    const { double } = bench
    const always = { count: Number.POSITIVE_INFINITY }
    double.faults.add({ service: 'ec2', action: 'DeleteLaunchTemplate', error: DENIED.ec2, ...always })
    double.faults.add({ service: 'ssm', action: 'DescribeParameters', error: DENIED.ssm, ...always })
    const { report, added, lines } = await clean('exp-2', true)
    expect(added.map(({ kind }) => kind)).toEqual(['ec2/launch-template', 'ssm/parameter'])
    expect(report.exitCode).toBe(9)
    expect(report.kept.map(({ kind, id }) => [kind, id === null])).toEqual([
      ['launch template', false],
      ['parameter', true],
    ])
    expect(lines.filter((line) => line.startsWith('LEFT: '))).toHaveLength(2)
    expect(report.kept[0]?.reason).toStartWith('UnauthorizedOperation')
    double.faults.clear()
    const rest = await clean('exp-2', true)
    expect(kinds(rest.report, 'removed')).toEqual(['launch template', 'parameter'])
    expect(rest.added).toEqual([])
  },
  LIMIT_MS,
)

test.skipIf(skips)(
  'what a neighbour uses is waited for, kept and named, and all around it goes',
  async () => {
    const { clients } = bench
    const site = await makeSite(clients, 'exp-3', { ExperimentID: 'exp-3' })
    const made = await clients.ec2.send(new CreateNetworkInterfaceCommand({ SubnetId: site.subnetId }))
    const interfaceId = made.NetworkInterface?.NetworkInterfaceId
    const { report, added } = await clean('exp-3', true, 60_000)
    expect(report.kept.map(({ kind, id }) => `${kind} ${id}`)).toEqual([
      `subnet ${site.subnetId}`,
      `VPC ${site.vpcId}`,
    ])
    expect(report.kept[0]?.reason).toContain('DependencyViolation')
    expect(report.exitCode).toBe(9)
    expect(added.some(({ id }) => id === interfaceId)).toBe(true)
    expect(
      withTag(added, 'ExperimentID', 'exp-3')
        .map(({ kind }) => kind)
        .sort(),
    ).toEqual(['ec2/subnet', 'ec2/vpc'])
  },
  LIMIT_MS,
)

test.skipIf(skips)(
  'an experiment that was half made is found too, and an instance that does not end keeps its network',
  async () => {
    const { clients, double } = bench
    const tags = { ExperimentID: 'exp-4' }
    const role = { RoleName: 'exp-4-early', AssumeRolePolicyDocument: '{}', Tags: tagList(tags) }
    await clients.iam.send(new CreateRoleCommand(role))
    const site = await makeSite(clients, 'exp-4', tags)
    await runInstances(clients, site, { count: 1, tags })
    double.timing.endingMs = LIMIT_MS
    const { report } = await clean('exp-4', true, 30_000)
    expect(report.kept.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['instance', 'subnet', 'VPC']))
    expect(report.kept[0]?.reason).toBe('had not ended 30 s after it was told to')
    expect(kinds(report, 'removed')).toEqual(expect.arrayContaining(['instance profile', 'role', 'role']))
    expect(report.exitCode).toBe(9)
  },
  LIMIT_MS,
)

test.skipIf(skips)(
  'an id that could match more than one experiment is refused, and an abort is obeyed',
  async () => {
    for (const experimentId of ['', '*', 'exp-*', '-x', 'a b'])
      expect(await clean(experimentId, true).catch((error) => error.code)).toBe('USAGE')
    const context = contextOf(bench.double, fastClock(SPEED))
    const aborted = AbortSignal.abort(new Error('Ctrl-C'))
    const stopped = cleanUp({ experimentId: 'exp-1', executes: true }, context, aborted)
    expect(await stopped.catch((error) => error.message)).toBe('Ctrl-C')
  },
)
