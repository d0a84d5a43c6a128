import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../../errors/app-error.ts'
import type { LocalBroker, LocalBrokerOptions, LocalBrokerProvider, Requirement } from '../broker.ts'
import { freePorts, type ServerProcess, spawnServer } from '../process/index.ts'
import { type RabbitmqExtra, rabbitmqExtraSchema } from './rabbitmq-extra.ts'
import { type BrokerPlan, LIMITS, type NodePlan, vmArguments, writeNodeFiles } from './rabbitmq-files.ts'
import { installRabbitmq, type RabbitmqInstall } from './rabbitmq-install.ts'
import { control, type RabbitmqNode, startNode } from './rabbitmq-node.ts'
import { probeRabbitmq } from './rabbitmq-probe.ts'

const CLUSTER_NODES = 3
const MIB = 1_048_576

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
  const install = await installRabbitmq(options.log, signal)
  const broker = await planBroker(options, extra, install)
  const started = { epmd: null as ServerProcess | null, nodes: [] as RabbitmqNode[] }
  const down = onceOnly(async () => {
    // What is killed needs no goodbye: the data goes with it.
    await Promise.all(started.nodes.map((node) => node.kill()))
    await started.epmd?.kill()
    await Promise.all(broker.nodes.map((node) => rm(node.directory, { recursive: true, force: true })))
  })
  try {
    await Promise.all(broker.nodes.map((node) => writeNodeFiles(broker, node)))
    started.epmd = startPortMapper(broker, options, signal)
    for (const plan of broker.nodes) started.nodes.push(startNode(broker, plan, signal))
    options.log(
      `waiting for ${broker.nodes.map((node) => node.name).join(', ')} (RabbitMQ ${install.version})`,
    )
    await Promise.all(started.nodes.map((node) => node.healthy(signal)))
    if (broker.nodes.length > 1) await checkCluster(broker, signal)
    return {
      name: 'rabbitmq',
      version: install.version,
      runtime: 'native',
      topology: options.topology,
      servers: broker.nodes.map((node) => `127.0.0.1:${node.amqpPort}`),
      settings: await settingsOf(broker),
      nodes: started.nodes,
      down,
    }
  } catch (error) {
    await down()
    throw portTaken(error, broker) ?? error
  }
}

function parseExtra(extra: LocalBrokerOptions['extra']): RabbitmqExtra {
  const parsed = rabbitmqExtraSchema.safeParse(extra ?? {})
  if (parsed.success) return parsed.data
  throw new AppError('CONFIG', `expected extra settings of RabbitMQ, got ${parsed.error.issues[0]?.message}`)
}

async function planBroker(
  options: LocalBrokerOptions,
  extra: RabbitmqExtra,
  install: RabbitmqInstall,
): Promise<BrokerPlan> {
  const count = options.topology === 'cluster' ? CLUSTER_NODES : 1
  const [epmdPort, ...ports] = (await freePorts(1 + 3 * count)) as [number, ...number[]]
  const nodes = Array.from({ length: count }, (_, index): NodePlan => {
    const name = `rabbitmq-${index + 1}`
    return {
      name,
      erlangName: `${name}@localhost`,
      amqpPort: index === 0 && extra.port !== undefined ? extra.port : (ports[3 * index] as number),
      distributionPort: ports[3 * index + 1] as number,
      tlsPort: extra.tls ? (ports[3 * index + 2] as number) : null,
      directory: join(options.directory, name),
      logFile: join(options.directory, 'logs', `${name}.log`),
    }
  })
  return {
    install,
    profile: options.profile,
    extra,
    epmdPort,
    cookie: randomBytes(16).toString('hex'),
    nodes,
  }
}

/** A port mapper of our own, in the foreground: the nodes would start one that outlives them. */
function startPortMapper(
  broker: BrokerPlan,
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

/** Each node is healthy by itself; here they must also have found each other. */
async function checkCluster(broker: BrokerPlan, signal: AbortSignal): Promise<void> {
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

async function settingsOf(broker: BrokerPlan): Promise<Record<string, string>> {
  const limits = LIMITS[broker.profile]
  const first = broker.nodes[0] as NodePlan
  return {
    profile: broker.profile,
    nodes: String(broker.nodes.length),
    platform: await probeRabbitmq(first.amqpPort),
    'Erlang schedulers': broker.profile === 'quick' ? '1 a node' : 'one a core, each node (the default)',
    'Erlang VM arguments': vmArguments(broker.profile),
    'memory high watermark': `${limits.memoryBytes / MIB} MiB a node (publishers are blocked above)`,
    'disk free limit': `${limits.freeDiskBytes / MIB} MiB (publishers are blocked below)`,
    'cluster partition handling': 'pause_minority',
    plugins: 'none (no management, no prometheus)',
    durability:
      'quorum queues fsync their log in batches before the confirm; classic queues write persistent messages ' +
      'and fsync in batches before the confirm; streams confirm without fsync',
    ...(broker.extra.tls && { 'tls listener': `127.0.0.1:${first.tlsPort}` }),
  }
}

/** A port that another program holds, said plainly; RabbitMQ itself says `eaddrinuse` in a long report. */
function portTaken(error: unknown, broker: BrokerPlan): AppError | null {
  if (!(error instanceof AppError) || !/eaddrinuse|address already in use/i.test(error.message)) return null
  const wanted = broker.nodes.map((node) => node.amqpPort).join(', ')
  return new AppError(
    'PREPARE',
    `expected ports ${wanted} on 127.0.0.1 to be free for RabbitMQ, but one is taken\n${error.message}`,
    { hint: 'start again (bench picks free ports), or end the program that holds the port', cause: error },
  )
}

function onceOnly(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null
  return () => {
    running ??= work()
    return running
  }
}
