import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  DescribeInstanceAttributeCommand,
  DescribeInstancesCommand,
  DescribeVolumesCommand,
  DescribeVpcsCommand,
  type EC2Client,
  type Instance,
} from '@aws-sdk/client-ec2'
import { type Box, startBox } from './box/box.ts'
import { startVpcNetwork, type VpcNetwork } from './box/network.ts'
import type { World } from './box/world.ts'
import { isLive, type Machine } from './machine.ts'
import { type Relay, startRelay } from './relay.ts'

export interface InstancesOptions {
  readonly ec2: EC2Client
  /** Null where nothing can execute. */
  readonly world: World | null
  /** Folder of the host for output and sockets. */
  readonly folder: string
  readonly nowMs: () => number
  /** Root folder of what an image holds. */
  readonly imageRoot: (imageId: string) => string
  readonly shared: readonly string[]
  /** Files of every instance before its boot. */
  readonly files: Readonly<Record<string, string>>
  readonly env: Readonly<Record<string, string>>
  readonly relay: { readonly socket: string; readonly ports: readonly number[] }
}

/** All instances of the account, each with its namespaces. */
export interface Instances {
  /** By id, in the order of their start, the ended ones too. */
  readonly all: ReadonlyMap<string, Machine>
  /** Meets moto's account: new instances boot, those that ended are killed. Resolves before they have booted. */
  reconcile(): Promise<void>
  /** Kills an instance at once, whatever moto says; resolves when nothing of it runs. */
  kill(id: string): Promise<void>
  /** Resolves when all boots that were begun have ended, in whatever way. */
  settled(): Promise<void>
  end(): Promise<void>
}

interface Vpc {
  readonly network: VpcNetwork
  readonly relay: Relay
}

const USER_DATA_PATH = '/var/lib/cloud/instance/scripts/part-001'
const USER_DATA_RUNNER = `exec > /var/log/cloud-init-output.log 2>&1
${USER_DATA_PATH}
status=$?
echo "$status" > /var/lib/cloud/instance/boot-finished
exit "$status"
`

/** No instance yet. */
export function makeInstances(options: InstancesOptions): Instances {
  const { ec2, world, nowMs } = options
  const all = new Map<string, Machine>()
  const boots = new Map<string, Promise<void>>()
  const vpcs = new Map<string, Promise<Vpc>>()
  let spotRequests = 0
  let last: Promise<void> = Promise.resolve()

  const vpcOf = (own: World, vpcId: string): Promise<Vpc> => {
    const known = vpcs.get(vpcId) ?? startVpc(own, vpcId, options)
    vpcs.set(vpcId, known)
    return known
  }
  const boot = async (machine: Machine, isFirst: boolean): Promise<void> => {
    if (world === null) return
    const { network } = await vpcOf(world, machine.vpcId)
    const { id, address, imageId } = machine
    const box = await startBox(world, network, {
      ...{ id, address, shared: options.shared, files: options.files },
      image: options.imageRoot(imageId),
    })
    if (!isLive(machine)) return box.end()
    machine.box = box
    if (isFirst) void begin(machine, box, options)
  }
  const start = async (instance: Instance, earlier: Machine | undefined) => {
    const userData = await userDataOf(ec2, instance.InstanceId!)
    const diskGb = await diskOf(ec2, instance.InstanceId!)
    const isSpot = instance.InstanceLifecycle === 'spot'
    const machine = machineOf(instance, {
      ...{ userData, isSpot, diskGb, startedMs: nowMs() },
      spotRequestId: isSpot ? `sir-${(++spotRequests).toString(16).padStart(8, '0')}` : null,
    })
    all.set(machine.id, machine)
    boots.set(
      machine.id,
      boot(machine, earlier === undefined).catch((error) => noteBootFailure(machine, error)),
    )
  }
  const kill = async (id: string) => {
    const machine = all.get(id)
    if (machine === undefined) return
    machine.endedMs ??= nowMs()
    await boots.get(id)
    const { box } = machine
    machine.box = null
    await box?.end()
  }
  const meet = async () => {
    const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({}))
    for (const instance of Reservations.flatMap((each) => each.Instances ?? [])) {
      const known = all.get(instance.InstanceId!)
      const runs = instance.State?.Name === 'running'
      if (known !== undefined) known.tags = tagsOf(instance)
      if (runs && (known === undefined || known.isStopped)) await start(instance, known)
      if (runs || known === undefined) continue
      known.isStopped = instance.State?.Name === 'stopped'
      if (isLive(known)) await kill(known.id)
    }
  }
  return {
    all,
    kill,
    reconcile: () => {
      last = last.catch(() => {}).then(meet)
      return last
    },
    settled: async () => {
      await last
      await Promise.all(boots.values())
    },
    end: async () => {
      await Promise.all([...all.keys()].map(kill))
      for (const each of vpcs.values()) {
        const vpc = await each.catch(() => null)
        await vpc?.relay.end()
        await vpc?.network.end()
      }
    },
  }
}

