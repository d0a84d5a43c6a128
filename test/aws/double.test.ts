// Goal: the stand-in for AWS that the lab is tested against does what moto does not: its instances execute, what must
// not be deleted yet is refused, spot instances are taken away, costs follow the tags, and nothing of it is left on the
// host. Method: the AWS SDK alone, against the double with real instances; the host is searched for what they leave.
import { afterAll, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { CostExplorerClient, GetCostAndUsageCommand } from '@aws-sdk/client-cost-explorer'
import {
  CreatePlacementGroupCommand,
  DeleteSecurityGroupCommand,
  DeleteSubnetCommand,
  DeleteVpcCommand,
  DescribeInstancesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSpotInstanceRequestsCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2'
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import {
  CancelCommandCommand,
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  type GetCommandInvocationResult,
  SendCommandCommand,
} from '@aws-sdk/client-ssm'
import { pollUntil } from '../support/poll.ts'
import { skipLoudly } from '../support/skip.ts'
import { anyImage, makeSite, runInstances, type Site } from './double/account.ts'
import { missingForBoxes } from './double/box/world.ts'
import { type Clients, clientsOf } from './double/clients.ts'
import { type AwsDouble, startAwsDouble } from './double/double.ts'
import { DENIED, THROTTLED } from './double/faults.ts'
import { livingIn, namespacesOf, visibleOnHost } from './double/host-traces.ts'
import { awsTools } from './double/moto.ts'
import { DOUBLE_PRICES } from './double/prices.ts'
import { addedSince, scan, withTag } from './double/scan.ts'
import { shiftedClock } from './double/test-clocks.ts'

const LIMIT_MS = 120_000
const HOUR_MS = 3_600_000
const never = new AbortController().signal
const missing = missingForBoxes()
const tools = missing === null ? await awsTools(console.log) : missing
const clock = shiftedClock(Date.parse('2026-11-10T00:00:00Z'))

interface Bench {
  /** A server of the host that instances reach. */
  readonly mirror: Bun.Server<undefined>
  readonly double: AwsDouble
  readonly clients: Clients
  readonly site: Site
}

async function openBench(): Promise<Bench | null> {
  if (typeof tools === 'string') return null
  const files = { '/usr/local/bin/systemctl': '#!/bin/sh\necho "no systemd: $*"\n' }
  const mirror = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('a package') })
  const ports = [mirror.port!]
  const double = await startAwsDouble({ tools, clock, files, ports }, never)
  const clients = clientsOf(double.endpoint)
  return { double, clients, mirror, site: await makeSite(clients, 'site', { ExperimentID: 'site' }) }
}

const opened = await openBench()
const skips = opened === null && skipLoudly(`the AWS test double needs ${tools}`)
const bench = opened as Bench

afterAll(async () => {
  opened?.clients.destroy()
  await opened?.double.close()
  await opened?.mirror.stop(true)
}, LIMIT_MS)

async function run(
  ids: readonly string[],
  script: string,
  more: Record<string, string[]> = {},
  bucket?: string,
) {
  const { Command } = await bench.clients.ssm.send(
    new SendCommandCommand({
      DocumentName: 'AWS-RunShellScript',
      InstanceIds: [...ids],
      Parameters: { commands: [script], ...more },
      ...(bucket === undefined ? {} : { OutputS3BucketName: bucket, OutputS3KeyPrefix: 'runs' }),
    }),
  )
  return Command!.CommandId!
}

async function ended(commandId: string, id: string): Promise<GetCommandInvocationResult> {
  let last: GetCommandInvocationResult = {}
  const request = new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: id })
  await pollUntil(`the end of ${commandId}`, LIMIT_MS, async () => {
    last = await bench.clients.ssm.send(request).catch((error) => {
      if (error.name !== 'InvocationDoesNotExist') throw error
      return {}
    })
    return !['', 'Pending', 'InProgress'].includes(last.Status ?? '')
  })
  return last
}

async function boot(
  count: number,
  tags: Record<string, string>,
  options: { userData?: string; isSpot?: boolean } = {},
) {
  const ids = await runInstances(bench.clients, bench.site, { count, tags, ...options })
  await bench.double.settled()
  return ids
}

