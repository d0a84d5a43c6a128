import { type BrokerPlan, LIMITS, type NodePlan, vmArguments } from './rabbitmq-files.ts'
import { probeRabbitmq } from './rabbitmq-probe.ts'

const MIB = 1_048_576

/** Settings that matter for a comparison, as they go into the result. */
export async function settingsOf(broker: BrokerPlan): Promise<Record<string, string>> {
  const limits = LIMITS[broker.profile]
  const first = broker.nodes[0] as NodePlan
  return {
    profile: broker.profile,
    nodes: String(broker.nodes.length),
    platform: (await probeRabbitmq(first.amqpPort)).platform,
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
