import { join } from 'node:path'
import { type ManagedNode, shutDownNodes } from '../base-node.ts'
import type { LocalBroker, LocalBrokerOptions, LocalBrokerProvider, Requirement } from '../broker.ts'
import { startByRuntime } from '../container/index.ts'
import { requireFreePort } from '../process/index.ts'
import { engineRequirement, javaRequirement, mavenRequirement } from '../provision/requirements.ts'
import { withClassArchive } from './pulsar-archive.ts'
import { startCluster } from './pulsar-cluster.ts'
import { pulsarInContainer } from './pulsar-container.ts'
import { type PulsarExtra, type PulsarSecurity, parseExtra, prepareSecurity } from './pulsar-extra.ts'
import {
  distributionRequirement,
  installPulsar,
  PULSAR_IMAGE,
  PULSAR_VERSION,
  type PulsarInstallation,
} from './pulsar-install.ts'
import { planCluster, planStandalone } from './pulsar-plan.ts'
import { startPulsarNode } from './pulsar-process.ts'
import type { BrokerPlan } from './pulsar-settings.ts'
import { ENSEMBLE } from './pulsar-settings.ts'
import { shownSettings } from './pulsar-shown.ts'
import { standaloneLaunch, writeStandalone } from './pulsar-standalone.ts'

/** The data is wiped at the end: clients are told goodbye, but nothing has to be saved. */
const STOP_GRACE_MS = 500

/**
 * Apache Pulsar on this machine: standalone, or a cluster of two brokers, three bookies and a ZooKeeper; a container of
 * upstream's image, or the distribution from Maven Central. The address of the admin interface is
 * `settings['web service']` (several, comma-separated, in a cluster); `extra` is `pulsarExtraSchema`.
 */
export const pulsarProvider: LocalBrokerProvider = {
  name: 'pulsar',
  inspect,
  up,
}

async function inspect(): Promise<readonly Requirement[]> {
  const [java, engine] = await Promise.all([javaRequirement(), engineRequirement()])
  return [java, mavenRequirement(), distributionRequirement(), engine]
}

async function up(options: LocalBrokerOptions, signal: AbortSignal): Promise<LocalBroker> {
  const extra = parseExtra(options.extra)
  return await startByRuntime(
    {
      name: 'pulsar',
      image: PULSAR_IMAGE,
      nativeOnly: nativeOnly(options),
      log: options.log,
      inContainer: async (engine) => {
        const plan = await planStandalone(options, extra)
        const broker = await pulsarInContainer(engine, plan, options, signal)
        return { ...broker, adminUrls: [webUrl(plan)] }
      },
      natively: () => upNatively(options, extra, signal),
    },
    signal,
  )
}

function nativeOnly({ topology, extra, front }: LocalBrokerOptions): string | null {
  if (front !== undefined) return 'a node with a proxy before it'
  if (topology === 'cluster') return 'a cluster'
  return Object.keys(extra ?? {}).length > 0 ? 'a node with security or settings of its own' : null
}

async function upNatively(
  options: LocalBrokerOptions,
  extra: PulsarExtra,
  signal: AbortSignal,
): Promise<LocalBroker> {
  // Before anything large is brought.
  for (const port of extra.ports) await requireFreePort(port, 'pulsar')
  const bare = await installPulsar(options.log, signal)
  const installation = await withClassArchive(bare, options.log, signal)
  const security = await prepareSecurity(extra, options.directory, signal)
  const running: ManagedNode[] = []
  const data = join(options.directory, 'data')
  try {
    const parts = { installation, options, extra, security }
    const { nodes, brokers } = await (options.topology === 'cluster'
      ? upCluster(parts, running, signal)
      : upStandalone(parts, signal))
    const down = () => shutDownNodes(nodes, [data], STOP_GRACE_MS)
    const broker = localBroker(options, extra, security, brokers, nodes, down)
    return { ...broker, platform: installation.java.release, dataFolders: [data] }
  } catch (error) {
    await shutDownNodes(running, [data], 0)
    throw error
  }
}

interface Parts {
  readonly installation: PulsarInstallation
  readonly options: LocalBrokerOptions
  readonly extra: PulsarExtra
  readonly security: PulsarSecurity
}

interface Started {
  readonly nodes: readonly ManagedNode[]
  readonly brokers: readonly BrokerPlan[]
}

async function upCluster(parts: Parts, running: ManagedNode[], signal: AbortSignal): Promise<Started> {
  const { options, extra } = parts
  const plan = await planCluster(options, extra)
  const { profile, log } = options
  const nodes = await startCluster({ ...parts, plan, profile, log }, (node) => running.push(node), signal)
  return { nodes, brokers: plan.brokers }
}

async function upStandalone(parts: Parts, signal: AbortSignal): Promise<Started> {
  const { installation, options, extra, security } = parts
  const plan = await planStandalone(options, extra)
  const { profile } = options
  await writeStandalone(installation, plan, profile, extra, security.settings)
  const launch = standaloneLaunch(installation, plan, profile, security.adminToken)
  return { nodes: [await startPulsarNode(installation, plan, launch, signal)], brokers: [plan] }
}

function localBroker(
  options: LocalBrokerOptions,
  extra: PulsarExtra,
  security: PulsarSecurity,
  brokers: readonly BrokerPlan[],
  nodes: readonly ManagedNode[],
  down: () => Promise<void>,
): LocalBroker {
  const { topology, profile } = options
  const settings = shownSettings(profile, topology, extra, PULSAR_VERSION)
  settings['web service'] = brokers.map(webUrl).join()
  if (security.caFile !== null) {
    settings['tls.servers'] = brokers.map(({ tlsPort }) => `127.0.0.1:${tlsPort}`).join()
    settings['tls.caFile'] = security.caFile
  }
  return {
    name: 'pulsar',
    version: PULSAR_VERSION,
    runtime: 'native',
    topology,
    servers: brokers.map(({ port, front }) => front ?? `127.0.0.1:${port}`),
    adminUrls: brokers.map(webUrl),
    settings,
    guarantees: {
      copies: topology === 'cluster' ? ENSEMBLE.writeQuorum : 1,
      copiesAtAck: topology === 'cluster' ? ENSEMBLE.ackQuorum : 1,
      syncedAtAck: extra.journalSyncData,
    },
    nodes,
    down,
  }
}

/** Address of a broker's admin interface. */
function webUrl({ webPort }: BrokerPlan): string {
  return `http://127.0.0.1:${webPort}`
}
