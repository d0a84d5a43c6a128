import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { TerminateInstancesCommand } from '@aws-sdk/client-ec2'
import type { Clock, Timer } from '../../../src/clock/clock.ts'
import { SystemClock } from '../../../src/clock/system-clock.ts'
import { LINK_LOCAL } from './box/network.ts'
import { startWorld, type World } from './box/world.ts'
import { type Clients, CREDENTIALS, clientsOf, REGION } from './clients.ts'
import { makeEndings } from './ec2-endings.ts'
import { type Faults, makeFaults } from './faults.ts'
import { type Front, startFront } from './front.ts'
import { makeInstances } from './instances.ts'
import { type AgentState, isLive, type Machine } from './machine.ts'
import { type AwsTools, type Moto, startMoto } from './moto.ts'
import { makePlacementGroups } from './placement-groups.ts'
import { METADATA_PORT, SERVICES_PORT } from './relay.ts'
import { INTERRUPTION, makeSpot } from './spot.ts'
import { makeSsm, type Ssm } from './ssm.ts'

export interface DoubleOptions {
  readonly tools: AwsTools
  /** Of delays, bills and notices; default: real time. */
  readonly clock?: Clock
  /** Whether AWS's own policies exist, such as AmazonSSMManagedInstanceCore; default false, for they take seconds. */
  readonly hasManagedPolicies?: boolean
  /** Whether instances execute, which needs root; default true. Without it none is managed by SSM. */
  readonly executes?: boolean
  /** Folder of the host that an image holds; default: the host's own root. Writes never reach it. */
  readonly imageRoot?: (imageId: string) => string
  /** Folders of the host that every instance sees at the same path, read-only. */
  readonly shared?: readonly string[]
  /** Files of every instance before its boot, by absolute path: what an image would bring, such as a `systemctl`. */
  readonly files?: Readonly<Record<string, string>>
  /** Ports of the host's loopback that instances reach at 169.254.169.254, e.g. of a mirror of packages. */
  readonly ports?: readonly number[]
  /** Tag keys that Cost Explorer knows; default: `ExperimentID` and `Role`. */
  readonly costTags?: readonly string[]
}

/** What takes how long; may be changed at any time. */
export interface Timing {
  /** How long an invocation does not exist after its command was sent. */
  invisibleMs: number
  /** How long a terminated instance is shutting down. */
  endingMs: number
  /** How late usage shows on the bill. */
  billMs: number
  /** Groups that Cost Explorer gives on a page, and tag keys. */
  billPageSize: number
}

/** AWS as far as the lab needs it, on this machine. */
export interface AwsDouble {
  /** Of all services, on loopback: what `AWS_ENDPOINT_URL` names. */
  readonly endpoint: string
  /** Settings of an SDK client, or of a process that is its environment. */
  readonly client: { endpoint: string; region: string; credentials: typeof CREDENTIALS }
  readonly env: Readonly<Record<string, string>>
  readonly faults: Faults
  readonly timing: Timing
  /** Clients of moto itself, past every fault and rule: for tests that look behind. */
  readonly behind: Clients
  readonly behindEndpoint: string
  /** Temporary files; gone after `close`. */
  readonly folder: string
  readonly machines: ReadonlyMap<string, Machine>
  readonly commands: Ssm['commands']
  /** Takes a spot instance away, `noticeMs` after it is told so (AWS: 120,000). */
  interruptSpot(id: string, noticeMs: number): void
  /** Ids of spot requests that still stand. */
  openSpotRequests(): string[]
  /** Names of placement groups: moto, and so `behind`, knows none. */
  placementGroups(): string[]
  setAgent(id: string, state: AgentState): void
  /** Resolves when every boot that was begun has ended. */
  settled(): Promise<void>
  /** Ends everything: instances, servers, files. Idempotent. */
  close(): Promise<void>
}

const DAY_MS = 86_400_000
const INVISIBLE_MS = 150
const BILL_PAGE = 1_000

/** Starts the double; some seconds. It ends with this process, even by SIGKILL, but for its temporary folder. */
export async function startAwsDouble(options: DoubleOptions, signal: AbortSignal): Promise<AwsDouble> {
  const { tools, hasManagedPolicies = false } = options
  const folder = mkdtempSync(join(tmpdir(), 'bench-aws-'))
  const ends: (() => Promise<unknown>)[] = [async () => rmSync(folder, { recursive: true, force: true })]
  const close = async () => {
    for (let end = ends.pop(); end !== undefined; end = ends.pop()) await end()
  }
  try {
    const moto = await startMoto({ tools, folder, hasManagedPolicies }, signal)
    ends.push(() => moto.stop())
    const world = (options.executes ?? true) ? await startWorld() : null
    if (world !== null) ends.push(() => world.end())
    return assemble(options, { folder, moto, world, ends, close })
  } catch (error) {
    await close()
    throw error
  }
}

