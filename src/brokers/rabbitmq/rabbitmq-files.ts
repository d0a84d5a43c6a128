import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LocalBrokerOptions } from '../broker.ts'
import { definitionsOf, type RabbitmqExtra } from './rabbitmq-extra.ts'
import type { RabbitmqInstall } from './rabbitmq-install.ts'

/** Ports and folders of one node. */
export interface NodePlan {
  /** Short name, e.g. `rabbitmq-1`. */
  readonly name: string
  /** Erlang's name of the node, e.g. `rabbitmq-1@localhost`. */
  readonly erlangName: string
  readonly amqpPort: number
  /** `host:port` where clients come when it is not the node's own. */
  readonly front: string | null
  readonly tlsPort: number | null
  readonly distributionPort: number
  /** Configuration, cookie and data; wiped at the end. */
  readonly directory: string
  readonly logFile: string
}

/** What all nodes of a broker share, however they run. */
export interface BrokerPlan {
  readonly profile: LocalBrokerOptions['profile']
  readonly extra: RabbitmqExtra
  readonly epmdPort: number
  /** Secret by which the nodes know each other. */
  readonly cookie: string
  readonly nodes: readonly NodePlan[]
}

/** A broker whose nodes run from the unpacked packages. */
export interface NativePlan extends BrokerPlan {
  readonly install: RabbitmqInstall
}

const MIB = 1_048_576
/** RabbitMQ blocks publishers above the memory mark and below the disk mark. */
export const LIMITS = {
  measured: { memoryBytes: 1024 * MIB, freeDiskBytes: 512 * MIB },
  quick: { memoryBytes: 384 * MIB, freeDiskBytes: 64 * MIB },
} as const

/** Arguments of the Erlang VM. Busy waiting of idle schedulers would take the cores from the clients. */
export function vmArguments(profile: LocalBrokerOptions['profile']): string {
  const waiting = '+sbwt none +sbwtdcpu none +sbwtdio none'
  return profile === 'measured' ? waiting : `${waiting} +S 1:1 +SDio 8`
}

/** Lines of rabbitmq.conf that are the same natively and in a container. */
export function commonLines(broker: BrokerPlan): string[] {
  const limits = LIMITS[broker.profile]
  return [
    `vm_memory_high_watermark.absolute = ${limits.memoryBytes}`,
    `disk_free_limit.absolute = ${limits.freeDiskBytes}`,
    // The default of 3.x; 4.x takes 16 MiB unless told.
    `max_message_size = ${128 * MIB}`,
    'cluster_partition_handling = pause_minority',
  ]
}

/** The text of rabbitmq.conf. */
export function configurationOf(broker: BrokerPlan, node: NodePlan): string {
  const { tls } = broker.extra
  return [
    `listeners.tcp.1 = 127.0.0.1:${node.amqpPort}`,
    'log.console = true',
    'log.file = false',
    ...commonLines(broker),
    `load_definitions = ${join(node.directory, 'definitions.json')}`,
    ...(broker.nodes.length > 1
      ? [
          'cluster_formation.peer_discovery_backend = classic_config',
          ...broker.nodes.map(
            (peer, i) => `cluster_formation.classic_config.nodes.${i + 1} = ${peer.erlangName}`,
          ),
        ]
      : []),
    ...(tls && node.tlsPort !== null
      ? [
          `listeners.ssl.1 = 127.0.0.1:${node.tlsPort}`,
          `ssl_options.cacertfile = ${tls.ca}`,
          `ssl_options.certfile = ${tls.certificate}`,
          `ssl_options.keyfile = ${tls.key}`,
          'ssl_options.verify = verify_none',
        ]
      : []),
    ...broker.extra.configuration,
    '',
  ].join('\n')
}

/** Writes a node's configuration, users and cookie. */
export async function writeNodeFiles(broker: BrokerPlan, node: NodePlan): Promise<void> {
  const file = (name: string) => join(node.directory, name)
  await mkdir(file('home'), { recursive: true })
  await mkdir(file('data'), { recursive: true })
  await writeFile(file('rabbitmq.conf'), configurationOf(broker, node))
  await writeFile(file('definitions.json'), definitionsOf(broker.extra))
  await writeFile(file('empty.conf'), '')
  // Without them RabbitMQ looks in /etc/rabbitmq.
  await writeFile(file('advanced.config'), '[].\n')
  await writeFile(file('enabled_plugins'), '[].\n')
  await writeFile(file('home/.erlang.cookie'), broker.cookie)
  await chmod(file('home/.erlang.cookie'), 0o400)
}

/** The whole environment of a node, and of `rabbitmqctl` for it. */
export function nodeEnvironment(broker: NativePlan, node: NodePlan): Record<string, string> {
  const { install } = broker
  const file = (name: string) => join(node.directory, name)
  return {
    HOME: file('home'),
    PATH: `${install.erlangBin}:/usr/bin:/bin`,
    LANG: 'C.UTF-8',
    LD_LIBRARY_PATH: install.libraryPath,
    RABBITMQ_CONF_ENV_FILE: file('empty.conf'),
    RABBITMQ_CONFIG_FILE: file('rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: file('advanced.config'),
    RABBITMQ_ENABLED_PLUGINS_FILE: file('enabled_plugins'),
    RABBITMQ_PLUGINS_DIR: join(install.home, 'plugins'),
    RABBITMQ_MNESIA_BASE: file('data'),
    RABBITMQ_LOG_BASE: file('data'),
    RABBITMQ_PID_FILE: file('pid'),
    RABBITMQ_NODENAME: node.erlangName,
    RABBITMQ_DIST_PORT: String(node.distributionPort),
    ERL_EPMD_PORT: String(broker.epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: `-kernel inet_dist_use_interface {127,0,0,1} ${vmArguments(broker.profile)}`,
    // The script then becomes the Erlang VM instead of its parent: our process id is the server's.
    RUNNING_UNDER_SYSTEMD: 'true',
  }
}
