import { join } from 'node:path'
import type { LocalBrokerOptions } from '../broker.ts'
import type { KafkaSecurity } from './kafka-security.ts'

/** What one node is made of. */
export interface NodePlan {
  readonly id: number
  readonly name: string
  readonly port: number
  readonly controllerPort: number
  /** `host:port` that clients are told when it is not the node's own; the nodes then use `internalPort`. */
  readonly front: string | null
  readonly internalPort: number
  readonly saslPort: number | null
  readonly tlsPort: number | null
  readonly dataFolder: string
  readonly logFile: string
  readonly configFile: string
}

type Profile = LocalBrokerOptions['profile']

const SEGMENT_BYTES = 134_217_728
/** Per partition: what a consumer may lag behind before its messages are gone, and what the disk must hold. */
const RETENTION_BYTES = 2_147_483_648
const RETENTION_CHECK_MS = 30_000
const CLUSTER_REPLICAS = 3
const CLUSTER_IN_SYNC = 2

export type Properties = Record<string, string | number | boolean>

/** Text of `server.properties` of one node. */
export function serverProperties(
  node: NodePlan,
  nodes: readonly NodePlan[],
  profile: Profile,
  security: KafkaSecurity | null,
): string {
  const properties = { ...nodeProperties(node, nodes, profile, security), ...(security?.properties ?? {}) }
  return `${Object.entries(properties)
    .map(([key, value]) => `${key}=${value}`)
    .join('\n')}\n`
}

/** Settings of one node, however it runs. */
export function nodeProperties(
  node: NodePlan,
  nodes: readonly NodePlan[],
  profile: Profile,
  security: KafkaSecurity | null,
): Properties {
  const listeners = listenersOf(node, security)
  return {
    'process.roles': 'broker,controller',
    'node.id': node.id,
    'controller.quorum.voters': nodes
      .map(({ id, controllerPort }) => `${id}@127.0.0.1:${controllerPort}`)
      .join(),
    listeners: [...listeners, `CONTROLLER://127.0.0.1:${node.controllerPort}`].join(),
    'advertised.listeners': advertisedListeners(node, listeners),
    'listener.security.protocol.map':
      'PLAINTEXT:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT,TLS:SSL',
    'inter.broker.listener.name': node.front === null ? 'PLAINTEXT' : 'INTERNAL',
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': node.dataFolder,
    'auto.create.topics.enable': false,
    'group.initial.rebalance.delay.ms': 0,
    'log.segment.bytes': SEGMENT_BYTES,
    'log.retention.bytes': RETENTION_BYTES,
    'log.retention.check.interval.ms': RETENTION_CHECK_MS,
    'initial.broker.registration.timeout.ms': 60_000,
    // The data is wiped anyway, and a cluster that goes down together would wait for leaders that nobody can take.
    'controlled.shutdown.enable': false,
    ...replication(nodes.length),
    ...(profile === 'quick' ? QUICK : {}),
  }
}

function listenersOf(node: NodePlan, security: KafkaSecurity | null): string[] {
  const listeners = [`PLAINTEXT://127.0.0.1:${node.port}`]
  if (node.front !== null) listeners.push(`INTERNAL://127.0.0.1:${node.internalPort}`)
  if (security !== null && node.saslPort !== null) listeners.push(`SASL://127.0.0.1:${node.saslPort}`)
  if (security !== null && node.tlsPort !== null) listeners.push(`TLS://127.0.0.1:${node.tlsPort}`)
  return listeners
}

function advertisedListeners({ front }: NodePlan, listeners: readonly string[]): string {
  const [own, ...others] = listeners
  return [front === null ? own : `PLAINTEXT://${front}`, ...others].join()
}

function replication(nodes: number): Record<string, number> {
  const replicas = nodes === 1 ? 1 : CLUSTER_REPLICAS
  const inSync = nodes === 1 ? 1 : CLUSTER_IN_SYNC
  return {
    'default.replication.factor': replicas,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,
  }
}

/** Small and fast to start; never for measuring. */
const QUICK: Readonly<Record<string, number>> = {
  'offsets.topic.num.partitions': 1,
  'transaction.state.log.num.partitions': 1,
  'share.coordinator.state.topic.num.partitions': 1,
  'num.network.threads': 2,
  'num.io.threads': 4,
  'num.recovery.threads.per.data.dir': 1,
  'log.cleaner.dedupe.buffer.size': 4_194_304,
  'group.consumer.min.heartbeat.interval.ms': 500,
  'group.consumer.heartbeat.interval.ms': 500,
  'broker.session.timeout.ms': 6000,
}

/** Flags of the JVM: as `kafka-server-start.sh` sets them, or small ones. */
export function jvmFlags(profile: Profile, nodes: number): string[] {
  const { heap, performance } = jvmFlagParts(profile, nodes)
  return [...heap, ...performance, '-Dlog4j2.disableJmx=true']
}

/** The same in the two parts that Kafka's own scripts take. */
export function jvmFlagParts(profile: Profile, nodes: number): { heap: string[]; performance: string[] } {
  const headless = '-Djava.awt.headless=true'
  if (profile === 'measured')
    return { heap: ['-Xms1g', '-Xmx1g'], performance: [...MEASURED_FLAGS, headless] }
  const heap = nodes === 1 ? '256m' : '160m'
  return {
    heap: [`-Xms${heap}`, `-Xmx${heap}`],
    performance: ['-Xss512k', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', headless],
  }
}

const MEASURED_FLAGS = [
  '-server',
  '-XX:+UseG1GC',
  '-XX:MaxGCPauseMillis=20',
  '-XX:InitiatingHeapOccupancyPercent=35',
  '-XX:+ExplicitGCInvokesConcurrent',
]

/** What a reader of the result should know of the broker. */
export function shownSettings(profile: Profile, nodes: number, version: string): Record<string, string> {
  return {
    version,
    profile,
    nodes: String(nodes),
    mode: 'KRaft, broker and controller in one process',
    heap: profile === 'measured' ? '1 GiB a node' : nodes === 1 ? '256 MiB' : '160 MiB a node',
    gc: profile === 'measured' ? 'G1, full tiering' : 'serial, C1 only (not for measuring)',
    replicationFactor: String(nodes === 1 ? 1 : CLUSTER_REPLICAS),
    'min.insync.replicas': String(nodes === 1 ? 1 : CLUSTER_IN_SYNC),
    flush: 'no fsync per message (log.flush.interval.messages unset)',
    retention: `${RETENTION_BYTES / 2 ** 30} GiB a partition, segments of ${SEGMENT_BYTES / 2 ** 20} MiB`,
  }
}

/** Log4j 2 configuration: warnings and errors to standard output, which goes to the node's log file. */
export const LOG4J = `<Configuration status="error">
  <Appenders><Console name="console"><PatternLayout pattern="[%d] %p %m (%c)%n"/></Console></Appenders>
  <Loggers><Root level="WARN"><AppenderRef ref="console"/></Root></Loggers>
</Configuration>
`

/** Where the Log4j configuration of a broker lies. */
export function log4jFile(directory: string): string {
  return join(directory, 'log4j2.xml')
}