test.skipIf(skips)(
  'instances run their user data at boot, commands with their own exit code, and servers that others reach',
  async () => {
    const userData =
      '#!/bin/bash\nmkdir -p /srv/www && echo "served by $(hostname)" > /srv/www/index.html\nexit 7\n'
    const [a = '', b = ''] = await boot(2, { Role: 'web' }, { userData })
    const { double } = bench
    await pollUntil(
      'the end of the user data',
      LIMIT_MS,
      () => double.machines.get(a)!.userDataStatus !== null,
    )
    expect(double.machines.get(a)!.userDataStatus).toBe(7)
    const address = double.machines.get(a)!.address
    const serve = 'cd /srv/www && nohup python3 -m http.server 3181 > /dev/null 2>&1 &'
    expect((await ended(await run([a], serve), a)).ResponseCode).toBe(0)
    const ask = `curl -s --retry 100 --retry-delay 1 --retry-connrefused --max-time 60 http://${address}:3181/ && echo oops >&2 && exit 3`
    const asked = await ended(await run([b], ask), b)
    expect(asked).toMatchObject({ Status: 'Failed', ResponseCode: 3, StandardErrorContent: 'oops\n' })
    expect(asked.StandardOutputContent).toBe(`served by ip-${address.replaceAll('.', '-')}\n`)
    const outside = `systemctl start broker; curl -s http://169.254.169.254:${bench.mirror.port}/x`
    const reached = await ended(await run([a], outside), a)
    expect(reached.StandardOutputContent).toBe('no systemd: start broker\na package')
    expect(visibleOnHost([a, b], [address])).toEqual([])
    expect(existsSync('/srv/www/index.html')).toBe(false)
  },
  LIMIT_MS,
)

test.skipIf(skips)(
  'an invocation does not exist at first, output is cut but stored whole, time limits and cancels kill',
  async () => {
    const { clients, double } = bench
    const [id = ''] = await boot(1, {})
    double.timing.invisibleMs = LIMIT_MS
    const early = await run([id], 'true')
    const asked = clients.ssm.send(new GetCommandInvocationCommand({ CommandId: early, InstanceId: id }))
    expect(await asked.catch((error) => error.name)).toBe('InvocationDoesNotExist')
    double.timing.invisibleMs = 0
    await clients.s3.send(new CreateBucketCommand({ Bucket: 'outputs' }))
    const long = await run([id], 'seq -w 1 10000', {}, 'outputs')
    expect((await ended(long, id)).StandardOutputContent).toHaveLength(24_000)
    const Key = `runs/${long}/${id}/awsrunShellScript/0.awsrunShellScript/stdout`
    const stored = await clients.s3.send(new GetObjectCommand({ Bucket: 'outputs', Key }))
    expect(await stored.Body?.transformToString()).toHaveLength(60_000)
    const { Contents = [] } = await clients.s3.send(new ListObjectsV2Command({ Bucket: 'outputs' }))
    expect(Contents.map((each) => each.Key)).toEqual([Key])
    const slow = await run([id], 'echo begun; sleep 1000', { executionTimeout: ['1'] })
    expect(await ended(slow, id)).toMatchObject({
      ...{ Status: 'TimedOut', StatusDetails: 'ExecutionTimedOut', ResponseCode: -1 },
      StandardOutputContent: 'begun\n',
    })
    const cancelled = await run([id], 'sleep 1001')
    await clients.ssm.send(new CancelCommandCommand({ CommandId: cancelled }))
    expect(await ended(cancelled, id)).toMatchObject({ Status: 'Cancelled', ResponseCode: -1 })
    const rest = await ended(await run([id], 'pgrep -fc "^sleep 100[01]$"'), id)
    expect(rest.StandardOutputContent).toBe('0\n')
  },
  LIMIT_MS,
)

