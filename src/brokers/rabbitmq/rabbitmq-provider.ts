import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../../errors/app-error.ts'
import type { ManagedNode } from '../base-node.ts'
import type { LocalBroker, LocalBrokerOptions, LocalBrokerProvider, Requirement } from '../broker.ts'
import { startByRuntime } from '../container/index.ts'
import { freePorts, type ServerProcess, spawnServer } from '../process/index.ts'
import { RABBITMQ_IMAGE, rabbitmqInContainer } from './rabbitmq-container.ts'
import { type RabbitmqExtra, rabbitmqExtraSchema } from './rabbitmq-extra.ts'
import { type BrokerPlan, type NativePlan, type NodePlan, writeNodeFiles } from './rabbitmq-files.ts'
import { installRabbitmq } from './rabbitmq-install.ts'
import { rabbitmqLeader } from './rabbitmq-leader.ts'
import { control, startRabbitmqNode } from './rabbitmq-node.ts'
import { settingsOf } from './rabbitmq-settings.ts'
import { portTaken, withFirstErrors } from './rabbitmq-start-errors.ts'

const CLUSTER_NODES = 3

/** RabbitMQ on this machine: Debian's packages from the cache, one node or three, on free loopback ports. */
export const rabbitmqProvider: LocalBrokerProvider = { name: 'rabbitmq', inspect, up }

function inspect(): Promise<readonly Requirement[]> {
  const found = Bun.which('apt-get') !== null && Bun.which('dpkg-deb') !== null
  const requirement: Requirement = found
    ? {
        what: 'RabbitMQ and Erlang',
        found,
        detail: "Debian's packages, unpacked into the cache on first use (35 MB)",
      }
    : {
        what: 'RabbitMQ and Erlang',
        found,
        detail: 'apt-get and dpkg-deb are needed to unpack them; or name a broker of yours under servers',
      }
  return Promise.resolve([requirement])
}

async function up(options: LocalBrokerOptions, signal: AbortSignal): Promise<LocalBroker> {
  const extra = parseExtra(options.extra)
  return await startByRuntime(
    {
      name: 'RabbitMQ',
      image: RABBITMQ_IMAGE,
      nativeOnly: nativeOnly(options, extra),
      log: options.log,
      inContainer: async (engine) =>
        await rabbitmqInContainer(engine, await planBroker(options, extra), options.topology, signal),
      natively: () => upNatively(options, extra, signal),
    },
    signal,
  )
}

function nativeOnly({ topology, front }: LocalBrokerOptions, extra: RabbitmqExtra): string | null {
  if (front !== undefined) return 'a node with a proxy before it'
  if (topology === 'cluster') return 'a cluster'
  return extra.tls || extra.configuration.length > 0 ? 'a node with TLS or settings of its own' : null
}

async function upNatively(
  options: LocalBrokerOptions,
  extra: RabbitmqExtra,
  signal: AbortSignal,
): Promise<LocalBroker> {
  const install = await installRabbitmq(options.log, signal)
  const broker: NativePlan = { ...(await planBroker(options, extra)), install }
  let portMapper = null as ServerProcess | null
  const nodes: ManagedNode[] = []
  const down = onceOnly(async () => {
    // What is killed needs no goodbye: the data goes with it.
    await Promise.all(nodes.map((node) => node.kill()))
    await portMapper?.kill()
    await Promise.all(broker.nodes.map((node) => rm(node.directory, { recursive: true, force: true })))
  })
  try {
    await Promise.all(broker.nodes.map((node) => writeNodeFiles(broker, node)))
    portMapper = startPortMapper(broker, options, signal)
    options.log(
      `waiting for ${broker.nodes.map((node) => node.name).join(', ')} (RabbitMQ ${install.version})`,
    )
    nodes.push(...(await startAll(broker, signal)))
    if (broker.nodes.length > 1) await checkCluster(broker, signal)
    return {
      name: 'rabbitmq',
      version: install.version,
      runtime: 'native',
      topology: options.topology,
      servers: broker.nodes.map((node) => node.front ?? `127.0.0.1:${node.amqpPort}`),
      settings: await settingsOf(broker),
      dataFolders: broker.nodes.map(({ directory }) => directory),
      nodes,
      leaderOf: (topic, leaderSignal) => rabbitmqLeader(broker, topic, leaderSignal),
      down,
    }
  } catch (error) {
    await down()
    throw portTaken(error, broker) ?? withFirstErrors(error, broker)
  }
}

