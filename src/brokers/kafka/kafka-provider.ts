import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ManagedNode, shutDownNodes, startNode } from '../base-node.ts'
import type { LocalBroker, LocalBrokerOptions, LocalBrokerProvider } from '../broker.ts'
import { startByRuntime } from '../container/index.ts'
import { freePorts, requireFreePort } from '../process/index.ts'
import { javaHome } from '../provision/index.ts'
import { engineRequirement, javaRequirement, mavenRequirement } from '../provision/requirements.ts'
import { withClassArchive } from './kafka-archive.ts'
import { kafkaInContainer } from './kafka-container.ts'
import { kafkaLeader } from './kafka-leader.ts'
import { KAFKA_IMAGE, KAFKA_VERSION, type KafkaInstallation, kafkaLibraries } from './kafka-libraries.ts'
import {
  formatStorage,
  randomClusterId,
  spawnKafka,
  untilHealthy,
  writeConfiguration,
} from './kafka-process.ts'
import { type KafkaExtra, type KafkaSecurity, prepareSecurity } from './kafka-security.ts'
import {
  jvmFlags,
  LOG4J,
  log4jFile,
  type NodePlan,
  serverProperties,
  shownSettings,
} from './kafka-settings.ts'

const CLUSTER_NODES = 3
const PORTS_PER_NODE = 5
/** The data is wiped at the end, so a node that does not stop soon is killed. */
const STOP_GRACE_MS = 5000

/** Apache Kafka in KRaft mode on this machine: a container of upstream's image, or jars from Maven, one process a node. */
export const kafkaProvider: LocalBrokerProvider = {
  name: 'kafka',
  inspect: async () => [await javaRequirement(), mavenRequirement(), await engineRequirement()],
  up,
}

async function up(options: LocalBrokerOptions, signal: AbortSignal): Promise<LocalBroker> {
  const extra = (options.extra ?? {}) as KafkaExtra
  return await startByRuntime(
    {
      name: 'kafka',
      image: KAFKA_IMAGE,
      nativeOnly: nativeOnly(options, extra),
      log: options.log,
      inContainer: async (engine) => {
        const [plan] = await planNodes(options, extra)
        return await kafkaInContainer(engine, plan as NodePlan, options, signal)
      },
      natively: () => upNatively(options, extra, signal),
    },
    signal,
  )
}

function nativeOnly({ topology, front }: LocalBrokerOptions, extra: KafkaExtra): string | null {
  if (front !== undefined) return 'a node with a proxy before it'
  if (topology === 'cluster') return 'a cluster'
  return Object.keys(extra).length > 0 ? 'a node with security or settings of its own' : null
}

async function upNatively(
  options: LocalBrokerOptions,
  extra: KafkaExtra,
  signal: AbortSignal,
): Promise<LocalBroker> {
  const installation = await install(options, signal)
  const security = await prepareSecurity(extra, options.directory, signal)
  const plans = await planNodes(options, extra)
  await writeFile(log4jFile(options.directory), LOG4J)
  const clusterId = randomClusterId()
  const dataFolders = plans.map(({ dataFolder }) => dataFolder)
  try {
    await Promise.all(
      plans.map(async (plan) => {
        await writeConfiguration(plan, serverProperties(plan, plans, options.profile, security))
        await formatStorage(installation, plan, clusterId, security?.scramArguments ?? [], signal)
      }),
    )
    const nodes = await startAll(installation, plans, options, signal)
    return {
      ...localBroker(options, plans, nodes, dataFolders, security),
      platform: installation.java.release,
    }
  } catch (error) {
    for (const folder of dataFolders) await rm(folder, { recursive: true, force: true })
    throw error
  }
}

async function install({ log }: LocalBrokerOptions, signal: AbortSignal): Promise<KafkaInstallation> {
  const java = await javaHome(log, signal)
  const libraries = await kafkaLibraries(log, signal)
  return await withClassArchive({ java, libraries, archive: null }, log, signal)
}