test.skipIf(skips)(
  'what is still in use is not deleted, and a retry with the same token runs nothing twice',
  async () => {
    const { clients, double } = bench
    const { ec2 } = clients
    const before = await scan(double)
    const site = await makeSite(clients, 'strict', { ExperimentID: 'strict' }, '10.9.0.0/16')
    const request = new RunInstancesCommand({
      ...{ ImageId: await anyImage(clients), InstanceType: 't3.micro', MinCount: 1, MaxCount: 1 },
      ...{ SubnetId: site.subnetId, SecurityGroupIds: [site.groupId], ClientToken: 'once' },
    })
    const first = (await ec2.send(request)).Instances?.map((each) => each.InstanceId)
    expect((await ec2.send(request)).Instances?.map((each) => each.InstanceId)).toEqual(first!)
    const refusals = async () => [
      await ec2.send(new DeleteSubnetCommand({ SubnetId: site.subnetId })).catch((error) => error.name),
      await ec2.send(new DeleteSecurityGroupCommand({ GroupId: site.groupId })).catch((error) => error.name),
      await ec2.send(new DeleteVpcCommand({ VpcId: site.vpcId })).catch((error) => error.name),
    ]
    const violation = 'DependencyViolation'
    expect(await refusals()).toEqual([violation, violation, violation])
    const vpc = [{ Name: 'vpc-id', Values: [site.vpcId] }]
    const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({ Filters: vpc }))
    const standard = SecurityGroups.find((group) => group.GroupName === 'default')
    const refused = ec2.send(new DeleteSecurityGroupCommand({ GroupId: standard?.GroupId }))
    expect(await refused.catch((error) => error.name)).toBe('CannotDelete')
    double.timing.endingMs = LIMIT_MS
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: first! as string[] }))
    const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: first! as string[] }))
    expect(Reservations?.[0]?.Instances?.[0]?.State?.Name).toBe('shutting-down')
    expect((await refusals())[0]).toBe(violation)
    double.timing.endingMs = 0
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: first! as string[] }))
    expect((await refusals()).filter((each) => typeof each === 'string')).toEqual([])
    await ec2.send(new CreatePlacementGroupCommand({ GroupName: 'close', Strategy: 'cluster' }))
    const added = addedSince(before, await scan(double))
    const left = ['ec2/placement-group close', 'iam/instance-profile strict', 'iam/role strict']
    expect(added.map(({ kind, id }) => `${kind} ${id}`).sort()).toEqual(left)
    expect(
      withTag(added, 'ExperimentID', 'strict')
        .map(({ kind }) => kind)
        .sort(),
    ).toEqual(['iam/instance-profile', 'iam/role'])
  },
  LIMIT_MS,
)

test.skipIf(skips)(
  'a spot instance has a request, is told before it is taken away, and says why it went',
  async () => {
    const { clients, double } = bench
    const [id = ''] = await boot(1, { Role: 'spot' }, { isSpot: true })
    const described = async () => {
      const { Reservations } = await clients.ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }))
      return Reservations?.[0]?.Instances?.[0]
    }
    const requestId = (await described())?.SpotInstanceRequestId
    const requests = async () => {
      const request = new DescribeSpotInstanceRequestsCommand({ SpotInstanceRequestIds: [requestId!] })
      return (await clients.ec2.send(request)).SpotInstanceRequests?.map((each) => each.State)
    }
    expect(await requests()).toEqual(['active'])
    const metadata = `TOKEN=$(curl -s -X PUT http://169.254.169.254/latest/api/token)
      ask() { curl -s -o /dev/null -w '%{http_code} ' -H "x-aws-ec2-metadata-token: $TOKEN" "http://169.254.169.254/latest/$1"; }
      curl -s -o /dev/null -w '%{http_code} ' http://169.254.169.254/latest/meta-data/instance-id
      ask meta-data/instance-id; ask meta-data/spot/instance-action`
    const told = async () => (await ended(await run([id], metadata), id)).StandardOutputContent
    expect(await told()).toBe('401 200 404 ')
    double.interruptSpot(id, LIMIT_MS)
    expect(await told()).toBe('401 200 200 ')
    double.interruptSpot(id, 0)
    await pollUntil(
      'the instance to be gone',
      LIMIT_MS,
      async () => (await described())?.State?.Name === 'terminated',
    )
    expect((await described())?.StateReason?.Code).toBe('Server.SpotInstanceTermination')
    expect(await requests()).toEqual(['closed'])
    const { InstanceInformationList } = await clients.ssm.send(
      new DescribeInstanceInformationCommand({ Filters: [{ Key: 'InstanceIds', Values: [id] }] }),
    )
    expect(InstanceInformationList).toEqual([])
  },
  LIMIT_MS,
)

