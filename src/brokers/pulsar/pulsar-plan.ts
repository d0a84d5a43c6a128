import { join } from 'node:path'
import type { LocalBrokerOptions } from '../broker.ts'
import { freePorts } from '../process/index.ts'
import type { PulsarExtra } from './pulsar-extra.ts'
import type { BrokerPlan, NodePlan, StandalonePlan } from './pulsar-settings.ts'

const BROKERS = 2
const BOOKIES = 3
const PORTS_PER_BROKER = 3

/** The processes of a cluster. */
export interface ClusterPlan {
  readonly zookeeper: NodePlan
  readonly bookies: readonly NodePlan[]
  readonly brokers: readonly BrokerPlan[]
}

/** Plan of the one process of a standalone. */
export async function planStandalone(
  options: LocalBrokerOptions,
  extra: PulsarExtra,
): Promise<StandalonePlan> {
  const [bookiePort = 0, ...ports] = await freePorts(1 + PORTS_PER_BROKER)
  return { ...(await brokerPlan(options, extra, 'pulsar-1', 0, ports)), bookiePort }
}

/** Plans of all processes, on free ports. */
export async function planCluster(options: LocalBrokerOptions, extra: PulsarExtra): Promise<ClusterPlan> {
  const [zookeeperPort = 0, ...ports] = await freePorts(1 + BOOKIES + BROKERS * PORTS_PER_BROKER)
  const bookiePorts = ports.splice(0, BOOKIES)
  const brokers: BrokerPlan[] = []
  for (let i = 0; i < BROKERS; i++)
    brokers.push(await brokerPlan(options, extra, `broker-${i + 1}`, i, ports.splice(0, PORTS_PER_BROKER)))
  return {
    zookeeper: nodePlan(options, 'zookeeper', zookeeperPort),
    bookies: bookiePorts.map((port, i) => nodePlan(options, `bookie-${i + 1}`, port)),
    brokers,
  }
}

async function brokerPlan(
  options: LocalBrokerOptions,
  extra: PulsarExtra,
  name: string,
  index: number,
  [freePort = 0, webPort = 0, tlsPort = 0]: readonly number[],
): Promise<BrokerPlan> {
  const port = extra.ports[index] ?? freePort
  return {
    ...nodePlan(options, name, port),
    front: (await options.front?.(index, `127.0.0.1:${port}`)) ?? null,
    webPort,
    tlsPort: extra.tls ? tlsPort : null,
  }
}

function nodePlan({ directory }: LocalBrokerOptions, name: string, port: number): NodePlan {
  return {
    name,
    port,
    dataFolder: join(directory, 'data', name),
    logFile: join(directory, 'logs', `${name}.log`),
    configFile: join(directory, name, `${name}.conf`),
  }
}