interface Parts {
  readonly folder: string
  readonly moto: Moto
  readonly world: World | null
  readonly ends: (() => Promise<unknown>)[]
  readonly close: () => Promise<void>
}

function assemble(options: DoubleOptions, { folder, moto, world, ends, close }: Parts): AwsDouble {
  const clock = options.clock ?? new SystemClock()
  const timing: Timing = { invisibleMs: INVISIBLE_MS, endingMs: 0, billMs: DAY_MS, billPageSize: BILL_PAGE }
  const { after, cancelAll } = timersOf(clock)
  const nowMs = () => clock.wallMs()
  const behind = clientsOf(moto.endpoint)
  const faults = makeFaults()
  const socket = join(folder, 'relay')
  const ports = [METADATA_PORT, SERVICES_PORT, ...(options.ports ?? [])]
  const instances = makeInstances({
    ...{ ec2: behind.ec2, world, folder, nowMs, relay: { socket, ports } },
    imageRoot: options.imageRoot ?? (() => '/'),
    shared: [...sharedOf(options.tools), ...(options.shared ?? [])],
    files: { ...filesOf(options.tools), ...options.files },
    env: INSIDE,
  })
  const ssm = makeSsm({
    ...{ machines: instances.all, s3: behind.s3, folder, nowMs, after },
    tagsOf: (id) => instances.all.get(id)?.tags ?? {},
    invisibleMs: () => timing.invisibleMs,
    env: ({ id }) => ({ ...INSIDE, AWS_SSM_INSTANCE_ID: id, AWS_SSM_REGION_NAME: REGION }),
  })
  const spot = makeSpot(instances.all)
  const groups = makePlacementGroups()
  const endings = makeEndings({ ec2: behind.ec2, instances, delayMs: () => timing.endingMs, after })
  const costs = {
    ...{ machines: instances.all, nowMs, delayMs: () => timing.billMs, pageSize: () => timing.billPageSize },
    activeTags: new Set(options.costTags ?? ['ExperimentID', 'Role']),
  }
  const front: Front = startFront({
    ...{ motoEndpoint: moto.endpoint, socket, ec2: behind.ec2, nowMs },
    ...{ faults, instances, ssm, spot, groups, endings, costs },
  })
  ends.push(async () => behind.destroy())
  ends.push(() => instances.end())
  ends.push(() => front.stop())
  ends.push(async () => cancelAll())
  const machine = (id: string): Machine => {
    const found = instances.all.get(id)
    if (found === undefined) throw new Error(`expected an instance, got ${id}`)
    return found
  }
  const takeAway = async (taken: Machine) => {
    taken.stateReason = INTERRUPTION
    await behind.ec2.send(new TerminateInstancesCommand({ InstanceIds: [taken.id] }))
    await instances.reconcile()
  }
  return {
    ...{ endpoint: front.endpoint, faults, timing, behind, behindEndpoint: moto.endpoint, close },
    client: { endpoint: front.endpoint, region: REGION, credentials: CREDENTIALS },
    env: {
      AWS_ENDPOINT_URL: front.endpoint,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    },
    folder,
    machines: instances.all,
    commands: ssm.commands,
    interruptSpot: (id, noticeMs) => {
      const taken = machine(id)
      taken.interruptedAtMs = nowMs() + noticeMs
      after(noticeMs, () => void (isLive(taken) && takeAway(taken).catch(() => {})))
    },
    openSpotRequests: () => spot.open(),
    placementGroups: () => groups.names(),
    setAgent: (id, state) => {
      machine(id).agent = state
    },
    settled: () => instances.settled(),
  }
}

/** What an instance's processes are told: where the services are. */
const INSIDE = { AWS_ENDPOINT_URL: `http://${LINK_LOCAL}:${SERVICES_PORT}` }

/** The command line of AWS, which real images bring; and what keeps boot scripts from asking the host. */
function filesOf(tools: AwsTools): Record<string, string> {
  return {
    '/usr/local/bin/aws': `#!/bin/sh\nexec ${join(tools.home, 'bin/aws')} "$@"\n`,
    // Disks are the host's.
    '/usr/local/bin/lsblk': '#!/bin/sh\n',
    // No name service: a question would wait for an answer.
    '/etc/resolv.conf': '',
  }
}

// A virtual environment is only links to the Python that made it, which need not be the system's.
function sharedOf(tools: AwsTools): string[] {
  const prefix = dirname(dirname(realpathSync(join(tools.home, 'bin/python'))))
  return prefix === '/usr' ? [tools.home] : [tools.home, prefix]
}

function timersOf(clock: Clock) {
  const timers = new Set<Timer>()
  const after = (delayMs: number, callback: () => void) => {
    const timer = clock.schedule(delayMs, () => {
      timers.delete(timer)
      callback()
    })
    timers.add(timer)
    return () => {
      timers.delete(timer)
      timer.cancel()
    }
  }
  const cancelAll = () => {
    for (const timer of timers) timer.cancel()
    timers.clear()
  }
  return { after, cancelAll }
}
