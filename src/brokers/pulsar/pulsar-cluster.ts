import type { ManagedNode } from '../base-node.ts'
import { waitUntil } from '../process/index.ts'
import { accepts, isHealthy, isRegistered, zookeeperServes } from './pulsar-ask.ts'
import type { PulsarExtra, PulsarSecurity } from './pulsar-extra.ts'
import type { PulsarInstallation } from './pulsar-install.ts'
import type { ClusterPlan } from './pulsar-plan.ts'
import { runTool, startPulsarNode, writeConfiguration } from './pulsar-process.ts'
import {
  type BrokerPlan,
  bookieSettings,
  brokerSettings,
  CLUSTER_NAME,
  type NodePlan,
  type Profile,
  registrationOf,
  zookeeperSettings,
} from './pulsar-settings.ts'

/** ZooKeeper notices a dead session after its time-out and a tick or two. */
const UNREGISTERED_LIMIT_MS = 60_000
const LOOK_EVERY_MS = 250

export interface ClusterParts {
  readonly installation: PulsarInstallation
  readonly plan: ClusterPlan
  readonly profile: Profile
  readonly extra: PulsarExtra
  readonly security: PulsarSecurity
  readonly log: (line: string) => void
}

/**
 * Starts ZooKeeper, the bookies, then the brokers; each broker is healthy when a message went through the bookies and
 * back. Each node is handed to `onNode` as soon as it runs: what to end when a later one fails. Resolves to brokers,
 * bookies and ZooKeeper, in this order.
 */
export async function startCluster(
  parts: ClusterParts,
  onNode: (node: ManagedNode) => void,
  signal: AbortSignal,
): Promise<ManagedNode[]> {
  const { plan, log } = parts
  const started = async (node: Promise<ManagedNode>) => {
    const running = await node
    onNode(running)
    return running
  }
  log('pulsar: starting ZooKeeper')
  const zookeeper = await started(startZookeeper(parts, signal))
  await initialiseMetadata(parts, signal)
  log(`pulsar: starting ${plan.bookies.length} bookies`)
  const bookies = await together(plan.bookies, signal, (bookie, end) =>
    started(startBookie(parts, bookie, end)),
  )
  log(`pulsar: starting ${plan.brokers.length} brokers`)
  const brokers = await together(plan.brokers, signal, (broker, end) =>
    started(startBroker(parts, broker, end)),
  )
  return [...brokers, ...bookies, zookeeper]
}

/** Starts all at once; the first failure ends the others' starts, and is thrown when all have ended. */
async function together<Plan>(
  plans: readonly Plan[],
  signal: AbortSignal,
  start: (plan: Plan, signal: AbortSignal) => Promise<ManagedNode>,
): Promise<ManagedNode[]> {
  const failed = new AbortController()
  const end = AbortSignal.any([signal, failed.signal])
  const results = await Promise.allSettled(
    plans.map((plan) =>
      start(plan, end).catch((error) => {
        failed.abort(error)
        throw error
      }),
    ),
  )
  const nodes = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  if (nodes.length === plans.length) return nodes
  throw end.reason
}

async function startZookeeper({ installation, plan, profile }: ClusterParts, signal: AbortSignal) {
  const { zookeeper } = plan
  await writeConfiguration(installation, null, zookeeper, zookeeperSettings(zookeeper))
  const launch = {
    role: 'zookeeper',
    profile,
    main: ['org.apache.zookeeper.server.quorum.QuorumPeerMain', zookeeper.configFile],
    what: `an answer of ZooKeeper on 127.0.0.1:${zookeeper.port}`,
    probe: (probeSignal: AbortSignal) => zookeeperServes(zookeeper.port, probeSignal),
  } as const
  return await startPulsarNode(installation, zookeeper, launch, signal)
}

function initialiseMetadata({ installation, plan }: ClusterParts, signal: AbortSignal): Promise<void> {
  const store = `zk:127.0.0.1:${plan.zookeeper.port}`
  const all = (port: (broker: BrokerPlan) => number) =>
    plan.brokers.map((broker) => `127.0.0.1:${port(broker)}`).join()
  const main = [
    'org.apache.pulsar.PulsarClusterMetadataSetup',
    ...['--cluster', CLUSTER_NAME],
    ...['--metadata-store', store],
    ...['--configuration-metadata-store', store],
    ...['--web-service-url', `http://${all(({ webPort }) => webPort)}`],
    ...['--broker-service-url', `pulsar://${all(({ port }) => port)}`],
    ...['--initial-num-stream-storage-containers', '0'],
  ]
  const tool = { main, what: 'the metadata of a new Pulsar cluster' }
  return runTool(installation, plan.zookeeper, tool, signal)
}

async function startBookie(parts: ClusterParts, bookie: NodePlan, signal: AbortSignal) {
  const { installation, plan, profile, extra } = parts
  const zookeeperPort = plan.zookeeper.port
  const settings = bookieSettings(bookie, zookeeperPort, profile, extra)
  await writeConfiguration(installation, 'bookkeeper.conf', bookie, settings)
  const registration = registrationOf.bookie(bookie)
  const launch = {
    role: 'bookie',
    profile,
    main: ['org.apache.bookkeeper.server.Main', '--conf', bookie.configFile],
    what: `${bookie.name} to be registered in ZooKeeper and to accept connections`,
    // Two steps of its start, and brokers need both done.
    probe: async (probeSignal: AbortSignal) =>
      (await isRegistered(zookeeperPort, registration, probeSignal)) && (await accepts(bookie.port)),
    beforeRestart: untilUnregistered(zookeeperPort, registration),
  } as const
  return await startPulsarNode(installation, bookie, launch, signal)
}

async function startBroker(parts: ClusterParts, broker: BrokerPlan, signal: AbortSignal) {
  const { installation, plan, profile, extra, security } = parts
  const zookeeperPort = plan.zookeeper.port
  const settings = {
    ...brokerSettings(broker, zookeeperPort, profile),
    ...security.settings,
    ...extra.configuration,
  }
  await writeConfiguration(installation, 'broker.conf', broker, settings)
  const launch = {
    role: 'broker',
    profile,
    main: ['org.apache.pulsar.PulsarBrokerStarter', '--broker-conf', broker.configFile],
    what: `a message produced and read on ${broker.name}, 127.0.0.1:${broker.port}`,
    probe: (probeSignal: AbortSignal) => isHealthy(broker.webPort, security.adminToken, probeSignal),
    beforeRestart: untilUnregistered(zookeeperPort, registrationOf.broker(broker)),
  } as const
  return await startPulsarNode(installation, broker, launch, signal)
}

/** A process that starts while its killed self's session lives on is refused its own name. */
function untilUnregistered(zookeeperPort: number, path: string) {
  return (signal: AbortSignal) =>
    waitUntil(
      async (probeSignal) => !(await isRegistered(zookeeperPort, path, probeSignal)),
      {
        limitMs: UNREGISTERED_LIMIT_MS,
        everyMs: LOOK_EVERY_MS,
        what: `ZooKeeper to forget the killed ${path}`,
      },
      signal,
    )
}