test.skipIf(skips)(
  'costs are computed from what ran, by tag and service, and show a day late',
  async () => {
    const { double } = bench
    const ids = await boot(2, { ExperimentID: 'cost-1', Role: 'broker', team: 'x' })
    clock.skip(10 * HOUR_MS)
    await bench.clients.ec2.send(new TerminateInstancesCommand({ InstanceIds: ids }))
    const explorer = new CostExplorerClient({ ...double.client, maxAttempts: 1 })
    const ask = async (key: string) => {
      const { ResultsByTime = [] } = await explorer.send(
        new GetCostAndUsageCommand({
          TimePeriod: { Start: '2026-11-01', End: '2026-12-01' },
          ...{ Granularity: 'MONTHLY', Metrics: ['UnblendedCost', 'UsageQuantity'] },
          Filter: { Tags: { Key: 'ExperimentID', Values: ['cost-1'] } },
          GroupBy: [
            { Type: 'DIMENSION', Key: 'SERVICE' },
            { Type: 'TAG', Key: key },
          ],
        }),
      )
      return ResultsByTime.flatMap((each) => each.Groups ?? [])
    }
    expect(await ask('Role')).toEqual([])
    clock.skip(25 * HOUR_MS)
    const groups = await ask('Role')
    expect(groups.map((group) => group.Keys)).toEqual([
      ['Amazon Elastic Compute Cloud - Compute', 'Role$broker'],
      ['EC2 - Other', 'Role$broker'],
    ])
    const hours = Number(groups[0]?.Metrics?.UsageQuantity?.Amount)
    const usd = Number(groups[0]?.Metrics?.UnblendedCost?.Amount)
    expect(hours).toBeGreaterThanOrEqual(20)
    expect(usd).toBeCloseTo(hours * DOUBLE_PRICES.instanceHour['t3.small']!, 9)
    expect((await ask('team'))[0]?.Keys?.[1]).toBe('team$')
    explorer.destroy()
  },
  LIMIT_MS,
)

test.skipIf(skips)('a call fails on demand, before or after it is carried out', async () => {
  const { clients, double } = bench
  const call = () =>
    clients.ssm.send(new DescribeInstanceInformationCommand({})).then(
      () => 'fine',
      (error) => error.name,
    )
  const ssm = { service: 'ssm', action: 'DescribeInstanceInformation' }
  const remove = double.faults.add({ ...ssm, from: 2, count: 2, error: THROTTLED.ssm })
  const throttled = 'ThrottlingException'
  expect([await call(), await call(), await call(), await call()]).toEqual([
    'fine',
    throttled,
    throttled,
    'fine',
  ])
  remove()
  double.faults.add({ service: 's3', action: 'CreateBucket', error: DENIED.s3, isCarriedOut: true })
  const made = clients.s3.send(new CreateBucketCommand({ Bucket: 'made-anyway' }))
  expect(await made.catch((error) => error.name)).toBe('AccessDenied')
  expect((await scan(double)).some(({ id }) => id === 'made-anyway')).toBe(true)
  double.faults.clear()
})

test.skipIf(skips)(
  'two VPCs may have the same addresses, and nothing is left of any instance',
  async () => {
    const { clients, double } = bench
    const [east, west] = [await makeSite(clients, 'east', {}), await makeSite(clients, 'west', {})]
    const [a = ''] = await runInstances(clients, east, { count: 1, tags: {} })
    const [b = ''] = await runInstances(clients, west, { count: 1, tags: {} })
    await double.settled()
    expect(double.machines.get(a)!.address).toBe(double.machines.get(b)!.address)
    const whoAmI = `nohup sleep 10000 > /dev/null 2>&1 &
      TOKEN=$(curl -s -X PUT http://169.254.169.254/latest/api/token)
      curl -s -H "x-aws-ec2-metadata-token: $TOKEN" http://169.254.169.254/latest/meta-data/instance-id`
    const said = await Promise.all([a, b].map(async (id) => ended(await run([id], whoAmI), id)))
    expect(said.map((each) => each.StandardOutputContent)).toEqual([a, b])
    const live = [...double.machines.values()].filter((machine) => machine.box !== null)
    const namespaces = live.flatMap((machine) => namespacesOf(machine.box!.pid))
    expect(livingIn(namespaces).length).toBeGreaterThan(live.length)
    clients.destroy()
    await double.close()
    await pollUntil('no process in the instances', LIMIT_MS, () => livingIn(namespaces).length === 0)
    expect(existsSync(double.folder)).toBe(false)
  },
  LIMIT_MS,
)

test.skipIf(skips)(
  'killed by SIGKILL, the double takes its instances along',
  async () => {
    const child = Bun.spawn([process.execPath, `${import.meta.dir}/double/orphan-fixture.ts`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const namespaces: string[] = JSON.parse(await firstLine(child.stdout))
    expect(livingIn(namespaces).length).toBeGreaterThan(1)
    child.kill('SIGKILL')
    await child.exited
    await pollUntil('no process in the instance', LIMIT_MS, () => livingIn(namespaces).length === 0)
  },
  LIMIT_MS,
)

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = ''
  for await (const chunk of stream) {
    text += new TextDecoder().decode(chunk)
    if (text.includes('\n')) break
  }
  return text.split('\n')[0]!
}