function parseExtra(extra: LocalBrokerOptions['extra']): RabbitmqExtra {
  const parsed = rabbitmqExtraSchema.safeParse(extra ?? {})
  if (parsed.success) return parsed.data
  throw new AppError('CONFIG', `expected extra settings of RabbitMQ, got ${parsed.error.issues[0]?.message}`)
}

async function planBroker(options: LocalBrokerOptions, extra: RabbitmqExtra): Promise<BrokerPlan> {
  const count = options.topology === 'cluster' ? CLUSTER_NODES : 1
  const [epmdPort, ...ports] = (await freePorts(1 + 3 * count)) as [number, ...number[]]
  const planOf = async (index: number): Promise<NodePlan> => {
    const name = `rabbitmq-${index + 1}`
    const amqpPort = index === 0 && extra.port !== undefined ? extra.port : (ports[3 * index] as number)
    return {
      name,
      erlangName: `${name}@localhost`,
      amqpPort,
      front: (await options.front?.(index, `127.0.0.1:${amqpPort}`)) ?? null,
      distributionPort: ports[3 * index + 1] as number,
      tlsPort: extra.tls ? (ports[3 * index + 2] as number) : null,
      directory: join(options.directory, name),
      logFile: join(options.directory, 'logs', `${name}.log`),
    }
  }
  const nodes = await Promise.all(Array.from({ length: count }, (_, index) => planOf(index)))
  return {
    profile: options.profile,
    extra,
    epmdPort,
    cookie: randomBytes(16).toString('hex'),
    nodes,
  }
}

/** A port mapper of our own, in the foreground: the nodes would start one that outlives them. */
function startPortMapper(
  broker: NativePlan,
  options: LocalBrokerOptions,
  signal: AbortSignal,
): ServerProcess {
  return spawnServer({
    command: broker.install.epmd,
    args: ['-address', '127.0.0.1', '-port', String(broker.epmdPort)],
    env: { LD_LIBRARY_PATH: broker.install.libraryPath },
    cwd: options.directory,
    logFile: join(options.directory, 'logs', 'epmd.log'),
    signal,
  })
}

/** The nodes look for each other while they start, so all start at once; when one fails, the others end too. */
async function startAll(broker: NativePlan, signal: AbortSignal): Promise<ManagedNode[]> {
  const failing = new AbortController()
  const end = AbortSignal.any([signal, failing.signal])
  const starting = await Promise.allSettled(
    broker.nodes.map((plan) =>
      startRabbitmqNode(broker, plan, end).catch((error) => {
        failing.abort(error)
        throw error
      }),
    ),
  )
  const nodes = starting.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  if (nodes.length === broker.nodes.length) return nodes
  await Promise.all(nodes.map((node) => node.kill()))
  throw end.reason
}

/** Each node is healthy by itself; here they must also have found each other. */
async function checkCluster(broker: NativePlan, signal: AbortSignal): Promise<void> {
  const first = broker.nodes[0] as NodePlan
  const status = JSON.parse(
    await control(broker, first, ['cluster_status', '--formatter', 'json', '--quiet'], signal),
  ) as { running_nodes: string[] }
  if (status.running_nodes.length === broker.nodes.length) return
  throw new AppError(
    'PREPARE',
    `expected ${broker.nodes.length} RabbitMQ nodes in one cluster, got ${status.running_nodes.join(', ')}`,
    { hint: `the first node's log: ${first.logFile}` },
  )
}

function onceOnly(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null
  return () => {
    running ??= work()
    return running
  }
}