async function planNodes(options: LocalBrokerOptions, extra: KafkaExtra): Promise<NodePlan[]> {
  const count = options.topology === 'cluster' ? CLUSTER_NODES : 1
  const ports = await freePorts(count * PORTS_PER_NODE)
  for (const port of extra.ports ?? []) await requireFreePort(port, 'kafka')
  const planOf = async (i: number): Promise<NodePlan> => {
    const name = `kafka-${i + 1}`
    const [freePort = 0, controllerPort = 0, saslPort = 0, tlsPort = 0, internalPort = 0] = ports.slice(
      i * PORTS_PER_NODE,
    )
    const port = extra.ports?.[i] ?? freePort
    return {
      id: i + 1,
      name,
      port,
      front: (await options.front?.(i, `127.0.0.1:${port}`)) ?? null,
      internalPort,
      controllerPort,
      saslPort: extra.users === undefined ? null : saslPort,
      tlsPort: extra.tls ? tlsPort : null,
      dataFolder: join(extra.dataDirectory ?? join(options.directory, 'data'), name),
      logFile: join(options.directory, 'logs', `${name}.log`),
      configFile: join(options.directory, name, 'server.properties'),
    }
  }
  return await Promise.all(Array.from({ length: count }, (_, i) => planOf(i)))
}

/** All nodes at once: a cluster is healthy only together. */
async function startAll(
  installation: KafkaInstallation,
  plans: readonly NodePlan[],
  options: LocalBrokerOptions,
  signal: AbortSignal,
): Promise<ManagedNode[]> {
  const flags = [
    ...jvmFlags(options.profile, plans.length),
    `-Dlog4j2.configurationFile=${log4jFile(options.directory)}`,
  ]
  const failed = new AbortController()
  const together = AbortSignal.any([signal, failed.signal])
  const results = await Promise.allSettled(
    plans.map(async (plan) => {
      const address = `127.0.0.1:${plan.port}`
      const start = async (startSignal: AbortSignal) => {
        const server = await spawnKafka(installation, plan, flags, startSignal)
        try {
          await untilHealthy(server, plan, plans.length, startSignal)
          return server
        } catch (error) {
          await server.kill()
          throw error
        }
      }
      try {
        return await startNode(
          {
            name: plan.name,
            bound: address,
            advertised: plan.front ?? address,
            logFile: plan.logFile,
            start,
          },
          together,
        )
      } catch (error) {
        failed.abort(error)
        throw error
      }
    }),
  )
  const nodes = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  if (nodes.length === plans.length) return nodes
  await shutDownNodes(nodes, [], 0)
  throw failed.signal.aborted ? failed.signal.reason : signal.reason
}

function localBroker(
  options: LocalBrokerOptions,
  plans: readonly NodePlan[],
  nodes: readonly ManagedNode[],
  dataFolders: readonly string[],
  security: KafkaSecurity | null,
): LocalBroker {
  const settings = shownSettings(options.profile, plans.length, KAFKA_VERSION)
  const addresses = (ports: readonly (number | null)[]) => ports.map((port) => `127.0.0.1:${port}`).join()
  if (plans[0]?.saslPort) settings['sasl.servers'] = addresses(plans.map(({ saslPort }) => saslPort))
  if (plans[0]?.tlsPort) settings['tls.servers'] = addresses(plans.map(({ tlsPort }) => tlsPort))
  if (security?.caFile) settings['tls.caFile'] = security.caFile
  return {
    name: 'kafka',
    version: KAFKA_VERSION,
    runtime: 'native',
    topology: options.topology,
    servers: plans.map(({ port, front }) => front ?? `127.0.0.1:${port}`),
    settings,
    dataFolders,
    nodes,
    leaderOf: (topic, signal) =>
      kafkaLeader(
        plans.map(({ port }) => `127.0.0.1:${port}`),
        topic,
        signal,
      ),
    down: () => shutDownNodes(nodes, dataFolders, STOP_GRACE_MS),
  }
}