function noteBootFailure(machine: Machine, error: unknown): void {
  machine.agent = 'never'
  console.error(`test double: instance ${machine.id} did not boot: ${error}`)
}

async function startVpc(world: World, vpcId: string, { ec2, relay }: InstancesOptions): Promise<Vpc> {
  const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand({ VpcIds: [vpcId] }))
  const network = await startVpcNetwork(world, Vpcs[0]!.CidrBlock!)
  try {
    return { network, relay: await startRelay(network, vpcId, relay) }
  } catch (error) {
    await network.end()
    throw error
  }
}

async function userDataOf(ec2: EC2Client, id: string): Promise<string> {
  const { UserData } = await ec2.send(
    new DescribeInstanceAttributeCommand({ InstanceId: id, Attribute: 'userData' }),
  )
  return Buffer.from(UserData?.Value ?? '', 'base64').toString('utf8')
}

async function diskOf(ec2: EC2Client, id: string): Promise<number> {
  const Filters = [{ Name: 'attachment.instance-id', Values: [id] }]
  const { Volumes = [] } = await ec2.send(new DescribeVolumesCommand({ Filters }))
  return Volumes.reduce((sum, volume) => sum + (volume.Size ?? 0), 0)
}

function tagsOf({ Tags = [] }: Instance): Record<string, string> {
  return Object.fromEntries(Tags.map(({ Key, Value }) => [Key!, Value ?? '']))
}

function machineOf(
  instance: Instance,
  own: Pick<Machine, 'userData' | 'isSpot' | 'spotRequestId' | 'diskGb' | 'startedMs'>,
): Machine {
  const profile = instance.IamInstanceProfile?.Arn
  return {
    ...own,
    id: instance.InstanceId!,
    type: instance.InstanceType!,
    imageId: instance.ImageId!,
    vpcId: instance.VpcId!,
    subnetId: instance.SubnetId!,
    address: instance.PrivateIpAddress!,
    publicAddress: instance.PublicIpAddress ?? null,
    zone: instance.Placement?.AvailabilityZone ?? '',
    profile: profile === undefined ? null : profile.slice(profile.lastIndexOf('/') + 1),
    tags: tagsOf(instance),
    isStopped: false,
    endedMs: null,
    agent: 'online',
    box: null,
    userDataStatus: null,
    interruptedAtMs: null,
    stateReason: null,
  }
}

// Only scripts: what cloud-init reads besides them would be left out silently.
async function begin(machine: Machine, box: Box, options: InstancesOptions): Promise<void> {
  if (machine.userData === '') {
    machine.userDataStatus = 0
    return
  }
  if (machine.userData.startsWith('#!')) return runUserData(machine, box, options).catch(noteFailure)
  noteFailure(`expected user data of ${machine.id} to start with #!`)
  function noteFailure(error: unknown): void {
    machine.userDataStatus = -1
    if (isLive(machine)) console.error(`test double: user data of ${machine.id}: ${error}`)
  }
}

/** As cloud-init does: once, as root, its output in the log that everybody looks at first. */
async function runUserData(machine: Machine, box: Box, options: InstancesOptions): Promise<void> {
  const folder = join(options.folder, machine.id)
  mkdirSync(folder, { recursive: true })
  await box.write(USER_DATA_PATH, `${machine.userData}\n`)
  const run = box.run({
    script: USER_DATA_RUNNER,
    path: '/var/lib/cloud/instance/run-user-data',
    folder: '/',
    stdout: join(folder, 'boot.out'),
    stderr: join(folder, 'boot.err'),
    env: options.env,
  })
  const status = await run.exited
  if (isLive(machine)) machine.userDataStatus = status
}
